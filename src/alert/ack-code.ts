import { hash } from './id.ts';

/** Without what is read for another: 0 and O, 1, I and L. */
const ALPHABET = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';
const LENGTH = 4;
/** With a letter and a digit in it, so that neither a word nor a number is ever taken for one. */
const ACK_CODE = /^(?=.*[2-9])(?=.*[A-Z])[2-9A-HJKMNP-Z]{4}$/;

/** Codes for an alert, such as `K7Q2`; always the same ones in the same order, for the first may be in use already. */
export function ackCodesOf(alertId: string, count: number): string[] {
  const codes = new Set<string>();
  for (let round = 0; codes.size < count; round += 1) {
    // What lies above the last whole alphabet would favour its head.
    const bytes = [...Buffer.from(hash('acknowledge', alertId, String(round)), 'base64url')].filter((byte) => byte < 248);
    const code = bytes.slice(0, LENGTH).map((byte) => ALPHABET[byte % ALPHABET.length]);
    if (ACK_CODE.test(code.join(''))) codes.add(code.join(''));
  }
  return [...codes];
}

/** Where a template, or a producer's own text, wants the code. */
export const ACK_PLACE = '{ack}';

/** The same letters in a value of the alert, which are no place: texts are without control characters before. */
const ACK_LETTERS = '{\u0001ack}';

/** A value that goes into a text with a code; {@link putAckCode} gives it back as it was. */
export function keepAckLetters(value: string): string {
  return value.replaceAll(ACK_PLACE, ACK_LETTERS);
}

/** The text with the code in its place, and with the letters of values as they were. */
export function putAckCode(text: string, code: string): string {
  return text.replaceAll(ACK_PLACE, code).replaceAll(ACK_LETTERS, ACK_PLACE);
}

/** Tells how to acknowledge, at the end of a text. In GSM-7, and as long for each code. */
export function ackTail(code: string): string {
  return ` Ack: reply ${code}`;
}

export interface AckReply {
  /** All that look like codes, in capitals; whether they are is not known here. */
  readonly codes: readonly string[];
  /** Nothing but a word that means yes. */
  readonly bare: boolean;
}

const BARE = /^(?:ACK|ACKNOWLEDGED?|OK|OKAY)$/;

/** What a person wrote back: `k7q2`, `Ack K7Q2`, `ok k7q2 on it`, or only `ok`. */
export function readAckReply(text: string): AckReply {
  const words =
    text
      .normalize('NFKC')
      .toUpperCase()
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  const codes = [...new Set(words.filter((word) => ACK_CODE.test(word)))];
  return { codes, bare: words.length === 1 && BARE.test(words[0] as string) };
}
