import { describe, expect, test } from 'vitest';
import type { E164 } from '../../../src/alert/phone/phone.ts';
import { systemClock } from '../../../src/clock.ts';
import { directoryOf } from '../../../src/pipeline/routing/directory.ts';
import { type AddressBook, openRecipients, type Recipient } from '../../../src/pipeline/routing/recipients.ts';

const phone = (number: string) => number as E164;
const ALICE = phone('+60123456789');
const BOB = phone('+6581234567');
const CAROL = phone('+8613800138000');

const DAVE = phone('+4915123456789');
const WISHES = { language: 'de', timeZone: 'Europe/Berlin', quietHours: 'off' } as const;
/** A Friday, 11:00 in Kuala Lumpur. */
const NOW = new Date('2026-11-20T03:00:00Z');

const BOOK: AddressBook = {
  contacts: new Map([
    ['alice', { phone: ALICE, consent: true }],
    ['bob', { phone: BOB, consent: true }],
    ['carol', { phone: CAROL, consent: false }],
    ['carol-at-work', { phone: CAROL, consent: true }],
    ['team:night', { phone: BOB, consent: true }],
    ['dave', { phone: DAVE, consent: true, ...WISHES }],
    ['dave-at-work', { phone: DAVE, consent: false, language: 'ms' }],
  ]),
  groups: new Map([
    ['oncall', ['alice', 'bob']],
    ['all', ['alice', 'bob', 'carol']],
    ['empty', []],
    ['stale', ['gone', 'bob']],
    ['company', ['dave', 'group:it', 'group:oncall']],
    ['it', ['group:dba', 'rotation:primary']],
    ['dba', ['bob', 'group:it']],
    ['duty', ['rotation:gone', 'rotation:primary']],
  ]),
  rotations: new Map([
    [
      'primary',
      {
        timeZone: 'Asia/Kuala_Lumpur',
        shifts: [
          { days: [5], from: 9 * 60, to: 18 * 60, contacts: ['alice', 'gone'] },
          { days: [5], from: 18 * 60, to: 9 * 60, contacts: ['bob'] },
        ],
        overrides: [],
      },
    ],
  ]),
  defaultCountry: 'MY',
};

const alice: Recipient = { phone: ALICE, contact: 'alice', consent: true };
const bob: Recipient = { phone: BOB, contact: 'bob', consent: true };
const dave: Recipient = { phone: DAVE, contact: 'dave', consent: true, ...WISHES };

describe('the recipients of an alert', () => {
  test.each<[name: string, to: readonly string[] | undefined, recipients: Recipient[]]>([
    ['are nobody when it names nobody', undefined, []],
    ['are a bare number, for whose consent the producer vouches', [ALICE], [{ phone: ALICE, consent: true, vouched: true }]],
    ['are a number as the default country writes it', ['012-345 6789'], [{ phone: ALICE, consent: true, vouched: true }]],
    ['are a contact with its name', ['contact:alice'], [alice]],
    [
      'are a contact that has not consented, which is for a gate to say',
      ['contact:carol'],
      [{ phone: CAROL, contact: 'carol', consent: false }],
    ],
    ['are the members of a group, in its order', ['group:oncall'], [alice, bob]],
    ['are nobody when the group is empty', ['group:empty'], []],
    ['are those members of a group that there are', ['group:stale'], [bob]],
    ['stand in the order of the alert', ['contact:bob', 'contact:alice'], [bob, alice]],
    [
      'get one text each, however often they are named',
      ['contact:alice', 'group:oncall', 'contact:alice', 'group:all', ALICE],
      [alice, bob, { phone: CAROL, contact: 'carol', consent: false }],
    ],
    [
      'get one text each, however their number is written',
      [ALICE, '0060 12 345 6789', '(012) 345-6789'],
      [{ phone: ALICE, consent: true, vouched: true }],
    ],
    [
      'get one text each, whichever of its two spellings their mobile has',
      ['+54 9 11 5555-0102', '+54 11 5555-0102', '+52 1 55 5555 0101', '+52 55 5555 0101', '+55 11 8123-4567', '+55 11 98123-4567'],
      ['+5491155550102', '+525555550101', '+5511981234567'].map((number) => ({ phone: phone(number), consent: true, vouched: true })),
    ],
    ['keep the first name that their phone was given', ['contact:bob', 'contact:team:night'], [bob]],
    [
      'are vouched for when their number stands beside their name',
      ['contact:carol', CAROL],
      [{ phone: CAROL, contact: 'carol', consent: true, vouched: true }],
    ],
    ['are vouched for in any order', [CAROL, 'contact:carol'], [{ phone: CAROL, consent: true, vouched: true }]],
    [
      'have consented when one of two contacts of one phone has',
      ['contact:carol', 'contact:carol-at-work'],
      [{ phone: CAROL, contact: 'carol-at-work', consent: true }],
    ],
    [
      'have consented in any order',
      ['contact:carol-at-work', 'group:all'],
      [{ phone: CAROL, contact: 'carol-at-work', consent: true }, alice, bob],
    ],
    ['bring what their contact says of itself', ['contact:dave'], [dave]],
    ['bring nothing of another contact of their phone', ['contact:dave-at-work', 'contact:dave'], [dave]],
    ['are the members of groups in groups, each once, even where these hold each other', ['group:company'], [dave, bob, alice]],
    ['are whoever is on call', ['rotation:primary'], [alice]],
    ['are whoever is on call of a group', ['group:duty', 'contact:bob'], [alice, bob]],
    ['may have a colon in their name', ['contact:team:night'], [{ phone: BOB, contact: 'team:night', consent: true }]],
    [
      'are not made of what only looks like one',
      ['contact:gone', 'group:gone', 'contactX', 'groups', 'contact', ':', '', '12', 'contact:constructor', 'rotation:gone', 'rotation:'],
      [],
    ],
  ])('%s', (_name, to, recipients) => {
    expect(openRecipients(to, BOOK, NOW)).toEqual(recipients);
  });
});

test('the contact on call changes with the time', () => {
  const evening = new Date('2026-11-20T10:00:00Z');
  expect(openRecipients(['rotation:primary', 'group:it'], BOOK, evening)).toEqual([bob]);
  const sunday = new Date('2026-11-22T10:00:00Z');
  expect(openRecipients(['rotation:primary'], BOOK, sunday)).toEqual([]);
});

describe('names in the config', () => {
  const template = { text: 'Your code is {code}, {code}, valid {minutes} minutes' };
  const directory = directoryOf({ ...BOOK, templates: new Map([['login-code', template]]), routes: [], providers: new Map() }, systemClock);

  test('contacts, groups and what templates ask for', () => {
    expect([directory.hasContact?.('alice'), directory.hasContact?.('constructor'), directory.hasContact?.('oncall')]).toEqual([
      true,
      false,
      false,
    ]);
    expect([directory.hasGroup?.('oncall'), directory.hasGroup?.('constructor'), directory.hasGroup?.('alice')]).toEqual([
      true,
      false,
      false,
    ]);
    expect([directory.hasRotation?.('primary'), directory.hasRotation?.('constructor'), directory.hasRotation?.('oncall')]).toEqual([
      true,
      false,
      false,
    ]);
    expect([directory.templateParams?.('login-code'), directory.templateParams?.('other')]).toEqual([['code', 'minutes'], undefined]);
    expect(directory).toMatchObject({ defaultCountry: 'MY', strictNumbers: true });
  });

  test('how many phones an alert comes to', () => {
    expect(directory.countPhones?.(['group:all', 'contact:alice', 'contact:bob', '012-345 6789', '+12025550123'])).toBe(4);
  });
});
