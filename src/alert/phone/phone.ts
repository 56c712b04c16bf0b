import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { hash } from '../id.ts';
import { formerIdentity, phoneIdentity } from './phone-identity.ts';
import { type E164, type Reading, readPhone } from './phone-reading.ts';
import { foldText, maskAround, maskEntry, NOT_POSSIBLE, readPhoneText } from './phone-text.ts';

const OURS = /^(?:a-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|q-[\w-]{22})$/;

/** Masks an alert id for logs: callers choose their ids, and some use a phone number. */
export function logSafeId(alertId: string): string {
  return OURS.test(alertId) ? alertId : maskNumbers(alertId);
}

export { type CountryCode, type E164, isSupportedCountry, maskEntry };

type PhoneVerdict = { ok: true; phone: E164; warning?: string } | { ok: false; message: string };

/**
 * Normalises a phone number in any common format to E.164. A number of a possible length passes; one outside the ranges
 * that its country has assigned passes with a warning, because new and fictional ranges must work. Premium-rate numbers
 * and numbers that could belong to two phones are rejected.
 */
export function parsePhone(input: string, defaultCountry?: CountryCode): PhoneVerdict {
  return parseCached(input, defaultCountry).verdict;
}

/** Whether the input has a country code by `+`; the meaning of `00` depends on the default country. */
export function hasCountryCode(input: string): boolean {
  const text = readPhoneText(input);
  return text.ok && text.text.startsWith('+');
}

/**
 * Returns why the input cannot be a number of any country; `undefined` when it may be one with a default country that
 * is known elsewhere.
 */
export function phoneTextFault(input: string): string | undefined {
  const text = readPhoneText(input);
  if (!text.ok) return text.message;
  const digits = digitsOf(text.text);
  return digits.length < (digits.startsWith('00') ? 8 : 4) || digits.length > 20 ? NOT_POSSIBLE : undefined;
}

/**
 * Masks a number as `+60*******789`: calling code and last three digits remain, so that operators recognise it; its
 * length is hidden.
 */
export function maskPhone(phone: string): string {
  const code = parseCached(phone).callingCode ?? phone.slice(1, 3);
  return `+${code}*******${digitsOf(phone).slice(-3)}`;
}

/**
 * Masks everything in a foreign text that could be a phone number: seven or more digits in any grouping that are not a
 * date, address, amount with a unit, version, id or digest.
 */
export function maskNumbers(text: string): string {
  return maskAround(text, maskRuns);
}

function maskRuns(text: string): string {
  // Digits of other scripts need a slower pattern, which is seldom necessary.
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

/** Returns the calling code without `+`, such as `60`. */
export function callingCode(phone: E164): string | undefined {
  return parseCached(phone).callingCode;
}

/** Whether the number is in a range that its country has assigned, and not merely of a possible length. */
export function isValidPhone(phone: E164): boolean {
  return isValidReading(parseCached(phone).verdict);
}

interface ParsedPhone {
  readonly verdict: PhoneVerdict;
  readonly callingCode: string | undefined;
}

/**
 * Cache of parsed numbers. API, router and trace parse the numbers of an alert, and each config reload parses its
 * numbers several times; parsing one costs as much as a call to Redis. The size fits a large config: with one entry too
 * few, each lookup evicts the next one needed.
 */
const known = new Map<string, ParsedPhone>();
const MOST_KNOWN = 25_000;
/** Longer than a number in any format; longer input is not cached. */
const LONGEST_KNOWN = 40;

function parseCached(input: string, defaultCountry?: CountryCode): ParsedPhone {
  const key = `${defaultCountry ?? ''} ${input}`;
  const seen = known.get(key);
  if (seen !== undefined) return seen;
  const found = readPhone(input, defaultCountry);
  const parsed =
    typeof found === 'string'
      ? { verdict: { ok: false, message: found } as const, callingCode: impossibleCode(input) }
      : { verdict: judge(found), callingCode: found.callingCode };
  for (const oldest of known.keys()) {
    if (known.size < MOST_KNOWN) break;
    known.delete(oldest);
  }
  if (key.length <= LONGEST_KNOWN) known.set(key, parsed);
  return parsed;
}

/** Calling code of a number that is not possible, which masks show too. */
function impossibleCode(input: string): string | undefined {
  return /^\+\d{1,40}$/.test(input) ? parsePhoneNumberFromString(input)?.countryCallingCode : undefined;
}

/**
 * Rejects premium-rate numbers, whose owner earns from every message. The owner of a shared-cost number pays a part,
 * and gains nothing from messages.
 */
function judge({ phone, premium, warning }: Reading): PhoneVerdict {
  if (premium) return { ok: false, message: 'is a premium-rate number, whose owner earns from every message: not allowed' };
  return warning === undefined ? { ok: true, phone } : { ok: true, phone, warning };
}

/** Stable hash of a number for Redis key names, so that no key name reveals a number. */
export function phoneHash(phone: E164): string {
  return hash('phone', phoneIdentity(phone));
}

/** Returns every hash under which data of a phone may be stored: its own, and the one of its other spelling. */
export function phoneHashes(phone: E164): readonly [string, ...string[]] {
  const former = formerIdentity(phone);
  return former === undefined ? [phoneHash(phone)] : [phoneHash(phone), hash('phone', former)];
}

export interface Sender {
  /** Every hash under which data of the sender may be stored; new data go under the first. */
  readonly hashes: readonly [string, ...string[]];
  /** A phone number masked; a short code or a name unchanged. */
  readonly shown: string;
}

/**
 * Identifies the sender of an inbound message in any notation of its network. Vendors send numbers with country code,
 * with and without `+`. A number that cannot be parsed is identified by its digits, which match those of a recipient; a
 * name by its letters.
 */
export function identifySender(from: string, defaultCountry?: CountryCode): Sender {
  const written = foldText(from)
    .trim()
    .replace(/^[a-z]+:\s*/i, '');
  const digits = digitsOf(written);
  const international = parseCached(written.startsWith('+') ? written : `+${digits}`).verdict;
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
