import { describe, expect, test } from 'vitest';
import { loadYaml, minimal } from '../load-yaml.ts';

const alice = (more = '') => `contacts: { alice: { phone: "+60123456789", consent: true${more} } }`;
const rotation = (...shifts: string[]) =>
  `${alice()}\nrotations:\n  primary:\n    timeZone: Asia/Kuala_Lumpur\n    shifts:\n${shifts.map((shift) => `      - { ${shift}, contacts: [alice] }\n`).join('')}`;

function warnings(more: string): string[] {
  return loadYaml(minimal(more)).warnings.map(({ path, message, hint }) => `${path}: ${message}${hint === undefined ? '' : ` (${hint})`}`);
}

const IDLE = '(alerts to this rotation reach no phone during these hours)';

describe('a rotation warns of the hours without a contact on call', () => {
  test.each<[name: string, shifts: string[], lines: string[]]>([
    ['none, all day every day', ['days: [mon, tue, wed, thu, fri, sat, sun]'], []],
    ['none, in two shifts a day', ['from: "08:00", to: "20:00"', 'from: "20:00", to: "08:00"'], []],
    [
      'a weekend',
      ['days: [mon, tue, wed, thu]', 'days: [fri], to: "18:00"', 'days: [sun], from: "22:30"'],
      [`rotations.primary.shifts: no contact is on call from Fri 18:00 to Sun 22:30 ${IDLE}`],
    ],
    [
      'the end of the week and its beginning as one',
      [
        'days: [mon], from: "09:00", to: "09:00"',
        'days: [tue, wed, thu, fri], from: "09:00", to: "09:00"',
        'days: [sat], from: "09:00", to: "18:00"',
      ],
      [`rotations.primary.shifts: no contact is on call from Sat 18:00 to Mon 09:00 ${IDLE}`],
    ],
    [
      'many, of which it names three',
      ['days: [mon, tue, wed, thu, fri], from: "09:00", to: "18:00"'],
      [
        `rotations.primary.shifts: no contact is on call from Mon 18:00 to Tue 09:00, Tue 18:00 to Wed 09:00, Wed 18:00 to Thu 09:00 and 2 more times a week ${IDLE}`,
      ],
    ],
    [
      'the last minute of the week',
      ['days: [mon, tue, wed, thu, fri, sat]', 'days: [sun], to: "23:59"'],
      [`rotations.primary.shifts: no contact is on call from Sun 23:59 to Mon 00:00 ${IDLE}`],
    ],
  ])('%s', (_name, shifts, lines) => {
    expect(warnings(rotation(...shifts))).toEqual(lines);
  });
});

describe('a contact', () => {
  test.each<[name: string, yaml: string, lines: string[]]>([
    [
      'outside the countries gets no texts',
      `${alice()}\ncountries: [65, 86]`,
      ['contacts.alice.phone: receives no messages: +60 is not in countries (countries: 65, 86)'],
    ],
    ['inside them does', `${alice()}\ncountries: [65, 60]`, []],
    [
      'whose language no template has is told so',
      `${alice(', language: ms')}\ntemplates: { login: { text: Code, languages: { de: { text: Kode } } } }`,
      ['contacts.alice.language: no template has this language: messages are sent in en'],
    ],
    [
      'whose language a template has is not',
      `${alice(', language: ms')}\ntemplates: { login: { text: Code, languages: { ms: { text: Kod } } } }`,
      [],
    ],
    ['nor one who speaks the default', `${alice(', language: MS')}\ndefaultLanguage: ms`, []],
    ['nor one whose language a template has in general', `${alice(', language: zh-Hans')}\ndefaultLanguage: zh`, []],
  ])('%s', (_name, yaml, lines) => {
    expect(warnings(yaml)).toEqual(lines);
  });
});
