import { foldText } from '../alert/phone-text.ts';

/** Whether somebody typed a phone number where a name or an id belongs: it must not leave the browser. */
export function looksLikePhone(query: string): boolean {
  const plain = foldText(query).trim();
  const digits = plain.replace(/\D/g, '').length;
  return (
    (digits >= 7 && /^(?:(?:tel|sms|smsto|callto|whatsapp):)?[+('\d][\d\s().,;'+/-]*$/i.test(plain)) ||
    /\+\s?\d(?:[\s().-]?\d){6,}/.test(plain)
  );
}
