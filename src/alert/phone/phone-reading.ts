import { type CountryCode, getCountryCallingCode, Metadata, type PhoneNumber, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { DROPPED } from './phone-identity.ts';
import { NOT_POSSIBLE, readPhoneText, TWO_NUMBERS } from './phone-text.ts';

/** A phone number in E.164: `+` and digits. */
export type E164 = string & { readonly __brand: 'E164' };

/** A number of a possible length, as libphonenumber parses it. */
export interface Reading {
  readonly phone: E164;
  readonly callingCode: string;
  /** The national number, without the country code. */
  readonly national: string;
  /** The number is in a range that its country has assigned. */
  readonly valid: boolean;
  readonly premium: boolean;
  /** Remark about an unusual number, which is accepted all the same. */
  readonly warning?: string;
}

const NO_COUNTRY = 'no country code: write it as +<country><number>, or set defaultCountry in the config';
const UNASSIGNED = 'the number is outside the ranges assigned in its country';
const LOOKS_INTERNATIONAL = 'begins with its country code, and is valid only as a national number: write it as +<country><number>';
const AMBIGUOUS = 'could be the number of two phones, with and without a country code: write it as +<country><number>';

const DOUBLED = 'has a 0 or a country code too many after its country code: write it as +<country><number>';

/** Parses an input to a number, or returns why it is none. */
export function readPhone(input: string, defaultCountry?: CountryCode): Reading | string {
  const given = readPhoneText(input);
  if (!given.ok) return given.message;
  const { text } = given;
  const found = readText(text, defaultCountry);
  if (holdsTwo(text, defaultCountry)) return TWO_NUMBERS;
  if (isValid(found)) return found;
  const bare = readText(text.replace(TRUNK_IN_BRACKETS, ' '), defaultCountry);
  if (isValid(bare)) return bare;
  return typeof found !== 'string' && isDoubled(found) ? DOUBLED : found;
}

/** `+39 (0) 347 …`: the trunk prefix, dialled within the country only; part of the number only when that makes it valid. */
const TRUNK_IN_BRACKETS = /\(\s*0\s*\)/;

function isValid(found: Reading | string): found is Reading {
  return typeof found !== 'string' && found.valid;
}

/**
 * Whether a trunk zero or a second country code follows the country code, as in `+39 0347 …`, `+49 0049 151 …`. Without
 * it the number is a phone's; it may be a typing error for another number.
 */
function isDoubled({ national, callingCode }: Reading): boolean {
  if (!national.startsWith('0')) return false;
  const bare = national.replace(/^0+/, '');
  return [`+${callingCode}${bare}`, ...(bare.startsWith(callingCode) ? [`+${bare}`] : [])].some((text) => read(text)?.valid);
}

function readText(text: string, country: CountryCode | undefined): Reading | string {
  if (text.startsWith('+')) return read(text) ?? NOT_POSSIBLE;
  if (country !== undefined) return choose(text, country);
  return text.startsWith('00') ? (read(`+${text.slice(2)}`) ?? NOT_POSSIBLE) : NO_COUNTRY;
}

/**
 * Chooses between two readings of an input without `+`. libphonenumber knows the international prefixes of each country
 * (`009` in Thailand, `0011` in Australia), of which `00` is one of many; the other reading treats the digits as a
 * number with country code. When both are phones and neither is clearly meant, the number is rejected: a stranger must
 * not get the message.
 */
function choose(text: string, country: CountryCode): Reading | string {
  const digits = text.replace(/\D/g, '');
  const zeros = digits.startsWith('00');
  const spelled = zeros ? digits.slice(2) : digits;
  const first = read(text, country);
  const code = getCountryCallingCode(country);
  const trunked = spelled.startsWith('0');
  const ownCode = (trunked ? spelled.replace(/^0+/, '') : spelled).startsWith(code);
  const plus = trunked ? trunkedReading(spelled, code) : read(`+${spelled}`);
  if (first === undefined) {
    const meant = (zeros || trunked) && plus !== undefined && (plus.valid || prefixOf(digits, country) === '00');
    return meant ? plus : NOT_POSSIBLE;
  }
  if (plus === undefined || plus.phone === first.phone) return first;
  if (first.valid) return !ownCode ? first : plus.valid ? AMBIGUOUS : { ...first, warning: LOOKS_INTERNATIONAL };
  if (ownCode) return plus.valid ? plus : AMBIGUOUS;
  // The zeros were parsed as part of the number.
  if (zeros && first.national.startsWith('0')) return plus;
  return plus.valid ? AMBIGUOUS : first;
}

/** Reads `049 151 …`, a 0 before the country's own code, when that gives a valid number. No country code begins with 0. */
function trunkedReading(spelled: string, code: string): Reading | undefined {
  const digits = spelled.replace(/^0+/, '');
  const reading = digits.startsWith(code) ? read(`+${digits}`) : undefined;
  return reading?.valid ? reading : undefined;
}

/**
 * Returns the international prefix that the number begins with as dialled in this country; `00` when that has no other
 * meaning there.
 */
function prefixOf(digits: string, country: CountryCode): string {
  const metadata = new Metadata();
  metadata.selectNumberingPlan(country);
  return new RegExp(`^(?:${metadata.numberingPlan?.IDDPrefix()})`).exec(digits)?.[0] ?? '00';
}

function read(text: string, country?: CountryCode): Reading | undefined {
  const parsed = parsePhoneNumberFromString(text, { ...(country === undefined ? {} : { defaultCountry: country }), extract: false });
  if (parsed === undefined || parsed.ext !== undefined) return undefined;
  if (parsed.isValid()) return readingOf(parsed, true);
  return undropped(parsed, isInternational(text, parsed, country)) ?? (parsed.isPossible() ? readingOf(parsed, false) : undefined);
}

function isInternational(text: string, { countryCallingCode }: PhoneNumber, country: CountryCode | undefined): boolean {
  if (country === undefined || countryCallingCode !== getCountryCallingCode(country)) return true;
  return text.replace(/\D/g, '').startsWith(countryCallingCode);
}

/** Converts a spelling that libphonenumber no longer accepts to today's, when that is a valid number. */
function undropped({ countryCallingCode, nationalNumber }: PhoneNumber, international: boolean): Reading | undefined {
  for (const { national, now, dialled } of DROPPED[countryCallingCode] ?? []) {
    if (!national.test(nationalNumber) || !(international || dialled)) continue;
    const today = parsePhoneNumberFromString(`+${countryCallingCode}${nationalNumber.replace(national, now)}`);
    if (today?.isValid()) return readingOf(today, true);
  }
  return undefined;
}

function readingOf(parsed: PhoneNumber, valid: boolean): Reading {
  return {
    phone: parsed.number as string as E164,
    callingCode: parsed.countryCallingCode,
    national: parsed.nationalNumber,
    valid,
    ...(valid ? {} : { warning: UNASSIGNED }),
    premium: parsed.getType() === 'PREMIUM_RATE',
  };
}

/** From this many digits on, the input may be two numbers. */
const TWO_HAVE = 14;

/**
 * Whether the input holds two numbers. `030 12345 / 12346`: the part before a slash is a number by itself. `030 12345
 * 030 12346`: both sides of a space are. In countries with numbers of any length, the parser would join them into one.
 */
function holdsTwo(text: string, country: CountryCode | undefined): boolean {
  const isNumber = (part: string) => {
    const reading = readText(part.trim(), country);
    return typeof reading !== 'string' && reading.valid;
  };
  const count = (part: string) => part.replace(/\D/g, '').length;
  const bySlash = [...text.matchAll(/\//g)].some(({ index }) => {
    const [left, right] = [text.slice(0, index), text.slice(index + 1)];
    return count(left) >= 7 && count(right) > 0 && isNumber(left);
  });
  if (bySlash) return true;
  if (count(text) < TWO_HAVE) return false;
  return [...text.matchAll(/ +/g)].some(({ index }) => {
    const [left, right] = [text.slice(0, index), text.slice(index + 1)];
    return count(left) >= 7 && count(right) >= 7 && isNumber(left) && isNumber(right);
  });
}
