import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePhone } from '../../../src/alert/phone/phone.ts';
import { maskEntry } from '../../../src/alert/phone/phone-text.ts';

function message(input: string): string | undefined {
  const verdict = parsePhone(input, 'MY');
  return verdict.ok ? undefined : verdict.message;
}

describe('what a person reads right is read right', () => {
  test.each([
    ['Arabic-Indic digits', '\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669'],
    ['Arabic-Indic digits with a plus', '+\u0666\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669'],
    ['Persian digits', '+\u06f6\u06f0\u06f1\u06f2\u06f3\u06f4\u06f5\u06f6\u06f7\u06f8\u06f9'],
    ['Devanagari digits', '+\u096c\u0966\u0967\u0968\u0969\u096a\u096b\u096c\u096d\u096e\u096f'],
    ['Bengali digits', '\u09e6\u09e7\u09e8\u09e9\u09ea\u09eb\u09ec\u09ed\u09ee\u09ef'],
    ['mathematical digits', '\u{1d7ce}\u{1d7cf}\u{1d7d0}\u{1d7d1}\u{1d7d2}\u{1d7d3}\u{1d7d4}\u{1d7d5}\u{1d7d6}\u{1d7d7}'],
    ['full-width digits and plus', '\uff0b\uff16\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19'],
    ['full-width brackets', '\uff08\uff0b60\uff09123456789'],
    ['narrow no-break spaces', '+60\u202f12\u202f345\u202f6789'],
    ['figure spaces', '+60\u200712\u2007345\u20076789'],
    ['no-break and ideographic spaces', '+60\u00a012\u3000345 6789'],
    ['a TAB', '+60\t12\t3456789'],
    ['a zero-width space before it', '\u200b+60123456789'],
    ['zero-width spaces and joiners in it', '+60\u200b12\u200d345\u20606789'],
    ['an Arabic letter mark', '\u061c+60123456789'],
    ['direction marks', '\u200e\u202a+60123456789\u202c'],
    ['isolates', '\u2066+60123456789\u2069'],
    ['a byte order mark', '\ufeff+60123456789'],
    ['soft hyphens', '+60\u00ad12\u00ad3456789'],
    ['keycap emoji', '+6\ufe0f\u20e30\ufe0f\u20e3123456789'],
    ['variation selectors', '+60123\ufe0d456789\ufe0f'],
    ['a telephone before it', '\u{1f4de} +60123456789'],
    ['minus signs and figure dashes', '+60\u221212\u20123456789'],
    ['middle dots', '+60\u00b712\u00b73456789'],
    ['fraction slashes', '+60\u204412\u20443456789'],
    ['the apostrophe of a spreadsheet', "'+60123456789"],
    ['a full stop after it', '+60123456789.'],
    ['a tel URI', 'tel:+60-12-345-6789'],
    ['a tel URI with slashes', 'tel://+60123456789'],
    ['an sms URI', 'sms:+60123456789'],
    ['a tel URI with its context', 'tel:12-345-6789;phone-context=+60'],
    ['a context that it begins with', '+60123456789;phone-context=+60'],
    ['a context without tel', '0123456789;phone-context=+60'],
  ])('%s', (_what, input) => {
    expect(parsePhone(input, 'MY')).toEqual({ ok: true, phone: '+60123456789' });
  });

  test('the context of a tel URI is its country, with any default country', () => {
    expect(parsePhone('tel:202-555-0123;phone-context=+1', 'MY')).toEqual({ ok: true, phone: '+12025550123' });
    expect(parsePhone('tel:555-0123;phone-context=+1-202')).toEqual({ ok: true, phone: '+12025550123' });
  });
});

describe('what is no single phone number is refused by its name', () => {
  test.each([
    '60123456789.0',
    '+60123456789.0',
    '60123456789.00',
    '60123456789,0',
    '60123456789,00',
    '60123456789.000000',
    '60123456789.5',
    '60123456789.0000001',
    '6.01E+10',
    '6.0123456789E10',
    '6,01234E+10',
    '6e10',
    '+6.01e+010',
    '6.01\u00d710^10',
    '60,123,456,789',
    '60,123,456,789.00',
    '60.123.456.789,00',
    '60 123 456 789,00',
    "60'123'456'789",
    '6,01,23,45,67,890',
    '+60 12-345 6789.0',
    '012-345 6789.00',
    '="+60123456789"',
    '\u0666\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669\u066b\u0660',
    '\u0666\u066b\u0660\u0661E+\u0661\u0660',
  ])('a spreadsheet number: %s', (input) => {
    expect(message(input)).toContain('looks like a spreadsheet number');
  });

  test.each(['+60.12.345.6789', '+33.1.23.45.67.00', '60.123.456.789', '+49 30.1234567'])(
    'but dots between groups are none: %s',
    (input) => {
      expect(message(input)).toBeUndefined();
    },
  );

  test.each(['whatsapp:+60123456789', 'WhatsApp: +60 12-345 6789', 'viber:+60123456789', 'sip:+60123456789', 'mailto:60123456789@a.b'])(
    'another channel: %s',
    (input) => {
      expect(message(input)).toContain('is an address of another channel (');
    },
  );

  test.each([
    '+1 202 555 0123 ext. 5',
    '+1 202 555 0123 ext5',
    '+1 202 555 0123 Extension 12',
    '+1 202 555 0123 x5',
    '+1 202 555 0123x5',
    '+1 202 555 0123;ext=5',
    'tel:+12025550123;ext=5',
    'tel:+12025550123;isub=5',
    '+1 202 555 0123,,5',
    '+1 202 555 0123 #5',
    '+1 202 555 0123~5',
    '+1 202 555 0123 - 503#',
    '+54 11 5555 0102 int. 5',
    '+33 1 23 45 67 89 poste 12',
    '+7 912 345 67 89 \u0434\u043e\u0431. 5',
    '+86 10 6552 9988 \u8f6c 5 \u5206\u673a 5',
    '+49 30 1234567 Durchwahl 12',
  ])('an extension: %s', (input) => {
    expect(message(input)).toContain('has an extension');
  });

  test.each([
    '+1 800 FLOWERS',
    '1-800-GOT-JUNK',
    '+60 12345678O',
    '+60123456789 or so',
    'call 012-345 6789',
    'mobile: +60123456789',
    '+6O123456789',
    'call me',
    '0xx11 91234 5678',
  ])('letters: %s', (input) => {
    expect(message(input)).toContain('contains letters');
  });

  test.each([
    '+60123456789,+60123456780',
    '+60123456789 +60123456780',
    '+60123456789+60123456780',
    '+60123456789; +60123456780',
    '+60123456789/+60123456780',
    '+60123456789 | +60123456780',
    '+60123456789 & +60123456780',
    '+60123456789 or +60123456780',
    '012-345 6789 / 012-345 6780',
    '012-345 6789/0',
    '012-345 6789\n012-345 6780',
    '012-345 6789\u2028012-345 6780',
    '012-345 6789 012-345 6780',
  ])('two numbers: %j', (input) => {
    expect(message(input)).toContain('contains two numbers');
  });

  test('two numbers that would be one long number of a country whose numbers may have any length', () => {
    for (const input of ['030 12345 / 12346', '030 12345 030 12346', '030 12345\n030 12346']) {
      expect(parsePhone(input, 'DE')).toMatchObject({ ok: false, message: expect.stringContaining('contains two numbers') });
    }
    expect(parsePhone('030 / 1234567', 'DE')).toEqual({ ok: true, phone: '+49301234567' });
    expect(parsePhone('0151/23456789', 'DE')).toEqual({ ok: true, phone: '+4915123456789' });
  });

  test.each([
    'tel:012-345-6789;phone-context=example.com',
    '+60123456789;phone-context=+1',
    '0123456789;phone-context=',
    '0123456789;phone-context=60',
  ])('a phone-context that is no country code: %s', (input) => {
    expect(message(input)).toContain('has a phone-context');
  });

  test.each([
    '+60123456789\u00b2',
    '+60123456789\u2460',
    '+60_12_3456789',
    '+60123456789?',
    '*31#+60123456789',
    '00+60123456789',
    '+60123456789\u0007',
  ])('anything else: %j', (input) => {
    expect(message(input)).toContain('not a possible phone number');
  });
});

describe('a refused entry is shown', () => {
  test.each([
    ['60123456789.0', '601*******9.0'],
    ['whatsapp:+60123456789', 'wha*******789'],
    ['\u202a+60123456789\u202c', '+60*******789'],
    ['+12', '+12'],
    ['+60123456789\u001b[31m', '+60*******31m'],
    ['\uff0b\uff16\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19', '+60*******789'],
  ])('%j as %s', (input, shown) => {
    expect(maskEntry(input)).toBe(shown);
  });

  test('with six characters at most, none of which a terminal would obey', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (input) => {
        const shown = maskEntry(input);
        expect([...shown.replace('*******', '')].length).toBeLessThanOrEqual(6);
        expect(shown).not.toMatch(/\p{C}/u);
      }),
    );
  });
});
