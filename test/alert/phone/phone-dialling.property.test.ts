import fc from 'fast-check';
import { getCountries, getCountryCallingCode, getExampleNumber, Metadata, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { expect, test } from 'vitest';
import { type CountryCode, parsePhone } from '../../../src/alert/phone/phone.ts';

const COUNTRIES = getCountries();

const CANDIDATES = [
  ...new Set(['8~10', '810', '99511', '99555', ...Array.from({ length: 10_000 }, (_, n) => `${n}`)].flatMap((n) => [n, `0${n}`, `00${n}`])),
];
/** Most countries share the pattern of their prefixes with others. */
const matching = new Map<string, string[]>();

/** Every international prefix that is dialled in a country, such as 001 to 009 in Thailand. */
const prefixes = new Map(COUNTRIES.map((country) => [country, prefixesOf(country)]));

function prefixesOf(country: CountryCode): string[] {
  const metadata = new Metadata();
  metadata.selectNumberingPlan(country);
  const source = `^(?:${metadata.numberingPlan?.IDDPrefix()})$`;
  const known = matching.get(source);
  if (known !== undefined) return known;
  const pattern = new RegExp(source);
  const found = CANDIDATES.filter((candidate) => pattern.test(candidate.replace('~', '')));
  matching.set(source, found);
  return found;
}

/** The number of the oracle, where it finds a valid one. */
function libraryReads(text: string, country: CountryCode): string | undefined {
  const parsed = parsePhoneNumberFromString(text, { defaultCountry: country, extract: false });
  return parsed?.isValid() && parsed.ext === undefined ? parsed.number : undefined;
}

/** The very number, or a refusal. */
function judge(
  text: string,
  country: CountryCode,
): 'same' | 'refused' | 'not valid' | { text: string; country: string; wanted: string; got: string } {
  const wanted = libraryReads(text, country);
  if (wanted === undefined) return 'not valid';
  const verdict = parsePhone(text, country);
  if (!verdict.ok) return 'refused';
  return verdict.phone === wanted ? 'same' : { text, country, wanted, got: verdict.phone };
}

const country = fc.constantFrom(...COUNTRIES);
const mobile = country.map((of) => getExampleNumber(of, examples)).filter((number) => number !== undefined);
/** Another subscriber of the same kind: the last digits are anybody's. */
const subscriber = fc.tuple(mobile, fc.integer({ min: 0, max: 999 })).map(([{ number }, end]) => {
  return `${number.slice(0, -3)}${`${end}`.padStart(3, '0')}`;
});

test('a mobile number dialled from any country, with any of its international prefixes, ends at that very phone or is refused', () => {
  const counts = { same: 0, refused: 0, 'not valid': 0 };
  for (const from of COUNTRIES) {
    for (const prefix of ['00', ...(prefixes.get(from) ?? []).slice(0, 40)]) {
      for (const to of ['US', 'GB', 'SG', 'BR', 'TH', 'DE'] as const) {
        const number = getExampleNumber(to, examples)?.number.slice(1) ?? '';
        const judged = judge(`${prefix} ${number}`, from);
        if (typeof judged !== 'string') expect(judged).toBe('the very number, or refused');
        else counts[judged] += 1;
      }
    }
  }
  // Nearly all are read: a refusal is for what means two phones.
  expect(counts.same).toBeGreaterThan(2_000);
  expect(counts.refused).toBeLessThan(counts.same / 50);
});

test('every mobile number as its own country writes it ends at that very phone, or is refused', () => {
  fc.assert(
    fc.property(subscriber, country, fc.constantFrom('', ' ', '-', '.', '\u00a0', '\u202f'), (number, other, separator) => {
      const parsed = parsePhoneNumberFromString(number);
      if (parsed?.country === undefined) return;
      const code = getCountryCallingCode(parsed.country);
      const forms: [string, CountryCode][] = [
        [parsed.formatNational(), parsed.country],
        [parsed.formatInternational(), other],
        [parsed.getURI(), other],
        [parsed.nationalNumber, parsed.country],
        [number.slice(1), parsed.country],
        [number.slice(1), other],
        [`+${code} (0) ${parsed.nationalNumber}`, other],
        [`0${parsed.nationalNumber}`, parsed.country],
        [parsed.format('IDD', { fromCountry: other }) ?? number, other],
      ];
      for (const [form, from] of forms) {
        for (const text of [form, form.replaceAll(' ', separator)]) {
          expect(judge(text, from)).toBeTypeOf('string');
        }
      }
    }),
    { numRuns: 400 },
  );
});

test('any digits at all end at the number that the library finds valid, or are refused', () => {
  const digits = fc.tuple(country, fc.constantFrom('', '0', '00', '+', 'own'), fc.stringMatching(/^\d{6,15}$/));
  fc.assert(
    fc.property(digits, ([from, start, rest]) => {
      const text = `${start === 'own' ? getCountryCallingCode(from) : start}${rest}`;
      expect(judge(text, from)).toBeTypeOf('string');
    }),
    { numRuns: 3_000 },
  );
});
