const OCTET = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`;
const YEAR = String.raw`(?:19|20)\d\d`;
const MONTH = '(?:0[1-9]|1[0-2])';
const DAY = String.raw`(?:0[1-9]|[12]\d|3[01])`;
const TIME = String.raw`[0-2]\d:[0-5]\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?Z|[+-]\d\d:?\d\d)?`;
/** Not preceded by `+` and a country code: `+852 20261120` is a number. */
const FREE = String.raw`(?<!\+[\d\s().-]{0,6})`;
/** Not part of a longer run of digits. */
const ALONE = String.raw`(?<![\d+])(?<!\d[\s().-]{1,3})`;
const ENDS = String.raw`(?![\s().-]{0,3}\d)`;
const UNITS =
  '(?:bytes?|[KMGTPE]i?B|B|ns|us|µs|ms|s|sec|secs|seconds?|minutes?|hours?|days?|percent|[KMG]?bit|rows|keys|requests|messages)';

/** Patterns with many digits that are not phone numbers. */
const HARMLESS: readonly string[] = [
  // `2026-11-20T03:00:00Z`, `2026-11-20 03:00`, `2026-11-20`
  String.raw`${FREE}(?<![\d-])${YEAR}-${MONTH}-${DAY}(?:(?:[Tt]| )${TIME})?(?![\d-])`,
  // `20261120`, `20261120T030000Z`, `20261120030000`
  String.raw`${ALONE}${YEAR}${MONTH}${DAY}(?:[Tt]?[0-2]\d[0-5]\d[0-5]\dZ?)?${ENDS}`,
  // Milliseconds since 1970, from 2017 to 2033: no country has 13-digit numbers with this prefix.
  String.raw`${ALONE}1[5-9]\d{11}${ENDS}`,
  // IPv4 address, optionally with a port.
  String.raw`${FREE}(?<![\d.-])${ALONE}(?:${OCTET}\.){3}${OCTET}(?::\d{1,5})?${ENDS}`,
  // `v20.19.0`
  String.raw`(?<![\w+])v\d{1,4}(?:\.\d{1,8}){1,4}(?![\d.-])`,
  // Amount with a unit: no trunk prefix, no groups.
  String.raw`${ALONE}[1-9]\d*(?:\.\d{1,3})? ?${UNITS}(?![\p{L}\p{N}_])`,
  // Money: `$1234567.50`, `USD 1234567`, `1234567.50 EUR`
  String.raw`(?<=[$€£¥₹]\s?|\b(?:USD|EUR|GBP|MYR|INR|CNY|SGD)\s)[1-9]\d*(?:\.\d{1,4})?(?![\s().-]{0,3}\d)`,
  String.raw`${ALONE}[1-9]\d*(?:\.\d{1,4})? ?(?:USD|EUR|GBP|MYR|INR|CNY|SGD|[€£¥₹])(?![\p{L}\p{N}_])`,
  // UUIDs, and ids of this system: of alerts, messages and queue jobs.
  String.raw`(?<![\w-])(?:a-)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![\w-])`,
  String.raw`(?<![\w-])[mnq]-[\w-]{22}(?![\w-])`,
  // Fingerprint or digest, such as Alertmanager's: some letters, and no run of digits as long as a phone number.
  String.raw`(?<!\w)(?=(?:\d*[a-f]){2})(?![0-9a-f]*\d{10})(?:[0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})(?!\w)`,
];

const ANY = new RegExp(HARMLESS.join('|'), 'gu');

/** Applies `mask` to everything in a text except dates, addresses, amounts with a unit, versions, ids and digests. */
export function maskAround(text: string, mask: (part: string) => string): string {
  let masked = '';
  let from = 0;
  for (const { 0: harmless, index } of text.matchAll(ANY)) {
    masked += mask(text.slice(from, index)) + harmless;
    from = index + harmless.length;
  }
  return masked + mask(text.slice(from));
}

/** The text of a phone number in ASCII, without scheme and invisible characters; or why it is not a single phone number. */
type PhoneText = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string };

/** Fictional number; error messages show it unmasked. */
export const EXAMPLE_PHONE = '+60123456789';

export const NOT_POSSIBLE = `not a possible phone number: write it as +<country><number>, for example ${EXAMPLE_PHONE}`;
export const TWO_NUMBERS = 'contains two numbers: give each as a separate entry';
const SPREADSHEET =
  'looks like a spreadsheet number, whose digits may have changed: format the column as text and write +<country><number>';
const EXTENSION = 'has an extension, which cannot receive SMS: remove it';
const LETTERS = 'contains letters: write digits only, as +<country><number>';
const CONTEXT = 'has a phone-context that is not the country code of this number: write it as +<country><number>';
const channelFault = (channel: string) =>
  `is an address of another channel (${channel}), not SMS: write only the number, as +<country><number>`;

/** Longer than any spelling of one number; longer input is rejected unread. */
const LONGEST = 128;

/**
 * Normalises the characters of a number from people, address books and spreadsheets before it is parsed: digits of any
 * script, full-width characters, spaces, dashes and invisible characters. No other code does this.
 */
export function readPhoneText(input: string): PhoneText {
  if (input.length > LONGEST) return fault(NOT_POSSIBLE);
  const whole = foldText(input)
    .replace(/^[\s\p{So}]+/u, '')
    .replace(/^'/, '')
    .replace(/[\s,;.]+$/, '');
  const { 1: scheme, 2: rest = whole } = /^([a-z][a-z0-9+.-]*)\s*:(?:\/\/)?(.*)$/is.exec(whole) ?? [];
  if (scheme !== undefined && !PHONE_SCHEMES.has(scheme.toLowerCase())) {
    return fault(CHANNELS.has(scheme.toLowerCase()) ? channelFault(scheme.toLowerCase()) : LETTERS);
  }
  const resolved = resolveParameters(rest.trim());
  if (!resolved.ok) return resolved;
  const text = resolved.text.replace(/^\(\s*(?=\+|00)([^()]*)\)/, '$1');
  const message = faultOf(text);
  return message === undefined ? { ok: true, text } : fault(message);
}

const PHONE_SCHEMES: ReadonlySet<string> = new Set(['tel', 'sms', 'smsto', 'callto']);

const CHANNELS: ReadonlySet<string> = new Set(
  'whatsapp viber telegram tg signal messenger facebook fb instagram rcs mms sip sips im xmpp line wechat skype imessage facetime email mailto slack'.split(
    ' ',
  ),
);

const fault = (message: string): PhoneText => ({ ok: false, message });

/**
 * Resolves the parameters of RFC 3966: a phone-context is the country code of a local number; an extension cannot
 * receive SMS.
 */
function resolveParameters(text: string): PhoneText {
  const [number = '', ...parameters] = text.split(/;(?=\s*[a-z-]+=)/i);
  let resolved = number;
  for (const parameter of parameters) {
    const [, name = '', value = ''] = /^\s*([a-z-]+)=(.*)$/is.exec(parameter) ?? [];
    if (/^(?:ext|isub)$/i.test(name)) return fault(EXTENSION);
    if (name.toLowerCase() !== 'phone-context') continue;
    const context = value.replace(/[\s().-]/g, '');
    if (!/^\+\d{1,14}$/.test(context)) return fault(CONTEXT);
    if (!number.trim().startsWith('+')) resolved = `${context} ${number}`;
    else if (!number.replace(/[^+\d]/g, '').startsWith(context)) return fault(CONTEXT);
  }
  return { ok: true, text: resolved.trim() };
}

function faultOf(text: string): string | undefined {
  if (isSpreadsheetNumber(text)) return SPREADSHEET;
  if (holdsTwoNumbers(text)) return TWO_NUMBERS;
  if (EXTENDED.test(text)) return EXTENSION;
  if (/\p{L}/u.test(text)) return LETTERS;
  return /[^+\d ().\-/~[\]]|(?<=.)\+/.test(text) ? NOT_POSSIBLE : undefined;
}

/** Detects a numeric spreadsheet cell: `60123456789.0`, `6,01E+10`, `60 123 456 789,00`, `60,123,456,789`. */
function isSpreadsheetNumber(text: string): boolean {
  return (
    text.startsWith('=') ||
    /^[+-]?\d+(?:[.,]\d*)?\s*(?:e|[x*\u00d7]\s*10\s*\^?)\s*[+-]?\s*\d+$/i.test(text) ||
    /^[+-]?\d{6,}[.,](?:\d{1,2}|0+)$/.test(text) ||
    /^[+-]?\d{9,}[.,]\d+$/.test(text) ||
    /^[+-]?\d{1,3}(?:[,']\d{2,3}){2,}(?:[.,]\d+)?$/.test(text) ||
    /^[+-]?\d{1,3}(?:\.\d{3}){2,},\d+$/.test(text) ||
    /^[+-]?\d{1,3}(?: \d{3}){2,}[.,]\d{1,2}$/.test(text) ||
    (/^[^.]*\.(?:\d|0+)$/.test(text) && digitCount(text) > 6)
  );
}

/** Whether two runs of digits could each be a number, separated by something that no number contains, such as a line break. */
function holdsTwoNumbers(text: string): boolean {
  const runs = text.split(/(?<=.)(?=\+)|[^+\d ().\-/~[\]]+/s).filter((run) => digitCount(run) >= 7);
  return runs.length > 1 || /[\n\r]/.test(text);
}

const EXTENDED =
  /\d.{3,}?(?:\b(?:e?xt(?:ensi[o\u00f3]n|n)?|poste|anexo|interno|int|ramal|durchwahl|dw)\b|(?<=[\d\s)])(?:ext|x|p|w)|\u0434\u043e\u0431|\u5206\u673a|\u5185\u7ebf|[#~;,])[\s.:=#]*\d{1,7}#?$|\d.{3,}[- ]\d{1,6}#$/isu;

const digitCount = (text: string) => text.replace(/\D/g, '').length;

/** Direction marks, zero-width characters, variation selectors, keycap frames, zero-width spaces: invisible, and often pasted. */
const INVISIBLE = /[\p{Cf}\u115f\u1160\u2800\u3164\uffa0]|\p{Variation_Selector}|\u034f|\u20e3/gu;

/** Folds every character that numbers are written with to ASCII. */
export function foldText(input: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: pure ASCII, the common case, needs only TAB folded
  if (/^[\x00-\x7f]*$/.test(input)) return input.replaceAll('\t', ' ');
  return input
    .replace(INVISIBLE, '')
    .replace(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .replace(/\p{Nd}/gu, (digit) => String(digitValue(digit)))
    .replace(/[\t\p{Zs}]/gu, ' ')
    .replace(/[\u0085\u2028\u2029]/g, '\n')
    .replace(/[\p{Pd}\u2043\u2212\u30fc]/gu, '-')
    .replace(/[\ufe62\u2795\u207a]/g, '+')
    .replace(/[\u00b7\u2022\u2024\u2027\u2219\u22c5\u30fb\u066b\u3002\uff61]/g, '.')
    .replace(/[\u066c\u060c\u3001]/g, ',')
    .replace(/[\u2044\u2215]/g, '/')
    .replace(/[\u2018\u2019\u02bc]/g, "'");
}

/** Unicode assigns decimal digits in runs of ten that begin with zero. */
function digitValue(digit: string): number {
  const code = digit.codePointAt(0) as number;
  let start = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(start - 1))) start -= 1;
  return (code - start) % 10;
}

/** Masks a rejected entry, such as `+60*******9.0`: recognisable for its author, never a whole number. */
export function maskEntry(input: string): string {
  const shown = [
    ...foldText(input.slice(0, 1000))
      .replace(/[^\P{C}]/gu, ' ')
      .trim(),
  ];
  return shown.length <= 6 ? shown.join('') : `${shown.slice(0, 3).join('')}*******${shown.slice(-3).join('')}`;
}
