import { expect, it } from 'vitest';
import type { HttpAnswer } from '../../../src/http-client/transport.ts';
import { reasonForStatus, refusalFromAnswer, refusalFromFault } from '../../../src/provider/contract/classify.ts';

const NOW = new Date('2026-11-20T03:00:00.000Z');
const answer = (status: number, headers: HttpAnswer['headers'] = {}): HttpAnswer => ({ kind: 'answer', status, headers, body: '' });

it.each([
  [100, 'unknown_outcome'],
  [200, 'unknown_outcome'],
  [302, 'unknown_outcome'],
  [400, 'content'],
  [401, 'auth'],
  [402, 'balance'],
  [403, 'auth'],
  [404, 'auth'],
  [405, 'auth'],
  [407, 'unavailable'],
  [409, 'content'],
  [410, 'auth'],
  [421, 'unavailable'],
  [425, 'unavailable'],
  [431, 'unavailable'],
  [451, 'unavailable'],
  [408, 'unknown_outcome'],
  [422, 'content'],
  [429, 'throttled'],
  [499, 'content'],
  [500, 'unknown_outcome'],
  [503, 'unknown_outcome'],
  [599, 'unknown_outcome'],
])('a bare %i is %s', (status, reason) => {
  expect(reasonForStatus(status)).toBe(reason);
});

it('a finding of the adapter wins over the status', () => {
  const { error } = refusalFromAnswer(answer(400), NOW, { reason: 'recipient', code: '21612', failover: true });
  expect(error).toMatchObject({ reason: 'recipient', code: '21612', status: 400, failover: true, retry: false, retryAt: undefined });
});

it.each([
  ['Retry-After', { 'retry-after': '9' }, {}, 9_000],
  ['Retry-After rather than the table', { 'retry-after': '9' }, { retryAfterMs: 60_000 }, 9_000],
  ['the table without Retry-After', {}, { retryAfterMs: 60_000 }, 60_000],
  ['the table when Retry-After makes no sense', { 'retry-after': 'soon' }, { retryAfterMs: 60_000 }, 60_000],
])('a throttled text waits by %s', (_what, headers, finding, waitMs) => {
  expect(refusalFromAnswer(answer(429, headers), NOW, finding).error.retryAt).toEqual(new Date(NOW.getTime() + waitMs));
});

it('a throttled text without any hint says no moment', () => {
  expect(refusalFromAnswer(answer(429), NOW).error).toMatchObject({ reason: 'throttled', retryAt: undefined });
});

it('Retry-After on an unknown outcome causes no resend', () => {
  expect(refusalFromAnswer(answer(503, { 'retry-after': '9' }), NOW).error).toMatchObject({
    reason: 'unknown_outcome',
    retryAt: undefined,
  });
});

it.each([
  [
    { sent: 'no', code: 'ECONNREFUSED' },
    { reason: 'unavailable', code: 'ECONNREFUSED', failover: true, retry: true },
  ],
  [
    { sent: 'maybe', code: 'ECONNRESET' },
    { reason: 'unknown_outcome', code: 'ECONNRESET', failover: false, retry: false },
  ],
  [
    { sent: 'maybe', code: 'TIMEOUT', status: 201 },
    { reason: 'unknown_outcome', code: 'TIMEOUT', status: 201 },
  ],
  [
    { sent: 'maybe', code: 'TIMEOUT', status: 400 },
    { reason: 'content', code: 'TIMEOUT', status: 400 },
  ],
  [
    { sent: 'maybe', code: 'TIMEOUT', status: 503 },
    { reason: 'unknown_outcome', status: 503 },
  ],
] as const)('the fault %o becomes %o', (fault, error) => {
  expect(refusalFromFault({ kind: 'fault', ...fault }).error).toMatchObject(error);
});
