const OCTET = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`;
const YEAR = String.raw`(?:19|20)\d\d`;
const MONTH = '(?:0[1-9]|1[0-2])';
const DAY = String.raw`(?:0[1-9]|[12]\d|3[01])`;
const TIME = String.raw`[0-2]\d:[0-5]\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?Z|[+-]\d\d:?\d\d)?`;
/** Not behind a `+` and a country code: `+852 20261120` is a number. */
const FREE = String.raw`(?<!\+[\d\s().-]{0,6})`;
/** No part of a longer row of digits. */
const ALONE = String.raw`(?<![\d+])(?<!\d[\s().-]{1,3})`;
const ENDS = String.raw`(?![\s().-]{0,3}\d)`;
const UNITS =
  '(?:bytes?|[KMGTPE]i?B|B|ns|us|µs|ms|s|sec|secs|seconds?|minutes?|hours?|days?|percent|[KMG]?bit|rows|keys|requests|messages)';

/** What has many digits and is no phone number. */
const HARMLESS: readonly string[] = [
  // `2026-11-20T03:00:00Z`, `2026-11-20 03:00`, `2026-11-20`
  String.raw`${FREE}(?<![\d-])${YEAR}-${MONTH}-${DAY}(?:(?:[Tt]| )${TIME})?(?![\d-])`,
  // `20261120`, `20261120T030000Z`, `20261120030000`
  String.raw`${ALONE}${YEAR}${MONTH}${DAY}(?:[Tt]?[0-2]\d[0-5]\d[0-5]\dZ?)?${ENDS}`,
  // Milliseconds since 1970, from 2017 to 2033: no country has numbers of 13 digits that begin so.
  String.raw`${ALONE}1[5-9]\d{11}${ENDS}`,
  // IPv4, perhaps with a port.
  String.raw`${FREE}(?<![\d.-])${ALONE}(?:${OCTET}\.){3}${OCTET}(?::\d{1,5})?${ENDS}`,
  // `v20.19.0`
  String.raw`(?<![\w+])v\d{1,4}(?:\.\d{1,8}){1,4}(?![\d.-])`,
  // An amount with its unit: no trunk prefix, no groups.
  String.raw`${ALONE}[1-9]\d*(?:\.\d{1,3})? ?${UNITS}(?![\p{L}\p{N}_])`,
  // Money: `$1234567.50`, `USD 1234567`, `1234567.50 EUR`
  String.raw`(?<=[$€£¥₹]\s?|\b(?:USD|EUR|GBP|MYR|INR|CNY|SGD)\s)[1-9]\d*(?:\.\d{1,4})?(?![\s().-]{0,3}\d)`,
  String.raw`${ALONE}[1-9]\d*(?:\.\d{1,4})? ?(?:USD|EUR|GBP|MYR|INR|CNY|SGD|[€£¥₹])(?![\p{L}\p{N}_])`,
  // A UUID, and ids of ours: of an alert, of a message, of a job's stand-in.
  String.raw`(?<![\w-])(?:a-)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![\w-])`,
  String.raw`(?<![\w-])[mnq]-[\w-]{22}(?![\w-])`,
  // A fingerprint or digest, such as Alertmanager's: some letters, and no digits in a row that would make a whole number.
  String.raw`(?<!\w)(?=(?:\d*[a-f]){2})(?![0-9a-f]*\d{10})(?:[0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})(?!\w)`,
];

const ANY = new RegExp(HARMLESS.join('|'), 'gu');

/** Applies `mask` to everything in a text but dates, addresses, amounts with a unit, versions, ids and digests. */
export function maskAround(text: string, mask: (part: string) => string): string {
  let masked = '';
  let from = 0;
  for (const { 0: harmless, index } of text.matchAll(ANY)) {
    masked += mask(text.slice(from, index)) + harmless;
    from = index + harmless.length;
  }
  return masked + mask(text.slice(from));
}
