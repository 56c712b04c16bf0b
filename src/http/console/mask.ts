import { hash } from '../../alert/id.ts';
import { maskPhone, maskNumbers as maskWords } from '../../alert/phone.ts';
import { foldText } from '../../alert/phone-text.ts';

export { maskWords };

/**
 * An id as the page holds it. Callers choose theirs, and some choose a phone number: masked it is one of many, so a mark of two
 * characters tells it apart, too short to guess the number from. {@link isShownId} knows it again.
 */
export function shownAlertId(id: string): string {
  const masked = maskWords(id);
  return masked === id ? id : `${masked}~${hash('shown', id).slice(0, 2)}`;
}

export function isShownId(shown: string): boolean {
  return /\*.*~[\w-]{2}$/s.test(shown);
}

/**
 * A vendor's id is looked for in the vendor's console, so it stays as it is, unless it is made from the phone's own number.
 * @param phone masked
 */
export function maskOwn(id: string, phone: string): string {
  const [, code = '', end = ''] = /^\+(\d*)\*+(\d+)$/.exec(phone) ?? [];
  return end === '' ? maskWords(id) : id.replace(new RegExp(`(?<!\\d)\\+?\\d{4,12}${end}(?!\\d)|${code}\\d{4,9}${end}`, 'g'), phone);
}

/** A question that is a phone number and nothing else, which we neither look for nor write down. */
export function looksLikePhone(text: string): boolean {
  const plain = foldText(text)
    .replace(/[.,;'/]/g, ' ')
    .trim();
  const digits = plain.replace(/\D/g, '').length;
  return digits >= 7 && /^(?:(?:tel|sms|smsto|callto|whatsapp):)?[+\d\s()-]+$/i.test(plain) && maskWords(plain) !== plain;
}

/** What is said, and what a number could be guessed from: of no use to whoever looks after queues. */
const HIDDEN: readonly string[] = ['text', 'params', 'variables', 'values', 'ackCode', 'phoneHash'];

/** What others call a text, in jobs that are no alerts of ours. */
const SPOKEN: readonly string[] = ['message', 'msg', 'body', 'content'];

/** A job's data without numbers, texts and codes, whatever shape its producer gave it. */
export function maskData(value: unknown, name = ''): unknown {
  if (HIDDEN.includes(name) || (typeof value === 'string' && SPOKEN.includes(name))) return 'not shown';
  if (typeof value === 'number') return isMoment(value) ? value : maskDigits(value);
  if (Array.isArray(value)) return value.map((part) => maskData(part));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [maskWords(key), maskData(part, key)]));
  }
  return typeof value === 'string' ? maskWords(value) : value;
}

/** Masks the words in a value, its names included; its numbers are counts, sizes and times. */
export function maskDeep(value: unknown): unknown {
  if (typeof value === 'string') return maskWords(value);
  if (Array.isArray(value)) return value.map(maskDeep);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [maskWords(key), maskDeep(part)]));
}

/** A time in ms, from 2017 to 2033: no country has phone numbers of 13 digits that begin like it. */
function isMoment(value: number): boolean {
  return value >= 1.5e12 && value < 2e12;
}

function maskDigits(value: number): number | string {
  return Math.abs(value) < 1e6 || !Number.isFinite(value) ? value : maskPhone(`+${Math.abs(value)}`);
}
