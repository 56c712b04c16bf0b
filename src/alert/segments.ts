/**
 * How many parts a text takes on air.
 * GSM 03.38 basic set and extension table: https://www.3gpp.org/dynareport/23038.htm (clauses 6.2.1 and 6.2.1.1);
 * 160/153 septets and 70/67 UCS-2 units: 3GPP TS 23.040, clause 9.2.3.24.1.
 */
const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
const EXTENSION = new Set('\f^{}\\[~]|€');

/** `gsm7`: the standard's, 160 septets or 70 units. `ucs2`: 70 units whatever the characters, as mainland China's carriers count. */
export type SegmentRule = 'gsm7' | 'ucs2';

/** Whether the text can travel in the alphabet of 160 characters a part. */
export function isGsm7(text: string): boolean {
  return [...text].every((char) => BASIC.has(char) || EXTENSION.has(char));
}

export function countSegments(text: string, rule: SegmentRule = 'gsm7'): number {
  const chars = [...text];
  const isGsm = rule === 'gsm7' && isGsm7(text);
  return isGsm
    ? fill(
        chars.map((char) => (BASIC.has(char) ? 1 : 2)),
        { alone: 160, joined: 153 },
      )
    : fill(
        chars.map((char) => char.length),
        { alone: 70, joined: 67 },
      );
}

/** No character is cut in two: neither an extension from its escape nor an emoji into its halves. */
function fill(widths: readonly number[], room: { readonly alone: number; readonly joined: number }): number {
  if (widths.reduce((sum, width) => sum + width, 0) <= room.alone) return 1;
  let segments = 1;
  let used = 0;
  for (const width of widths) {
    if (used + width > room.joined) {
      segments += 1;
      used = 0;
    }
    used += width;
  }
  return segments;
}
