import { expect, it } from 'vitest';
import { exotelConfig } from '../../../src/provider/exotel/config.ts';

const GOOD = { type: 'exotel', sid: 'acme1', token: 't' };

function faults(given: unknown): string[] {
  const { error } = exotelConfig.safeParse(given);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

it('needs a sid and a token, and fills in the rest', () => {
  const config = exotelConfig.parse(GOOD);
  expect(config).toMatchObject({ domain: 'api.exotel.com', priority: 'high', timeoutMs: 15_000 });
  expect(JSON.stringify(config)).not.toContain('"t"');
});

it.each([
  ['a sid with a path in it', { ...GOOD, sid: 'acme1/../other' }, /^sid: must be the account's SID/],
  ['a domain that is a URL', { ...GOOD, domain: 'https://api.exotel.com' }, /^domain: must be a host name/],
  ['an empty key', { ...GOOD, key: '' }, /^key: secret is missing/],
  ['a priority that there is not', { ...GOOD, priority: 'urgent' }, /^priority: /],
  ['receipts that would be turned away', { ...GOOD, statusCallback: 'https://sms.example.com/r' }, /^receiptToken: is required/],
  ['a callback that is no URL', { ...GOOD, statusCallback: '/r', receiptToken: 'r' }, /^statusCallback: must be an absolute URL/],
])('says what is wrong with %s', (_what, given, message) => {
  expect(faults(given).join('\n')).toMatch(message);
});
