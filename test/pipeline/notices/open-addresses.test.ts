import { expect, test } from 'vitest';
import type { E164 } from '../../../src/alert/phone/phone.ts';
import { openAddresses } from '../../../src/pipeline/notices/notifier.ts';
import type { AddressBook } from '../../../src/pipeline/routing/recipients.ts';

const NOW = new Date('2026-11-20T03:00:00Z');
const contact = (n: number, email?: string) => ({
  phone: `+6012345678${n}` as E164,
  consent: false,
  ...(email === undefined ? {} : { email }),
});
const book: AddressBook = {
  contacts: new Map([
    ['alice', contact(1, 'alice@example.com')],
    ['bob', contact(2)],
    ['carol', contact(3, 'carol@example.com')],
  ]),
  groups: new Map([
    ['team', ['alice', 'bob']],
    ['all', ['group:team', 'rotation:primary']],
  ]),
  rotations: new Map([
    ['primary', { timeZone: 'UTC', shifts: [{ days: [1, 2, 3, 4, 5, 6, 7], from: 0, to: 0, contacts: ['carol'] }], overrides: [] }],
  ]),
  defaultCountry: undefined,
};

test.each<[to: string[], addresses: string[]]>([
  [['ops@example.com'], ['ops@example.com']],
  [['contact:alice', 'contact:bob'], ['alice@example.com']],
  [['group:team', 'alice@example.com'], ['alice@example.com']],
  [
    ['group:all', 'contact:alice'],
    ['alice@example.com', 'carol@example.com'],
  ],
  [['contact:gone', 'group:gone'], []],
])('%j are the addresses %j', (to, addresses) => {
  expect(openAddresses(to, book, NOW)).toEqual(addresses);
});
