import { describe, expect, test } from 'vitest';
import { isMailAddress, isMailSender } from '../../src/setting/mail-address.ts';
import { faultLines, loadYaml, minimal } from '../config/load-yaml.ts';

const GOOD = [
  'ops@x.example',
  'ops+a@x.example',
  'ops@bücher.example',
  '用户@例え.jp',
  'root@localhost',
  'a@[192.0.2.1]',
  "o'neil@x.example",
];
const BAD = [
  'Ops',
  'a@b@c',
  'a b@c.d',
  'a@b..c',
  'a@-b.c',
  'a@',
  '@b',
  'a@b.c\n',
  '.a@b.c',
  'a@b_c.d',
  'a@b.c.',
  'a@b.c, d@e.f',
  '<a@b.c>',
];

const withMail = (address: string) =>
  minimal(
    `contacts: { a: { phone: "+60123456789", consent: true, email: ${JSON.stringify(address)} } }\nchannels: { m: { type: email, smtp: "smtp://x", from: ${JSON.stringify(address)}, to: [ ${JSON.stringify(address)} ] } }`,
  );

describe('an e-mail address is judged alike as that of a contact, a receiver and the sender', () => {
  test.each(GOOD)('%s is one', (address) => {
    expect(loadYaml(withMail(address)).config.contacts.get('a')?.email).toBe(address);
  });

  test.each(BAD.filter((address) => address !== '<a@b.c>'))('%j is none', (address) => {
    expect(isMailAddress(address)).toBe(false);
    const places = faultLines(withMail(address)).map((line) => /^c\.yaml:\d+ (\S+): /.exec(line)?.[1]);
    expect(places).toEqual(['contacts.a.email', 'channels.m.from', 'channels.m.to[0]']);
  });
});

test.each([
  ['Ops <ops@x.example>', true],
  ['<ops@x.example>', true],
  ['"Ops, Team" <ops@x.example>', true],
  ['Öps <o@bücher.example>', true],
  ['Ops, Team <ops@x.example>', false],
  ['Ops <ops>', false],
  ['Ops <a@b.c> x', false],
  ['Ops\nBcc: x <a@b.c>', false],
  ['a@b.c <d@e.f>', false],
])('a sender %j: %s', (sender, isOne) => {
  expect(isMailSender(sender)).toBe(isOne);
});
