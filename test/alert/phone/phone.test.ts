import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hash } from '../../../src/alert/id.ts';
import {
  type CountryCode,
  callingCode,
  type E164,
  hasCountryCode,
  identifySender,
  isValidPhone,
  maskNumbers,
  maskPhone,
  parsePhone,
  phoneHash,
  phoneHashes,
} from '../../../src/alert/phone/phone.ts';

/** A number that somebody may really write, normalised. */
function normal(input: string, country?: CountryCode): string {
  const verdict = parsePhone(input, country);
  return verdict.ok ? verdict.phone : verdict.message;
}

describe('a number with country code, in any common format', () => {
  test.each([
    ['+60123456789', '+60123456789'],
    ['+60 12-345 6789', '+60123456789'],
    ['+60.12.345.6789', '+60123456789'],
    ['+60/12/3456789', '+60123456789'],
    ['+60–12–345–6789', '+60123456789'],
    ['+60\u00a012\u00a0345\u00a06789', '+60123456789'],
    ['  +60123456789\n', '+60123456789'],
    ['0060123456789', '+60123456789'],
    ['00 60 12 345 6789', '+60123456789'],
    ['(+60) 12 345 6789', '+60123456789'],
    ['(0060) 12 345 6789', '+60123456789'],
    ['tel:+60-12-345-6789', '+60123456789'],
    ['TEL: +60123456789', '+60123456789'],
    ['＋６０１２３４５６７８９', '+60123456789'],
    ['\u202a+60 12-345 6789\u202c', '+60123456789'],
    ['+44 (0)20 7946 0018', '+442079460018'],
    ['+44 (020) 7946 0018', '+442079460018'],
    ['+1 (202) 555-0123', '+12025550123'],
    ['+86 138 0013 8000', '+8613800138000'],
    ['+65 8123 4567', '+6581234567'],
    ['+91-98765-43210', '+919876543210'],
    ['+39 06 698 1234', '+39066981234'],
    ['+49 (0) 151 23456789', '+4915123456789'],
    ['+54 9 11 2345 6789', '+5491123456789'],
    ['+55 (11) 91234-5678', '+5511912345678'],
    ['+7 (912) 345-67-89', '+79123456789'],
    ['+353 85 123 4567', '+353851234567'],
    ['+683 4000', '+6834000'],
    ['+800 1234 5678', '+80012345678'],
    ['+39 (0) 347 123 4567', '+393471234567'],
    ['+39 (0)6 1234 5678', '+390612345678'],
    ['+65 (0) 9123 4567', '+6591234567'],
    ['+34 (0)612 345 678', '+34612345678'],
    ['+225 07 07 12 34 56', '+2250707123456'],
  ])('%s', (input, phone) => {
    expect(normal(input)).toBe(phone);
    // Where no default country is known, 00 may be one's international prefix, or the beginning of another.
    expect(hasCountryCode(input)).toBe(!/^\(?00/.test(input));
  });
});

describe('a 0 or a country code too many', () => {
  const doubled = 'has a 0 or a country code too many after its country code: write it as +<country><number>';
  test.each<[string, CountryCode, string]>([
    ['041 79 123 45 67', 'CH', '+41791234567'],
    ['041 791 23 45', 'CH', '+41417912345'],
    ['044 7400 123456', 'GB', '+447400123456'],
    ['033 6 12 34 56 78', 'FR', '+33612345678'],
    ['060123456789', 'MY', '+60123456789'],
    ['090 532 123 45 67', 'TR', '+905321234567'],
    ['0491 511234', 'DE', '+49491511234'],
    ['0039 (0)347 1234567', 'IT', '+393471234567'],
    ['049 151 12345678', 'DE', 'could be the number of two phones, with and without a country code: write it as +<country><number>'],
    ['+49 0049 151 12345678', 'DE', doubled],
    ['+41 041 79 123 45 67', 'MY', doubled],
    ['+39 0347 123 4567', 'IT', doubled],
  ])('%s in %s', (input, country, wanted) => {
    expect(normal(input, country)).toBe(wanted);
  });
});

describe('a number as its country writes it', () => {
  test.each<[string, CountryCode, string]>([
    ['012-345 6789', 'MY', '+60123456789'],
    ['12 345 6789', 'MY', '+60123456789'],
    ['60123456789', 'MY', '+60123456789'],
    ['(202) 555-0123', 'US', '+12025550123'],
    ['1-202-555-0123', 'US', '+12025550123'],
    ['011 60 12 345 6789', 'US', '+60123456789'],
    ['138 0013 8000', 'CN', '+8613800138000'],
    ['07911 123456', 'GB', '+447911123456'],
    ['(020) 7946 0018', 'GB', '+442079460018'],
    ['0412 345 678', 'AU', '+61412345678'],
    ['8 (912) 345-67-89', 'RU', '+79123456789'],
    ['06 698 1234', 'IT', '+39066981234'],
    ['098765 43210', 'IN', '+919876543210'],
    ['tel:012-345-6789', 'MY', '+60123456789'],
    ['+65 8123 4567', 'MY', '+6581234567'],
    ['0065 8123 4567', 'MY', '+6581234567'],
  ])('%s in %s', (input, country, phone) => {
    expect(normal(input, country)).toBe(phone);
  });

  test.each(['012-345 6789', '60123456789', '', ' '])('%j needs a default country', (input) => {
    expect(parsePhone(input)).toEqual({
      ok: false,
      message: 'no country code: write it as +<country><number>, or set defaultCountry in the config',
    });
    expect(hasCountryCode(input)).toBe(false);
  });
});

describe('the international prefix of the default country is read, and 00 where that means nothing there', () => {
  test.each<[string, CountryCode | undefined, string]>([
    ['009 1 202 555 0123', 'TH', '+12025550123'],
    ['001 65 8234 5678', 'TH', '+6582345678'],
    ['001 52 1 55 5555 0101', 'TH', '+525555550101'],
    ['0044 7911 123456', 'TH', '+447911123456'],
    ['001 44 7700 900123', 'HK', '+447700900123'],
    ['0011 44 7700 900123', 'AU', '+447700900123'],
    ['010 44 7700 900123', 'JP', '+447700900123'],
    ['0044 7700 900123', 'JP', '+447700900123'],
    ['00700 44 7911 123456', 'KR', '+447911123456'],
    ['00 21 44 7911 123456', 'BR', '+447911123456'],
    ['0055 11 91234 5678', 'BR', '+5511912345678'],
    ['8~10 44 7911 123456', 'RU', '+447911123456'],
    ['011 44 7700 900123', 'US', '+447700900123'],
    ['0044 7700 900123', 'US', '+447700900123'],
    ['0065 8123 4567', 'SG', '+6581234567'],
    ['0060 12 345 6789', 'SG', '+60123456789'],
    ['0060 12 345 6789', undefined, '+60123456789'],
  ])('%s in %s', (input, country, phone) => {
    expect(normal(input, country)).toBe(phone);
  });

  const AMBIGUOUS = 'could be the number of two phones, with and without a country code: write it as +<country><number>';

  test.each<[string, CountryCode]>([
    ['0086 138 0013 8000', 'SG'],
    ['0041 44 668 1800', 'BR'],
  ])('what means two phones is refused: %s in %s', (input, country) => {
    expect(normal(input, country)).toBe(AMBIGUOUS);
  });

  test.each<[string, CountryCode, string]>([
    ['4915112345678', 'DE', AMBIGUOUS],
    ['62212345678', 'ID', AMBIGUOUS],
    ['435758363983', 'AT', AMBIGUOUS],
    ['6581234567', 'MY', AMBIGUOUS],
    ['49 30 1234567', 'DE', '+49301234567'],
    ['436641234567', 'AT', '+436641234567'],
    ['447700900123', 'GB', '+447700900123'],
    ['919876543210', 'IN', '+919876543210'],
    ['9198765432', 'IN', '+919198765432'],
    ['55991234567', 'BR', '+5555991234567'],
    ['5511991234567', 'BR', '+5511991234567'],
    ['393331234567', 'IT', '+393331234567'],
    ['447911123456', 'MY', 'not a possible phone number: write it as +<country><number>, for example +60123456789'],
  ])('digits that begin with a country code, %s in %s', (input, country, expected) => {
    expect(normal(input, country)).toBe(expected);
  });

  test('a valid national number that looks like an international one passes with a warning', () => {
    expect(parsePhone('491511234567', 'DE')).toEqual({
      ok: true,
      phone: '+49491511234567',
      warning: 'begins with its country code, and is valid only as a national number: write it as +<country><number>',
    });
  });
});

describe('a spelling that networks and address books still use is read as the number that it is today', () => {
  test.each<[string, CountryCode | undefined, string]>([
    ['+52 1 55 5555 0101', undefined, '+525555550101'],
    ['0052 1 55 5555 0101', undefined, '+525555550101'],
    ['5215555550101', 'MX', '+525555550101'],
    ['044 55 5555 0101', 'MX', '+525555550101'],
    ['01 55 5555 0101', 'MX', '+525555550101'],
    ['+54 9 11 15 5555 0102', undefined, '+5491155550102'],
    ['+54 11 15 5555 0102', undefined, '+5491155550102'],
    ['011 15 5555 0102', 'AR', '+5491155550102'],
    ['+55 11 9123 4567', undefined, '+5511991234567'],
    ['11 9123 4567', 'BR', '+5511991234567'],
    ['0 15 11 8123 4567', 'BR', '+5511981234567'],
    ['+229 97 12 34 56', undefined, '+2290197123456'],
    ['97 12 34 56', 'BJ', '+2290197123456'],
  ])('%s in %s', (input, country, phone) => {
    expect(parsePhone(input, country)).toEqual({ ok: true, phone });
  });

  test.each<[string, CountryCode | undefined]>([
    ['+225 07 12 34 56', undefined],
    ['+52 2 55 5555 0101', undefined],
    // 1 and ten digits may be a number of North America.
    ['1 415 555 0123', 'MX'],
  ])('but nothing is guessed: %s in %s', (input, country) => {
    expect(parsePhone(input, country).ok).toBe(false);
  });
});

describe('an impossible phone number is rejected, with any default country', () => {
  test.each([
    '+',
    '00',
    '0000123',
    '+123',
    '+0123456789',
    '+999123456789',
    '+601234567890123456789',
    '++60123456789',
    '00+60123456789',
    '+60+123456789',
    '+60123456789\u0000',
    '+6012\u00003456789',
    `+${'0'.repeat(100_000)}`,
    '+'.repeat(100_000),
    '('.repeat(100_000),
  ])('%.40j', (input) => {
    const refused = { ok: false, message: 'not a possible phone number: write it as +<country><number>, for example +60123456789' };
    expect(parsePhone(input, 'MY')).toEqual(refused);
    if (hasCountryCode(input)) expect(parsePhone(input)).toEqual(refused);
  });

  test.each<[string, CountryCode]>([
    ['112', 'MY'],
    ['911', 'US'],
    ['', 'MY'],
    ['alice', 'MY'],
    ['call 012-345 6789', 'MY'],
    ['012-345 6789 x 12', 'MY'],
  ])('%j in %s', (input, country) => {
    expect(parsePhone(input, country).ok).toBe(false);
  });
});

describe('a premium-rate number is refused, in any country and format', () => {
  test.each<[string, CountryCode | undefined]>([
    ['+44 909 879 0123', undefined],
    ['0909 879 0123', 'GB'],
    ['+1 900 234 5678', undefined],
    ['+49 900 1234567', undefined],
    ['+33 899 12 34 56', undefined],
    ['+979 123 456 789', undefined],
  ])('%s', (input, country) => {
    expect(parsePhone(input, country)).toEqual({
      ok: false,
      message: 'is a premium-rate number, whose owner earns from every message: not allowed',
    });
  });

  test.each([
    ['of shared cost, which its holder pays a part of', '+49 180 1234567'],
    ['toll-free', '+1 800 234 5678'],
    ['personal, as Twilio’s magic ones are', '+1 500 555 0006'],
    ['fictional', '+1 202 555 0100'],
    ['of the simulated provider', '+60123450001'],
  ])('and one that is not is not: %s', (_name, input) => {
    expect(parsePhone(input).ok).toBe(true);
  });
});

describe('a number outside the ranges that its country has assigned passes with a warning', () => {
  test.each([
    ['+1 202 555 0123', undefined],
    ['+60123456789', undefined],
    ['+1 999 999 9999', 'the number is outside the ranges assigned in its country'],
    ['+86 299 9999 9999', 'the number is outside the ranges assigned in its country'],
  ])('%s', (input, warning) => {
    const verdict = parsePhone(input);
    expect(verdict).toMatchObject({ ok: true });
    expect(verdict.ok && verdict.warning).toBe(warning);
  });
});

test.each([
  ['+12025550123', true],
  ['+447911123456', true],
  ['+19999999999', false],
  ['+8629999999999', false],
  ['+999123456789', false],
  ['', false],
])('whether %j is valid is %s', (phone, valid) => {
  expect(isValidPhone(phone as E164)).toBe(valid);
});

const someNumber = fc
  .tuple(
    fc.constantFrom('1', '7', '44', '49', '60', '65', '86', '91', '353', '683', '800', '999', '0'),
    fc.integer({ min: 0, max: 99_999_999_999 }),
  )
  .map(([code, rest]) => `+${code}${rest}`);
const anyInput = fc.oneof(
  someNumber,
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...'+0123456789 ().-/xtel:;='.split('')), maxLength: 40 }),
);
const anyCountry = fc.constantFrom<(CountryCode | undefined)[]>(undefined, 'MY', 'US', 'CN', 'GB', 'IT', 'RU', 'AR');

describe('any input', () => {
  test('is answered, and a normalised number is E.164 and normalises to itself, in every country', () => {
    fc.assert(
      fc.property(anyInput, anyCountry, anyCountry, (input, country, another) => {
        const verdict = parsePhone(input, country);
        if (!verdict.ok) return;
        expect(verdict.phone).toMatch(/^\+[1-9]\d{4,14}$/);
        expect(normal(verdict.phone, another)).toBe(verdict.phone);
      }),
      { numRuns: 500 },
    );
  });

  test('means the same number with and without what is written between its digits', () => {
    fc.assert(
      fc.property(someNumber, fc.constantFrom(' ', '-', '.', '\u00a0'), (number, separator) => {
        const spaced = number.replace(/(?<=\d{2})\d(?=\d{2})/g, (digit) => `${separator}${digit}`);
        expect(parsePhone(spaced)).toEqual(parsePhone(number));
      }),
      { numRuns: 300 },
    );
  });
});

describe('a mask', () => {
  test.each([
    ['+60123456789', '+60*******789'],
    ['+12025550123', '+1*******123'],
    ['+8613800138000', '+86*******000'],
    ['+353851234567', '+353*******567'],
    ['+6834000', '+683*******000'],
    ['+999123456789', '+99*******789'],
    ['', '+*******'],
  ])('of %s is %s', (phone, masked) => {
    expect(maskPhone(phone)).toBe(masked);
  });

  test('shows no more of a number than its calling code and its last three digits', () => {
    fc.assert(
      fc.property(someNumber, (number) => {
        const verdict = parsePhone(number);
        fc.pre(verdict.ok);
        const phone = (verdict as { phone: E164 }).phone;
        const [, code, stars, end] = /^\+(\d+)(\*{3,})(\d{3})$/.exec(maskPhone(phone)) ?? [];
        expect(code).toBe(callingCode(phone));
        expect(end).toBe(phone.slice(-3));
        expect(stars).toHaveLength(7);
      }),
      { numRuns: 300 },
    );
  });

  test('of any input that is not a number shows six digits at most', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        expect(maskPhone(input).replace(/\D/g, '').length).toBeLessThanOrEqual(6);
      }),
    );
  });
});

describe('numbers in the text of other programs', () => {
  test.each([
    ['call +60123456789 now', 'call +60*******789 now'],
    ['+60 12-345 6789', '+60*******789'],
    ['60123456789 and 12025550123', '+60*******789 and +1*******123'],
    ['(202) 555-0123 is busy', '(+20*******123 is busy'],
    ['dial 555-0123', 'dial +55*******123'],
    ['error 21610', 'error 21610'],
    ['order 123456', 'order 123456'],
    ['port 6379, 1600 characters', 'port 6379, 1600 characters'],
    ['\uff0b\uff16\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19', '+60*******\uff17\uff18\uff19'],
    ['call 012\u2011345\u00a06789', 'call +01*******789'],
  ])('%j: %j', (text, masked) => {
    expect(maskNumbers(text)).toBe(masked);
  });
});

test.each([
  ['+60123456789', '60'],
  ['+12025550123', '1'],
  ['+80012345678', '800'],
])('the calling code of %s is %s', (phone, code) => {
  expect(callingCode(phone as E164)).toBe(code);
});

describe('two spellings of one mobile are one phone', () => {
  test.each([
    ['+54 9 11 5555-0102', '+54 11 5555-0102'],
    ['+54 9 351 555 0102', '+54 351 15 555 0102'],
    ['+54 9 2982 12 3456', '+54 2982 12 3456'],
    ['+55 11 99123-4567', '+55 11 9123-4567'],
    ['+55 11 97654-3210', '+55 11 7654-3210'],
    ['+52 55 5555 0101', '+52 1 55 5555 0101'],
    ['+970 59 123 4567', '+972 59 123 4567'],
  ])('%s and %s', (one, other) => {
    const [first, second] = [one, other].map((input) => phoneHash(normal(input) as E164));
    expect(second).toBe(first);
  });

  test.each([
    ['+54 11 5555-0102', '+54 11 5555-0103'],
    ['+55 11 2345-6789', '+55 11 92345-6789'],
    ['+55 11 3654-3210', '+55 11 93654-3210'],
    ['+972 52 123 4567', '+970 52 123 4567'],
  ])('%s and %s are two', (one, other) => {
    const [first, second] = [one, other].map((input) => phoneHash(normal(input) as E164));
    expect(second).not.toBe(first);
  });

  test('each stays as it is written, for vendors differ in which they take', () => {
    expect([normal('+54 11 5555-0102'), normal('+54 9 11 5555-0102')]).toEqual(['+541155550102', '+5491155550102']);
  });

  test('what was kept under the other spelling is still found', () => {
    // Written down: the hashes under which version 0.9 kept these two numbers.
    const before = ['+541155550102', '+5491155550102'].map((phone) => hash('phone', phone));
    expect([...phoneHashes('+541155550102' as E164)].sort()).toEqual([...before].sort());
    expect(phoneHashes('+541155550102' as E164)).toEqual(phoneHashes('+5491155550102' as E164));
    expect(phoneHashes('+60123456789' as E164)).toEqual([phoneHash('+60123456789' as E164)]);
  });
});

describe('the sender of a text is known', () => {
  test.each<[string, CountryCode | undefined, string, string]>([
    ['+60123456789', undefined, '+60123456789', '+60*******789'],
    ['60123456789', undefined, '+60123456789', '+60*******789'],
    [' 60123456789', undefined, '+60123456789', '+60*******789'],
    ['0060123456789', undefined, '+60123456789', '+60*******789'],
    ['0123456789', 'MY', '+60123456789', '+60*******789'],
    ['4915112345678', 'DE', '+4915112345678', '+49*******678'],
    ['whatsapp:+60123456789', undefined, '+60123456789', '+60*******789'],
    ['+5215555550101', undefined, '+525555550101', '+52*******101'],
    ['5215555550101', undefined, '+525555550101', '+52*******101'],
    ['+22507123456', undefined, '+22507123456', '+225*******456'],
    ['12345', undefined, '+12345', '12345'],
    ['\u202a+60123456789\u202c', undefined, '+60123456789', '+60*******789'],
  ])('%s in %s', (from, country, phone, shown) => {
    expect(identifySender(from, country)).toEqual({ hashes: phoneHashes(phone as E164), shown });
  });

  test.each([
    ['BANK', 'BANK'],
    ['T-Mobile', 'T-MOBILE'],
    ['', 'unknown sender'],
    ['\u001b[31mred', 'unknown sender'],
    ['Call 0123456789', 'unknown sender'],
  ])('by its letters where it is a name: %j', (from, shown) => {
    const { hashes, ...rest } = identifySender(from);
    expect(rest).toEqual({ shown });
    expect(hashes).toEqual(identifySender(from.toLowerCase()).hashes);
    expect(hashes).not.toEqual(identifySender('OTHER').hashes);
  });
});

test('a hash identifies one number, and reveals no digits of it', () => {
  const hashes = Array.from({ length: 1000 }, (_, n) => phoneHash(`+6012345${String(n).padStart(4, '0')}` as E164));
  expect(new Set(hashes).size).toBe(1000);
  expect(hashes.every((hash) => /^[\w-]{22}$/.test(hash))).toBe(true);
  // Written down: a new formula would forget every cap slot and claim that Redis holds.
  expect(phoneHash('+60123456789' as E164)).toBe('sRn3t2Zk_50PhuBjB5I-mE');
});

test('reads the numbers of a config of 20,000 contacts once, however often they are asked for', () => {
  const numbers = Array.from({ length: 20_000 }, (_, n) => `+6012${3_000_000 + n}`);
  const cpuMs = () => {
    const before = process.cpuUsage();
    for (const number of numbers) parsePhone(number);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  const first = cpuMs();
  expect(cpuMs()).toBeLessThan(first / 2);
});
