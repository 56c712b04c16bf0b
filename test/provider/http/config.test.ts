import { describe, expect, it } from 'vitest';
import { httpConfig } from '../../../src/provider/http/config.ts';

const GOOD = { type: 'http', url: 'https://gateway.example/send' };
const RECEIPT = { id: '/id', status: '/status', map: { OK: 'delivered' } };
const WITH_RECEIPT = { ...GOOD, receiptToken: 'r', receipt: RECEIPT };

function faults(given: unknown): string[] {
  const { error } = httpConfig.safeParse(given);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

it('needs nothing but a URL', () => {
  const config = httpConfig.parse(GOOD);
  expect(config).toMatchObject({ method: 'POST', contentType: 'json', headers: {}, timeoutMs: 15_000 });
  expect(config.url.reveal()).toBe('https://gateway.example/send');
  expect(JSON.parse(config.body.reveal())).toEqual({ to: '{to}', text: '{text}', id: '{id}' });
});

it('takes rules for receipts', () => {
  expect(httpConfig.parse(WITH_RECEIPT).receipt).toEqual(RECEIPT);
});

it('takes the example of the contract', () => {
  const config = httpConfig.parse({
    ...GOOD,
    method: 'POST',
    contentType: 'form',
    headers: { 'X-Api-Key': 'k' },
    body: { phone: '{toDigits}', sms: '{text}' },
    success: { status: [200], pointer: '/code', equals: 0 },
    messageId: '/data/id',
    errors: { pointer: '/code', map: { '1001': 'recipient' } },
  });
  expect(config).toMatchObject({
    success: { status: [200], pointer: '/code', equals: '0' },
    messageId: '/data/id',
    errors: { pointer: '/code', map: { '1001': 'recipient' } },
  });
  expect(config.headers['x-api-key']?.reveal()).toBe('k');
});

describe('says what is wrong with', () => {
  it.each([
    ['no URL', { type: 'http' }, /^url: /],
    ['a URL of another scheme', { ...GOOD, url: 'ftp://x/' }, /^url: must begin with http/],
    ['a header of two lines', { ...GOOD, headers: { A: 'b\r\nC: d' } }, /^headers\.A: must be a single line/],
    ['a header with a name of two words', { ...GOOD, headers: { 'A B': 'c' } }, /^headers\.A B: is not a valid header name/],
    ['a header that is ours', { ...GOOD, headers: { 'Content-Length': '5' } }, /^headers\.Content-Length: must not be set/],
    ['a body that names nobody', { ...GOOD, body: { t: '{text}' } }, /^body: must contain \{to\} or \{toDigits\}/],
    ['a body that says nothing', { ...GOOD, body: { to: '{to}' } }, /^body: must contain \{text\}/],
    [
      'a placeholder that there is not',
      { ...GOOD, body: { to: '{phone}', t: '{text}' } },
      /^body: contains the unknown placeholder \{phone\}/,
    ],
    ['a form with a list', { ...GOOD, contentType: 'form', body: { to: ['{to}'], t: '{text}' } }, /^body: must be flat/],
    ['a query with a map', { ...GOOD, method: 'GET', body: { to: '{to}', t: { x: '{text}' } } }, /^body: must be flat/],
    ['a body that is text', { ...GOOD, body: '{"to":"{to}"}' }, /^body: /],
    ['a path that is no pointer', { ...GOOD, messageId: 'data.id' }, /^messageId: must be a JSON Pointer/],
    ['a pointer without a value', { ...GOOD, success: { pointer: '/code' } }, /^success: pointer and equals must be set together/],
    ['a value without a pointer', { ...GOOD, success: { equals: '0' } }, /^success: pointer and equals must be set together/],
    ['a success of 500', { ...GOOD, success: { status: [500] } }, /^success\.status\.0: /],
    ['a reason that is none', { ...GOOD, errors: { pointer: '/c', map: { 1: 'broken' } } }, /^errors\.map\.1: /],
    ['a reason that no vendor gives', { ...GOOD, errors: { pointer: '/c', map: { 1: 'circuit_open' } } }, /^errors\.map\.1: /],
    ['a method that sends nothing', { ...GOOD, method: 'DELETE' }, /^method: /],
    ['receipts of nobody', { ...WITH_RECEIPT, receipt: { status: '/s', map: {} } }, /^receipt: must contain id or reference/],
    ['receipts that say nothing', { ...WITH_RECEIPT, receipt: { id: '/id', map: {} } }, /^receipt\.status: /],
    ['a state that there is not', { ...WITH_RECEIPT, receipt: { ...RECEIPT, map: { OK: 'sent' } } }, /^receipt\.map\.OK: /],
    ['receipts that would be turned away', { ...GOOD, receipt: RECEIPT }, /^receiptToken: is required with receipt/],
    ['a text that gets lost beyond GSM-7', { ...GOOD, unicode: { text: '' } }, /^unicode: must contain \{text\}/],
    ['a query with a list beyond GSM-7', { ...GOOD, method: 'GET', unicode: { x: [1] } }, /^unicode: must be flat/],
    ['a key that it does not know', { ...GOOD, succes: {} }, /succes/],
  ])('%s', (_what, given, message) => {
    expect(faults(given).join('\n')).toMatch(message);
  });
});
