import { hash } from './id.ts';

/** Excludes characters that are easily confused: 0 and O, 1, I and L. */
const ALPHABET = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';
const LENGTH = 4;
/** Requires a letter and a digit, so that no word and no number is mistaken for a code. */
const ACK_CODE = /^(?=.*[2-9])(?=.*[A-Z])[2-9A-HJKMNP-Z]{4}$/;

/**
 * Returns candidate codes for an alert, such as `K7Q2`. The list is deterministic; several, because the first may be in
 * use already.
 */
export function ackCodesOf(alertId: string, count: number): string[] {
  const codes = new Set<string>();
  for (let round = 0; codes.size < count; round += 1) {
    // Dropping bytes above the last whole multiple of the alphabet keeps the distribution uniform.
    const bytes = [...Buffer.from(hash('acknowledge', alertId, String(round)), 'base64url')].filter((byte) => byte < 248);
    const code = bytes.slice(0, LENGTH).map((byte) => ALPHABET[byte % ALPHABET.length]);
    if (ACK_CODE.test(code.join(''))) codes.add(code.join(''));
  }
  return [...codes];
}

/** Placeholder for the code in a template or in a producer's own text. */
export const ACK_PLACE = '{ack}';

/** Stands for a literal `{ack}` in a value of the alert. Unambiguous, because texts contain no control characters. */
const ACK_LETTERS = '{\u0001ack}';

/** Protects `{ack}` in a value that is inserted into a text with a code; {@link putAckCode} restores it. */
export function keepAckLetters(value: string): string {
  return value.replaceAll(ACK_PLACE, ACK_LETTERS);
}

/** Inserts the code at its placeholder and restores protected values. */
export function putAckCode(text: string, code: string): string {
  return text.replaceAll(ACK_PLACE, code).replaceAll(ACK_LETTERS, ACK_PLACE);
}

/** Instruction at the end of a text. In GSM-7, and of the same length for every code. */
export function ackTail(code: string): string {
  return ` Ack: reply ${code}`;
}

export interface AckReply {
  /** All words that look like codes, in capitals; they are not checked here. */
  readonly codes: readonly string[];
  /** The reply is only a word of confirmation, such as `ok`. */
  readonly bare: boolean;
}

const BARE = /^(?:ACK|ACKNOWLEDGED?|OK|OKAY)$/;

/** Parses a reply: `k7q2`, `Ack K7Q2`, `ok k7q2 on it`, or only `ok`. */
export function readAckReply(text: string): AckReply {
  const words =
    text
      .normalize('NFKC')
      .toUpperCase()
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  const codes = [...new Set(words.filter((word) => ACK_CODE.test(word)))];
  return { codes, bare: words.length === 1 && BARE.test(words[0] as string) };
}
