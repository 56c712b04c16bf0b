import { type CountryCode, isSupportedCountry, type PhoneNumber, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { hash } from './id.ts';

export { type CountryCode, isSupportedCountry };

/** A phone number as `+` and digits, E.164. */
export type E164 = string & { readonly __brand: 'E164' };

export type PhoneVerdict = { ok: true; phone: E164; warning?: string } | { ok: false; message: string };

/**
 * Normalises a phone number in any common format to E.164.
 * A number of a possible length passes; one outside the ranges that its country has assigned passes with a
 * warning, because new and fictional ranges must work. A premium-rate number is refused.
 */
export function parsePhone(input: string, defaultCountry?: CountryCode): PhoneVerdict {
  if (!hasCountryCode(input) && defaultCountry === undefined) {
    return { ok: false, message: 'no country code: write it as +<country><number>, or set defaultCountry in the config' };
  }
  return lookAt(tidy(input), defaultCountry).verdict;
}

/** Whether it begins as a number with country code does, in any of its spellings. */
export function hasCountryCode(input: string): boolean {
  return tidy(input).startsWith('+');
}

/** Invisible marks of writing direction, which address books put around a number that is copied out of them. */
const DIRECTION = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** `tel:+60…`, `(+60) …`, `0060…` and the wide plus of East Asian keyboards → `+60…`. */
function tidy(input: string): string {
  return input
    .replace(DIRECTION, '')
    .trim()
    .replace(/^tel:\s*/i, '')
    .replace(/^\(\s*(?=[+\uff0b]|00)([^()]*)\)/, '$1')
    .replace(/^(?:\uff0b|00)/, '+');
}

/** `+60*******789`: calling code and last three digits stay, so that an operator can recognise a number; its length does not. */
export function maskPhone(phone: string): string {
  const code = lookAt(phone).callingCode ?? phone.slice(1, 3);
  return `+${code}*******${digitsOf(phone).slice(-3)}`;
}

/** Masks whatever could be a phone number in words of somebody else: seven digits or more, however they are grouped. */
export function maskNumbers(text: string): string {
  // A number may be written in digits of any script; looking for those takes longer, and is seldom needed.
  const pattern = PLAIN.test(text)
    ? /\+?\d(?:[ ().-]{0,2}\d){6,}/g
    : /[+\uff0b]?\p{Nd}(?:[\s().\-\u2010-\u2015\u2212\uff0d]{0,2}\p{Nd}){6,}/gu;
  return text.replace(pattern, (number) => maskPhone(`+${digitsOf(number)}`));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
const PLAIN = /^[\x00-\x7f]*$/;

function digitsOf(text: string): string {
  return text.replace(/\P{Nd}/gu, '');
}

/** The calling code without `+`, such as `60`. */
export function callingCode(phone: E164): string | undefined {
  return lookAt(phone).callingCode;
}

/** Whether the number lies in a range that its country has assigned; a number that is merely possible does not. */
export function isValidPhone(phone: E164): boolean {
  const { verdict } = lookAt(phone);
  return verdict.ok && verdict.warning === undefined;
}

interface Look {
  readonly verdict: PhoneVerdict;
  readonly callingCode: string | undefined;
}

/** An alert's numbers are looked at by door, router and trace; one look costs as much as a call to Redis. */
const known = new Map<string, Look>();
const MOST_KNOWN = 5_000;
/** Longer than a number in any format; what is longer is not worth remembering. */
const LONGEST_KNOWN = 40;

function lookAt(text: string, defaultCountry?: CountryCode): Look {
  const key = `${defaultCountry ?? ''} ${text}`;
  const seen = known.get(key);
  if (seen !== undefined) return seen;
  const parsed = parsePhoneNumberFromString(text, { ...(defaultCountry === undefined ? {} : { defaultCountry }), extract: false });
  const look = { verdict: judge(parsed), callingCode: parsed?.countryCallingCode };
  for (const oldest of known.keys()) {
    if (known.size < MOST_KNOWN) break;
    known.delete(oldest);
  }
  if (key.length <= LONGEST_KNOWN) known.set(key, look);
  return look;
}

const PREMIUM = 'a premium-rate number, whose holder earns by every text: it is never texted';

function judge(parsed: PhoneNumber | undefined): PhoneVerdict {
  if (!parsed?.isPossible() || parsed.ext !== undefined) {
    return { ok: false, message: 'not a possible phone number: write it as +<country><number>, for example +60123456789' };
  }
  // Its holder earns by every text. Of a shared-cost number the holder pays a part, so nobody gains by having us text it.
  if (parsed.getType() === 'PREMIUM_RATE') return { ok: false, message: PREMIUM };
  const phone = parsed.number as string as E164;
  return parsed.isValid() ? { ok: true, phone } : { ok: true, phone, warning: 'the number is outside the ranges assigned in its country' };
}

/** A stable stand-in for a number in Redis key names, so that no key name gives a number away. */
export function phoneHash(phone: E164): string {
  return hash('phone', phone);
}
