import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MESSAGE_STATES } from '../../../src/ledger/history/history.ts';
import type { ClosedAttempt, History } from '../../../src/ledger/ledger.ts';
import type { Outcome } from '../../../src/pipeline/outcome.ts';
import {
  backoffMs,
  boundedBy,
  judgeHistory,
  judgeRefusals,
  mayFailOver,
  mayResend,
  type ProviderRefusal,
  roundOf,
  unknownsAllowed,
  unknownWins,
} from '../../../src/pipeline/sending/judge.ts';
import { PROVIDER_REASONS, ProviderError, type ProviderErrorFacts, type ProviderReason } from '../../../src/provider/contract/provider.ts';

const NOW = new Date('2026-11-20T03:00:00Z');
const later = (ms: number) => new Date(NOW.getTime() + ms);
/** The middle of the spread, which adds nothing and takes nothing away. */
const EVEN = 0.5;

function refusal(provider: string, reason: ProviderReason, facts: ProviderErrorFacts = {}): ProviderRefusal {
  return { provider, error: new ProviderError(reason, facts) };
}

function unresolved(provider: string): NonNullable<History['unresolvedAttempt']> {
  return { number: 1, record: { provider, startedAt: NOW.toISOString(), result: 'unknown', reason: 'unknown_outcome' } };
}

describe('whether another provider may try', () => {
  const bad = refusal('a', 'recipient');
  const noRoute = refusal('b', 'recipient', { failover: true });

  test('follows the class of the reason, but for a number', () => {
    for (const reason of PROVIDER_REASONS.filter((reason) => reason !== 'recipient')) {
      const last = refusal('a', reason);
      for (const isValid of [true, false]) expect(mayFailOver(last.error, [bad, last], isValid)).toBe(last.error.failover);
    }
  });

  test.each([
    ['the first bad number, where it is valid', [bad], true, true],
    ['the second one', [bad, bad], true, false],
    ['the first one, where it is not valid', [bad], false, false],
    ['one after a vendor without a route', [noRoute, bad], true, true],
    ['one after another refusal', [refusal('c', 'auth'), bad], true, true],
    ['no route, however often', [bad, bad, noRoute], false, true],
  ])('%s', (_what, refusals, isValid, may) => {
    expect(mayFailOver((refusals.at(-1) as ProviderRefusal).error, refusals, isValid)).toBe(may);
  });
});

describe('the state left by an earlier run', () => {
  const history = (more: Partial<History>): History => ({
    state: 'sending',
    attempts: 0,
    unknowns: 0,
    unresolvedAttempt: undefined,
    open: undefined,
    ...more,
  });
  const open = (leaseLeftMs: number): NonNullable<History['open']> => ({
    token: 't',
    number: 1,
    leaseLeftMs,
    record: { provider: 'a', startedAt: NOW.toISOString() },
  });

  test.each(MESSAGE_STATES)('a message that is %s is sent only while it is on its way', (state) => {
    const onItsWay = ['queued', 'deferred', 'sending'].includes(state);
    expect(judgeHistory(history({ state }), 'resend', NOW)).toEqual(onItsWay ? { kind: 'pass' } : { kind: 'settled', state });
  });

  test.each<[name: string, onUnknown: 'resend' | 'hold', history: History, verdict: ReturnType<typeof judgeHistory>]>([
    ['nothing tried yet', 'hold', history({ state: 'queued' }), { kind: 'pass' }],
    ['tried and surely not sent', 'hold', history({ attempts: 3 }), { kind: 'pass' }],
    [
      'an attempt that another worker has open, whatever the policy',
      'resend',
      history({ attempts: 1, open: open(1500) }),
      { kind: 'deferred', reason: 'unknown_outcome', until: later(1500) },
    ],
    [
      'the same when sending again is not allowed',
      'hold',
      history({ open: open(1) }),
      { kind: 'deferred', reason: 'unknown_outcome', until: later(1) },
    ],
    ['an attempt whose lease ends now', 'resend', history({ open: open(0) }), { kind: 'orphan' }],
    ['an attempt whose lease is long over', 'hold', history({ open: open(-60_000) }), { kind: 'orphan' }],
    [
      'an open attempt of a message that is over',
      'hold',
      history({ state: 'cancelled', open: open(-1) }),
      { kind: 'settled', state: 'cancelled' },
    ],
    ['one unknown outcome, to be sent again', 'resend', history({ unknowns: 1, unresolvedAttempt: unresolved('a') }), { kind: 'pass' }],
    [
      'one unknown outcome, to be held',
      'hold',
      history({ unknowns: 1, unresolvedAttempt: unresolved('a') }),
      { kind: 'unknown', provider: 'a' },
    ],
    ['two unknown outcomes', 'resend', history({ unknowns: 2, unresolvedAttempt: unresolved('b') }), { kind: 'unknown', provider: 'b' }],
  ])('%s', (_name, onUnknown, past, verdict) => {
    expect(judgeHistory(past, onUnknown, NOW)).toEqual(verdict);
  });
});

test('an unknown outcome is sent again at most once, and only where the route says so', () => {
  expect([unknownsAllowed('resend'), unknownsAllowed('hold')]).toEqual([1, 0]);
  expect([0, 1, 2].map((unknowns) => mayResend('resend', unknowns))).toEqual([true, true, false]);
  expect([0, 1, 2].map((unknowns) => mayResend('hold', unknowns))).toEqual([true, false, false]);
});

describe('a message that every provider refused', () => {
  test.each(PROVIDER_REASONS)('%s: comes back or fails by its class', (reason) => {
    const comesBack = ['auth', 'balance', 'throttled', 'unavailable', 'circuit_open'].includes(reason);
    const { kind } = judgeRefusals([refusal('a', reason)], 1, NOW, EVEN);
    expect(kind).toBe(comesBack ? (reason === 'throttled' ? 'deferred' : 'retry') : 'failed');
  });

  const unavailable = refusal('a', 'unavailable');
  const content = refusal('b', 'content');
  const recipient = refusal('c', 'recipient', { failover: true });
  const busy = refusal('d', 'throttled', { retryAt: later(60_000) });
  const busySoon = refusal('e', 'throttled', { retryAt: later(1_000) });
  const awayLong = refusal('f', 'unavailable', { retryAt: later(120_000) });

  test.each<[name: string, refusals: ProviderRefusal[], outcome: Outcome]>([
    ['fails with the last refusal when none passes', [content, recipient], { kind: 'failed', ...recipient }],
    [
      'comes back while one of them may pass, though another never will',
      [unavailable, content],
      { kind: 'retry', ...unavailable, until: later(10_000) },
    ],
    [
      'comes back when the first of two equal ones may pass',
      [unavailable, refusal('x', 'balance')],
      { kind: 'retry', ...unavailable, until: later(10_000) },
    ],
    ["not before the vendor's own time", [busy], { kind: 'deferred', reason: 'throttled', until: later(63_000) }],
    [
      'as soon as the vendor says, when it says so for the first time',
      [busySoon],
      { kind: 'deferred', reason: 'throttled', until: later(1_050) },
    ],
    [
      'after a second, though the vendor says at once',
      [refusal('g', 'throttled', { retryAt: later(-5_000) })],
      { kind: 'deferred', reason: 'throttled', until: later(1_000) },
    ],
    ['at the first moment that one of them gives', [busy, unavailable], { kind: 'retry', ...unavailable, until: later(10_000) }],
    ['which may be that of the busy one', [awayLong, busy], { kind: 'deferred', reason: 'throttled', until: later(63_000) }],
    [
      'without regard for the time of one that never passes',
      [content, busy],
      { kind: 'deferred', reason: 'throttled', until: later(63_000) },
    ],
  ])('%s', (_name, refusals, outcome) => {
    expect(judgeRefusals(refusals, 1, NOW, EVEN)).toEqual(outcome);
  });

  test('waits longer with every round, also for a vendor that keeps saying "soon"', () => {
    const waits = (given: ProviderRefusal) =>
      [1, 2, 3].map((round) => {
        const outcome = judgeRefusals([given], round, NOW, EVEN);
        return (outcome.kind === 'retry' || outcome.kind === 'deferred') && outcome.until;
      });
    expect(waits(unavailable)).toEqual([later(10_000), later(20_000), later(40_000)]);
    expect(waits(busySoon)).toEqual([later(1_050), later(10_000), later(20_000)]);
  });

  test.each([
    [1, 1, 1],
    [4, 4, 1],
    [8, 4, 2],
    [12, 3, 4],
    [7, 3, 2],
    [5, 0, 1],
  ])('%i requests, %i of them this time, are round %i', (requests, thisTime, round) => {
    expect(roundOf(requests, thisTime)).toBe(round);
  });

  test('comes back for the first that may pass, never before the time that it gave', () => {
    const some = fc.record({
      reason: fc.constantFrom(...PROVIDER_REASONS),
      inMs: fc.option(fc.integer({ min: -60_000, max: 600_000 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(
        fc.array(some, { minLength: 1, maxLength: 5 }),
        fc.nat(20),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (given, round, random) => {
          const refusals = given.map(({ reason, inMs }, n) =>
            refusal(String(n), reason, inMs === undefined ? {} : { retryAt: later(inMs) }),
          );
          const outcome = judgeRefusals(refusals, round, NOW, random);
          const passing = refusals.filter(({ error }) => error.retry);
          if (passing.length === 0) {
            expect(outcome.kind).toBe('failed');
            return;
          }
          const until = (outcome.kind === 'retry' || outcome.kind === 'deferred' ? outcome.until : NOW).getTime();
          const earliest = passing.map(({ error: { retryAt } }) =>
            Math.max(retryAt?.getTime() ?? NOW.getTime() + backoffMs(round, random), NOW.getTime()),
          );
          expect(until).toBeGreaterThanOrEqual(Math.min(...earliest));
          expect(until).toBeGreaterThanOrEqual(NOW.getTime() + 1_000);
          expect(until).toBeLessThanOrEqual(NOW.getTime() + Math.max(660_000, backoffMs(round, random)));
        },
      ),
    );
  });
});

describe('the wait before a further try', () => {
  test.each([
    [0, 10_000],
    [1, 10_000],
    [2, 20_000],
    [3, 40_000],
    [4, 80_000],
    [5, 160_000],
    [6, 300_000],
    [7, 300_000],
    [1000, 300_000],
    [Number.MAX_SAFE_INTEGER, 300_000],
  ])('in round %d is about %d ms, give or take a quarter', (round, wait) => {
    expect([0, 0.5, 1].map((random) => backoffMs(round, random))).toEqual([wait * 0.75, wait, wait * 1.25]);
  });
});

describe('a message that may have been sent', () => {
  const attempt: ClosedAttempt = {
    token: 't',
    number: 2,
    record: { provider: 'b', startedAt: NOW.toISOString(), endedAt: NOW.toISOString(), result: 'refused', reason: 'recipient' },
  };
  const { error } = refusal('b', 'recipient');
  const unsent: Outcome[] = [
    { kind: 'suppressed', reason: 'country_not_allowed' },
    { kind: 'expired' },
    { kind: 'cancelled', reason: 'resolved' },
    { kind: 'failed', provider: 'b', error },
  ];
  const others: Outcome[] = [
    { kind: 'accepted', provider: 'b', accepted: { kind: 'accepted', segments: 1 } },
    { kind: 'deferred', reason: 'throttled', until: NOW },
    { kind: 'retry', provider: 'b', error, until: NOW },
    { kind: 'unknown', provider: 'b' },
    { kind: 'settled', state: 'accepted' },
    { kind: 'malformed', detail: 'x' },
  ];

  test.each(unsent)('is unknown rather than $kind', (outcome) => {
    expect(unknownWins(outcome, 1, 'a')).toEqual({ kind: 'unknown', provider: 'a' });
    expect(unknownWins({ ...outcome, attempt }, 2, 'a')).toEqual({ kind: 'unknown', provider: 'a', attempt });
    expect(unknownWins(outcome, 0, undefined)).toBe(outcome);
  });

  test.each(others)('is $kind nevertheless', (outcome) => {
    expect(unknownWins(outcome, 1, 'a')).toBe(outcome);
  });
});

describe('no wait ends after the deadline', () => {
  const { error } = refusal('a', 'unavailable');
  const waiting = (until: Date): Outcome[] => [
    { kind: 'deferred', reason: 'rate_cap_hour', until },
    { kind: 'retry', provider: 'a', error, until },
  ];

  test.each([-1, 0])('what wakes %d ms after it wakes when it wanted', (ms) => {
    for (const outcome of waiting(later(ms))) expect(boundedBy(outcome, NOW.getTime())).toBe(outcome);
  });

  test('what would wake after it wakes then', () => {
    for (const outcome of waiting(later(1))) expect(boundedBy(outcome, NOW.getTime())).toEqual({ ...outcome, until: NOW });
  });

  test('what does not wait is left alone', () => {
    const outcome: Outcome = { kind: 'unknown', provider: 'a' };
    expect(boundedBy(outcome, 0)).toBe(outcome);
  });
});
