import { isGsm7 } from './segments.ts';

/** Replacements that Unicode's decompositions lack or get wrong. */
const SPELLINGS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "'": '‘’‚‛‹›′`´ʹʼ',
    '"': '“”„‟«»″',
    '-': '‐‑‒–—―−⁃•‣◦∙▪●',
    ' ': '\t',
    '.': '·',
    '/': '÷⁄',
    '|': '¦',
    '~': '≈',
    '!=': '≠',
    '<=': '≤',
    '>=': '≥',
    '+/-': '±',
    '->': '→',
    '<-': '←',
    '<->': '↔',
    '=>': '⇒',
    '^1': '¹',
    '^2': '²',
    '^3': '³',
    x: '×',
    u: 'µμ',
    deg: '°',
    d: 'đð',
    D: 'ĐÐ',
    h: 'ħ',
    H: 'Ħ',
    i: 'ı',
    l: 'ł',
    L: 'Ł',
    oe: 'œ',
    OE: 'Œ',
    t: 'ŧ',
    T: 'Ŧ',
    th: 'þ',
    Th: 'Þ',
    SS: 'ẞ',
    c: '¢',
    '(c)': '©',
    '(R)': '®',
    BTC: '₿',
    CRC: '₡',
    GHS: '₵',
    ILS: '₪',
    INR: '₹',
    KRW: '₩',
    KZT: '₸',
    NGN: '₦',
    PHP: '₱',
    RUB: '₽',
    THB: '฿',
    TRY: '₺',
    UAH: '₴',
    VND: '₫',
  }).flatMap(([spelling, chars]) => [...chars].map((char) => [char, spelling] as const)),
);

/**
 * Converts a text to the GSM-7 alphabet, where a segment holds more than twice as much: quotes and dashes simplified,
 * unsupported accents dropped, symbols spelled out. A text with a character that has no replacement, such as Chinese or
 * an emoji, stays unchanged, because a partial conversion gains nothing.
 */
export function transliterate(text: string): string {
  if (isGsm7(text)) return text;
  let plain = '';
  let onLetter = false;
  for (const char of text.normalize('NFC')) {
    const isMark = /\p{M}/u.test(char);
    const spelled = isMark && onLetter ? '' : spell(char);
    if (spelled === undefined) return text;
    plain += spelled;
    onLetter = isMark ? onLetter : /\p{L}/u.test(char);
  }
  return plain;
}

function spell(char: string): string | undefined {
  if (isGsm7(char)) return char;
  const spelling = SPELLINGS.get(char);
  if (spelling !== undefined) return spelling;
  // Soft hyphens, zero-width spaces, direction marks.
  if (/\p{Cf}/u.test(char)) return '';
  const parts = char.normalize('NFKD');
  // An exponent or a fraction would merge with the digits before it; a stroke through a symbol negates it.
  if (parts === char || /\p{No}/u.test(char)) return undefined;
  const kept = /\p{L}/u.test(char) ? parts.replace(/\p{M}/gu, '') : parts;
  let plain = '';
  for (const part of kept) {
    const spelled = part === char ? undefined : spell(part);
    if (spelled === undefined) return undefined;
    plain += spelled;
  }
  return plain;
}
