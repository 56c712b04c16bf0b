import { foldText } from '../alert/phone/phone-text.ts';

/** Returns whether the input looks like a phone number instead of a name or an id: it must not leave the browser. */
export function looksLikePhone(query: string): boolean {
  const plain = foldText(query).trim();
  const digits = plain.replace(/\D/g, '').length;
  return (
    (digits >= 7 && /^(?:(?:tel|sms|smsto|callto|whatsapp):)?[+('\d][\d\s().,;'+/-]*$/i.test(plain)) ||
    /\+\s?\d(?:[\s().-]?\d){6,}/.test(plain)
  );
}
