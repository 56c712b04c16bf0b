import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { hash } from './id.ts';
import { formerIdentity, phoneIdentity } from './phone-identity.ts';
import { type E164, type Reading, readPhone } from './phone-reading.ts';
import { foldText, maskAround, maskEntry, NOT_POSSIBLE, readPhoneText } from './phone-text.ts';

const OURS = /^(?:a-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|q-[\w-]{22})$/;

/** An alert's id as a log may hold it: callers choose theirs, and some choose a phone number. */
export function logSafeId(alertId: string): string {
  return OURS.test(alertId) ? alertId : maskNumbers(alertId);
}

export { type CountryCode, type E164, isSupportedCountry, maskEntry };

type PhoneVerdict = { ok: true; phone: E164; warning?: string } | { ok: false; message: string };

/**
 * Normalises a phone number in any common format to E.164.
 * A number of a possible length passes; one outside the ranges that its country has assigned passes with a
 * warning, because new and fictional ranges must work. A premium-rate number is refused, and so is one that could be the
 * number of two phones.
 */
export function parsePhone(input: string, defaultCountry?: CountryCode): PhoneVerdict {
  return lookAt(input, defaultCountry).verdict;
}

/** Returns whether the input names its country by `+`; what `00` means depends on the default country. */
export function hasCountryCode(input: string): boolean {
  const text = readPhoneText(input);
  return text.ok && text.text.startsWith('+');
}

/** Returns why the input is no number of any country; `undefined` where a default country that is known elsewhere may make one of it. */
export function phoneTextFault(input: string): string | undefined {
  const text = readPhoneText(input);
  if (!text.ok) return text.message;
  const digits = digitsOf(text.text);
  return digits.length < (digits.startsWith('00') ? 8 : 4) || digits.length > 20 ? NOT_POSSIBLE : undefined;
}

/** `+60*******789`: calling code and last three digits stay, so that an operator can recognise a number; its length does not. */
export function maskPhone(phone: string): string {
  const code = lookAt(phone).callingCode ?? phone.slice(1, 3);
  return `+${code}*******${digitsOf(phone).slice(-3)}`;
}

/**
 * Masks whatever could be a phone number in words of somebody else: seven digits or more, however they are grouped, that are
 * no date, address, amount with a unit, version, id or digest.
 */
export function maskNumbers(text: string): string {
  return maskAround(text, maskRuns);
}

function maskRuns(text: string): string {
  // A number may be written in digits of any script; looking for those takes longer, and is seldom needed.
  const pattern = PLAIN.test(text)
    ? /\+?\d(?:[ ().-]{0,2}\d){6,}/g
    : /[+\uff0b]?\p{Nd}(?:[\s\p{Cf}\p{M}().\-\u2010-\u2015\u2212\uff0d]{0,3}\p{Nd}){6,}/gu;
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
  return isValidReading(lookAt(phone).verdict);
}

interface Look {
  readonly verdict: PhoneVerdict;
  readonly callingCode: string | undefined;
}

/**
 * An alert’s numbers are looked at by API, router and trace, and those of a config several times by each load; one look costs
 * as much as a call to Redis. It has room for a large config: one entry too few, and each look evicts what is asked for next.
 */
const known = new Map<string, Look>();
const MOST_KNOWN = 25_000;
/** Longer than a number in any format; what is longer is not worth remembering. */
const LONGEST_KNOWN = 40;

function lookAt(input: string, defaultCountry?: CountryCode): Look {
  const key = `${defaultCountry ?? ''} ${input}`;
  const seen = known.get(key);
  if (seen !== undefined) return seen;
  const found = readPhone(input, defaultCountry);
  const look =
    typeof found === 'string'
      ? { verdict: { ok: false, message: found } as const, callingCode: impossibleCode(input) }
      : { verdict: judge(found), callingCode: found.callingCode };
  for (const oldest of known.keys()) {
    if (known.size < MOST_KNOWN) break;
    known.delete(oldest);
  }
  if (key.length <= LONGEST_KNOWN) known.set(key, look);
  return look;
}

/** Masks of numbers that are not possible show it, too. */
function impossibleCode(input: string): string | undefined {
  return /^\+\d{1,40}$/.test(input) ? parsePhoneNumberFromString(input)?.countryCallingCode : undefined;
}

/** Its owner earns from every text. The owner of a shared-cost number pays a part, and gains nothing by having us text it. */
function judge({ phone, premium, warning }: Reading): PhoneVerdict {
  if (premium) return { ok: false, message: 'a premium-rate number, whose holder earns by every text: it is never texted' };
  return warning === undefined ? { ok: true, phone } : { ok: true, phone, warning };
}

/** A stable stand-in for a number in Redis key names, so that no key name gives a number away. */
export function phoneHash(phone: E164): string {
  return hash('phone', phoneIdentity(phone));
}

/** Every hash under which something about a phone may be stored: its own, and the one of its other spelling. */
export function phoneHashes(phone: E164): readonly [string, ...string[]] {
  const former = formerIdentity(phone);
  return former === undefined ? [phoneHash(phone)] : [phoneHash(phone), hash('phone', former)];
}

export interface Sender {
  /** Every hash that something about the sender may be stored under, the one to store under first. */
  readonly hashes: readonly [string, ...string[]];
  /** A phone's number masked; a short code or a name as it came. */
  readonly shown: string;
}

/**
 * Identifies the sender of an inbound message, in whatever form its network writes it. Vendors send numbers with country code, with and without `+`; a number
 * that cannot be parsed is known by its digits, which a recipient's number has, too; a name by its letters.
 */
export function identifySender(from: string, defaultCountry?: CountryCode): Sender {
  const written = foldText(from)
    .trim()
    .replace(/^[a-z]+:\s*/i, '');
  const digits = digitsOf(written);
  const international = lookAt(written.startsWith('+') ? written : `+${digits}`).verdict;
  const verdict = written.startsWith('+') || isValidReading(international) ? international : parsePhone(written, defaultCountry);
  if (verdict.ok) return { hashes: phoneHashes(verdict.phone), shown: maskPhone(verdict.phone) };
  if (digits === '' || /\p{L}/u.test(written)) {
    const name = written.slice(0, 100).toUpperCase();
    return { hashes: [hash('sender', name)], shown: /^[\w .&-]{1,11}$/.test(name) ? name : 'unknown sender' };
  }
  return { hashes: phoneHashes(`+${digits}` as E164), shown: digits.length < 7 ? digits : maskPhone(`+${digits}`) };
}

function isValidReading(verdict: PhoneVerdict): boolean {
  return verdict.ok && verdict.warning === undefined;
}
