import { describe, expect, it } from 'vitest';
import { readUnismsAnswer, UNISMS_CODES } from '../../../src/provider/unisms/codes.ts';
import { expectConsequence } from '../../support/fixtures/vendor-refusal.ts';

const NOW = new Date('2026-11-20T03:00:00.000Z');

function read(body: unknown, status = 200) {
  return readUnismsAnswer({ kind: 'answer', status, headers: {}, body: typeof body === 'string' ? body : JSON.stringify(body) }, NOW);
}

const yes = (...messages: unknown[]) => ({ code: '0', message: 'Success', data: { recipients: 1, messageCount: 3, messages } });

const ROWS = [
  ['101000', 'unknown_outcome'],
  ['101301', 'auth'],
  ['101303', 'unavailable'],
  ['104001', 'content'],
  ['104002', 'content'],
  ['104003', 'content'],
  ['104110', 'auth'],
  ['104111', 'auth'],
  ['104200', 'auth'],
  ['104201', 'auth'],
  ['104202', 'auth'],
  ['105001', 'auth'],
  ['105100', 'auth'],
  ['105300', 'throttled'],
  ['105400', 'balance'],
  ['107111', 'recipient'],
  ['107120', 'auth'],
  ['107121', 'auth'],
  ['107122', 'auth'],
  ['107123', 'auth'],
  ['107141', 'content'],
  ['107143', 'content'],
] as const;

it.each(ROWS)('%s is %s, whatever the HTTP status, as text and as number', (code, reason) => {
  for (const status of [200, 400, 401, 429, 500, 503]) {
    for (const given of [code, Number(code)]) {
      const message = 'said by the vendor of +8618600001234';
      expect(read({ code: given, message }, status)).toMatchObject({ kind: 'refused', error: { reason, code, status, unlisted: false } });
    }
  }
});

it('every row of the table is tested', () => {
  expect([...UNISMS_CODES.keys()]).toEqual(ROWS.map(([code]) => code));
});

it('comes back a minute after the limit of its number was hit, which holds back no other number', () => {
  const answer = read({ code: '105300' });
  if (answer.kind !== 'refused') throw new Error(`${answer.kind}, not refused`);
  expectConsequence(answer.error, { reason: 'throttled', failover: true, retry: true, onlyThisMessage: true, waitMs: 60_000 }, NOW);
});

it.each([
  ['101999', 200, 'unknown_outcome'],
  ['104009', 200, 'content'],
  ['104119', 400, 'auth'],
  ['105999', 400, 'auth'],
  ['107199', 200, 'content'],
  ['107199', 500, 'content'],
  // The status says more than the family.
  ['105999', 429, 'throttled'],
  ['107199', 402, 'balance'],
  ['999999', 200, 'content'],
  ['constructor', 200, 'content'],
  ['999999', 400, 'content'],
  ['999999', 500, 'unknown_outcome'],
  ['SomeWord', 403, 'auth'],
])('%s, which the table does not hold, with HTTP %i is %s and counted', (code, status, reason) => {
  expect(read({ code }, status)).toMatchObject({ error: { reason, code, status, unlisted: true } });
});

describe('a yes', () => {
  it.each([
    ['as mainland documents it', yes({ id: 'a1', status: 'sent', messageCount: 2 }), 2],
    ['with a number for its code', { ...yes({ id: 'a1', status: 'sent', messageCount: 2 }), code: 0 }, 2],
    ['as its sister documents it', yes({ id: 'a1', iso: 'CN', cc: '86', count: 2 }), 2],
    ['with the count beside the list only', yes({ id: 'a1' }), 3],
  ])('%s has the id and the count', (_what, body, segments) => {
    expect(read(body)).toEqual({ kind: 'accepted', providerMessageId: 'a1', segments });
  });

  it.each([undefined, null, 0, -1, 1.5, 'x'])('has no count of %s', (messageCount) => {
    expect(read({ code: '0', data: { messages: [{ id: 'a1', messageCount }] } })).toEqual({ kind: 'accepted', providerMessageId: 'a1' });
  });
});

describe('a 0 that is no yes', () => {
  it.each([
    ['without a code', { id: 'a1', status: 'failed' }, 'content', 'failed', true],
    ['with a code of the table', { id: 'a1', status: 'failed', errorCode: '107111' }, 'recipient', '107111', false],
    ['with such a code by another name', { id: 'a1', status: 'failed', code: 105400 }, 'balance', '105400', false],
    ["with the carrier's code", { id: 'a1', status: 'failed', errorCode: 'REJECTD' }, 'content', 'REJECTD', true],
  ])('its message failed %s', (_what, message, reason, code, unlisted) => {
    expect(read(yes(message))).toMatchObject({ kind: 'refused', error: { reason, code, unlisted } });
  });

  it('has two messages of which one failed, so that the outcome is unknown', () => {
    for (const body of [yes({ id: 'a', status: 'sent' }, { status: 'failed' }), yes({ status: 'failed' }, { id: 'a', status: 'sent' })]) {
      expect(read(body)).toMatchObject({ error: { reason: 'unknown_outcome', failover: false, retry: false } });
    }
  });

  it.each([
    ['no data', { code: '0' }],
    ['no list', { code: '0', data: {} }],
    ['an empty list', yes()],
    ['a list of words', yes('a1')],
    ['a message without id', yes({ status: 'sent' })],
    ['a list for its code', { ...yes({ id: 'a1' }), code: [0] }],
  ])('has %s, so that the outcome is unknown', (_what, body) => {
    expect(read(body)).toMatchObject({ kind: 'refused', error: { reason: 'unknown_outcome', status: 200 } });
  });
});

it.each(['', '<html></html>', 'null', '[]', '"0"', '0'])('does not know about a 200 that says %s', (body) => {
  expect(read(body)).toMatchObject({ error: { reason: 'unknown_outcome', code: undefined, unlisted: false } });
});

it('The vendor says what a text costs where it says in which currency', () => {
  const data = (more: object) => ({ code: '0', data: { ...more, messages: [{ id: 'a1', count: 2, price: '0.080000' }] } });
  const accepted = { kind: 'accepted', providerMessageId: 'a1', segments: 2 };
  expect(read(data({ currency: 'USD' }))).toEqual({ ...accepted, price: { amount: 80_000, currency: 'USD' } });
  expect(read(data({}))).toEqual(accepted);
});
