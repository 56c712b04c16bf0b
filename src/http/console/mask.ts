import { hash } from '../../alert/id.ts';
import { maskPhone, maskNumbers as maskWords } from '../../alert/phone/phone.ts';
import { foldText } from '../../alert/phone/phone-text.ts';

export { maskWords };

/**
 * Returns an alert id as the page shows it. Callers choose ids, and some choose a phone number: a masked id gets a suffix of two
 * hash characters, enough to distinguish ids and too few to guess the number. {@link isShownId} recognises it.
 */
export function shownAlertId(id: string): string {
  const masked = maskWords(id);
  return masked === id ? id : `${masked}~${hash('shown', id).slice(0, 2)}`;
}

export function isShownId(shown: string): boolean {
  return /\*.*~[\w-]{2}$/s.test(shown);
}

/**
 * Masks the phone number in a vendor's message id, if the vendor builds its id from it; any other id stays searchable.
 * @param phone masked
 */
export function maskOwn(id: string, phone: string): string {
  const [, code = '', end = ''] = /^\+(\d*)\*+(\d+)$/.exec(phone) ?? [];
  return end === '' ? maskWords(id) : id.replace(new RegExp(`(?<!\\d)\\+?\\d{4,12}${end}(?!\\d)|${code}\\d{4,9}${end}`, 'g'), phone);
}

/** Returns whether a search consists of a phone number only; such a search is rejected and never logged. */
export function looksLikePhone(text: string): boolean {
  const plain = foldText(text)
    .replace(/[.,;'/]/g, ' ')
    .trim();
  const digits = plain.replace(/\D/g, '').length;
  return digits >= 7 && /^(?:(?:tel|sms|smsto|callto|whatsapp):)?[+\d\s()-]+$/i.test(plain) && maskWords(plain) !== plain;
}

/** Fields hidden on the queue pages: message content, and what a number could be guessed from. */
const HIDDEN: readonly string[] = ['text', 'params', 'variables', 'values', 'ackCode', 'phoneHash'];

/** Common names of message content in jobs that are not alerts. */
const SPOKEN: readonly string[] = ['message', 'msg', 'body', 'content'];

/** Returns a job's data without numbers, texts and codes, whatever its shape. */
export function maskData(value: unknown, name = ''): unknown {
  if (HIDDEN.includes(name) || (typeof value === 'string' && SPOKEN.includes(name))) return 'not shown';
  if (typeof value === 'number') return isMoment(value) ? value : maskDigits(value);
  if (Array.isArray(value)) return value.map((part) => maskData(part));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [maskWords(key), maskData(part, key)]));
  }
  return typeof value === 'string' ? maskWords(value) : value;
}

/** Masks all strings in a value, keys included; numbers stay: they are counts, sizes and times. */
export function maskDeep(value: unknown): unknown {
  if (typeof value === 'string') return maskWords(value);
  if (Array.isArray(value)) return value.map(maskDeep);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [maskWords(key), maskDeep(part)]));
}

/** Returns whether a number is a time in ms from 2017 to 2033; no phone number of 13 digits starts like it. */
function isMoment(value: number): boolean {
  return value >= 1.5e12 && value < 2e12;
}

function maskDigits(value: number): number | string {
  return Math.abs(value) < 1e6 || !Number.isFinite(value) ? value : maskPhone(`+${Math.abs(value)}`);
}
