import fc from 'fast-check';
import { type CountryCode, getExampleNumber } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { describe, expect, test } from 'vitest';
import { maskNumbers } from '../../../src/alert/phone/phone.ts';
import { maskNumbers as maskInConfig } from '../../../src/config/printable.ts';

const digits = (text: string) => text.replace(/\D/g, '');
const NUMBERS = Object.keys(examples).map((country) => getExampleNumber(country as CountryCode, examples));

describe('a phone number is masked', () => {
  const written = NUMBERS.flatMap((number) => {
    if (number === undefined) return [];
    const e164 = number.number;
    return [
      e164,
      `00${e164.slice(1)}`,
      e164.slice(1),
      number.formatInternational(),
      number.formatInternational().replaceAll(' ', '-'),
      number.formatInternational().replaceAll(' ', '.'),
      number.formatNational(),
    ]
      .filter((text) => digits(text).length >= 7)
      .map((text) => [text, number.nationalNumber] as const);
  });

  test.each([
    ['the runtime', maskNumbers],
    ['the config', maskInConfig],
  ])('by %s, of every country and in every format, alone and in a sentence', (_where, mask) => {
    for (const [text, national] of written) {
      for (const around of [text, `call ${text} now`, `to=${text};`, `"${text}"`, `at 2026-11-20 ${text}`]) {
        const masked = mask(around);
        expect([around, masked === around]).toEqual([around, false]);
        expect([around, digits(masked).includes(national)]).toEqual([around, false]);
      }
    }
  });

  test.each([
    '+852 20261120',
    '+60 1700000000123',
    '+65 2026-11-20',
    '2026-11-20-60123456789',
    '0123456789 ms',
    '+60123456789 bytes',
    '60123456789.0',
    '+1 10.0.0.1234',
    '60 12.34.56.78 9',
    '852 20261120',
    '$+60123456789',
    '60-123-456-789',
  ])('%j', (text) => {
    expect(maskNumbers(text)).toContain('*');
    expect(maskInConfig(text)).toContain('*');
  });
});

describe('what is no phone number stays', () => {
  const stays = (text: string) => {
    expect(maskNumbers(text)).toBe(text);
    expect(maskInConfig(text)).toBe(text);
  };

  test.each([
    '2026-11-20T03:00:00Z',
    '2026-11-20T03:00:00.123+08:00',
    'from 2026-11-20 03:00:00 to 2026-11-21',
    '20261120',
    'backup-20261120T030000Z',
    '1073741824 bytes of 2147483648 bytes',
    '8589934592B',
    '12345678 ms',
    '86400000000us',
    'v20.19.12345',
    '192.168.100.200:6379',
    'at 1795160000000',
    '$1234567.50, USD 12345678 and 1234567 EUR',
    '12345678-1234-4234-8234-123456789012',
    'm-1234567890abcdefghijkl',
    '8f12345671a9b0c2',
    'port 65535, code 21211',
    '1,073,741,824',
  ])('%j', stays);

  test('any date and time', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('1970-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }), (date) => {
        const iso = date.toISOString();
        for (const text of [
          iso,
          iso.slice(0, 10),
          iso.slice(0, 19),
          iso.replace('T', ' ').slice(0, 16),
          iso.slice(0, 10).replaceAll('-', ''),
        ])
          stays(text);
      }),
    );
  });

  test('a hostile text of 50,000 characters takes no time that grows beyond its length', () => {
    for (const piece of ['1', '12 ', '1.', '2026-', 'a1', '$1', '+1', '1 1', 'v1.1', '٣']) {
      const started = process.cpuUsage().user;
      maskNumbers(piece.repeat(50_000 / piece.length));
      expect([piece, (process.cpuUsage().user - started) / 1000 < 3000]).toEqual([piece, true]);
    }
  });

  test('any byte count, duration and address', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 31 - 1 }), fc.constantFrom('bytes', 'B', 'ms', 'seconds'), fc.ipV4(), (count, unit, address) => {
        if (count > 0) stays(`${count * 1000} ${unit}`);
        stays(`connect to ${address}`);
      }),
    );
  });
});
