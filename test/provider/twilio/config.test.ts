import { describe, expect, it } from 'vitest';
import { twilioConfig } from '../../../src/provider/twilio/config.ts';

const GOOD = { type: 'twilio', accountSid: 'AC0123456789abcdef0123456789abcdef', authToken: 'token', from: '+15005550006' };

function faults(given: unknown): Record<string, string> {
  const { error } = twilioConfig.safeParse(given);
  return Object.fromEntries((error?.issues ?? []).map(({ path, message }) => [path.join('.'), message]));
}

it('fills in the defaults and wraps the token', () => {
  const config = twilioConfig.parse(GOOD);
  expect(config).toMatchObject({ type: 'twilio', accountSid: GOOD.accountSid, from: GOOD.from, timeoutMs: 15_000 });
  expect(config.authToken.reveal()).toBe('token');
  expect(JSON.stringify(config)).not.toContain('"token"');
  expect(config).not.toHaveProperty('timeout');
});

it('takes the keys of every provider', () => {
  const common = {
    baseUrl: 'http://127.0.0.1:9',
    timeout: '300ms',
    maxPerSecond: 0.5,
    maxConcurrent: 3,
    countries: ['60', 86, '+1'],
    receiptToken: 'r',
  };
  const config = twilioConfig.parse({ ...GOOD, ...common });
  expect(config).toMatchObject({
    baseUrl: 'http://127.0.0.1:9',
    timeoutMs: 300,
    maxPerSecond: 0.5,
    maxConcurrent: 3,
    countries: ['60', '86', '1'],
  });
  expect(config.receiptToken?.reveal()).toBe('r');
});

it('takes a Messaging Service in place of a sender', () => {
  const { from: _, ...rest } = GOOD;
  const messagingServiceSid = `MG${'0123456789ABCDEF'.repeat(2)}`;
  expect(twilioConfig.parse({ ...rest, messagingServiceSid })).toMatchObject({ messagingServiceSid });
});

it.each([
  [undefined, true],
  ['https://api.dublin.ie1.twilio.com', true],
  ['http://127.0.0.1:8080', false],
  ['https://twilio.com.proxy.example', false],
])('holds SIDs to the form that Twilio gives them unless a server of another name is called: %s', (baseUrl, strict) => {
  const { from: _, ...rest } = GOOD;
  const given = { ...rest, accountSid: 'ACtest', messagingServiceSid: 'MGtest', ...(baseUrl && { baseUrl }) };
  expect(Object.keys(faults(given))).toEqual(strict ? ['accountSid', 'messagingServiceSid'] : []);
});

describe('says what is wrong with', () => {
  const { from: _, ...senderless } = GOOD;
  it.each([
    ['no sender', senderless, 'from', /exactly one of from and messagingServiceSid/],
    ['two senders', { ...GOOD, messagingServiceSid: 'MG1' }, 'from', /exactly one of from and messagingServiceSid/],
    ['an API key in place of the account', { ...GOOD, accountSid: 'SK0123' }, 'accountSid', /AC and 32 hex digits/],
    ['an account that is cut short', { ...GOOD, accountSid: GOOD.accountSid.slice(0, -1) }, 'accountSid', /AC and 32 hex digits/],
    [
      'an account with a letter that is no hex digit',
      { ...GOOD, accountSid: GOOD.accountSid.replace('f', 'o') },
      'accountSid',
      /AC and 32 hex/,
    ],
    ['a service that is cut short', { ...senderless, messagingServiceSid: 'MG0123' }, 'messagingServiceSid', /MG and 32 hex digits/],
    ['an account with a path in it', { ...GOOD, accountSid: 'AC1/../AC2' }, 'accountSid', /AC and 32 hex digits/],
    ['an empty token', { ...GOOD, authToken: '' }, 'authToken', /secret is missing/],
    ['a service of another kind', { ...senderless, messagingServiceSid: 'AC1' }, 'messagingServiceSid', /MG and 32 hex digits/],
    ['a callback that is no URL', { ...GOOD, statusCallback: '/v1/receipts' }, 'statusCallback', /absolute URL/],
    ['a base URL of another scheme', { ...GOOD, baseUrl: 'ftp://x' }, 'baseUrl', /http:\/\/ or https:\/\//],
    ['a base URL with credentials', { ...GOOD, baseUrl: 'http://user:pw@x' }, 'baseUrl', /must not contain a user name/],
    ['a base URL with a query', { ...GOOD, baseUrl: 'http://x/?a=1' }, 'baseUrl', /query/],
    ['a timeout of nothing', { ...GOOD, timeout: '0' }, 'timeout', /duration from 1ms to 5m/],
    ['a timeout of an hour', { ...GOOD, timeout: '1h' }, 'timeout', /duration from 1ms to 5m/],
    ['a rate of 0', { ...GOOD, maxPerSecond: 0 }, 'maxPerSecond', /more than 0/],
    ['a concurrency of 0', { ...GOOD, maxConcurrent: 0 }, 'maxConcurrent', /at least 1/],
    ['countries by name', { ...GOOD, countries: ['MY'] }, 'countries.0', /calling code/],
    ['no country at all', { ...GOOD, countries: [] }, 'countries', /at least one calling code/],
    ['a key that it does not know', { ...GOOD, fromm: '+1' }, '', /fromm/],
  ])('%s', (_what, given, path, message) => {
    expect(faults(given)[path]).toMatch(message);
  });
});

it('quotes no URL back, which may hold a key', () => {
  expect(JSON.stringify(faults({ ...GOOD, baseUrl: 'http://user:pw@x', statusCallback: 'nonsense?key=k3y' }))).not.toMatch(/pw|k3y/);
});

it.each(['x', '', ' ', 'http://', 'https://api.twilio .com', 'https://[::1', 'ftp://api.twilio.com', '://'])(
  'names the fault of the base URL %j',
  (baseUrl) => {
    expect(Object.keys(faults({ ...GOOD, baseUrl, accountSid: 'other-account' }))).toContain('baseUrl');
  },
);
