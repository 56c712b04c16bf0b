import { describe, expect, test } from 'vitest';
import type { HistoryAttempt } from '../../../src/ledger/history/history.ts';
import { lookupTarget, nextLookupAt } from '../../../src/pipeline/lookup/lookup.ts';
import { attempt, messageHistory } from '../../support/fixtures/history.ts';

const AT = '2026-11-20T03:00:00.700Z';
const LATER = '2026-11-20T03:05:00.000Z';

describe('the provider to query about a message', () => {
  const targetOf = (attempts: readonly HistoryAttempt[], provider: string | null = null, providerMessageId: string | null = null) =>
    lookupTarget(messageHistory({ attempts, provider, providerMessageId }));

  test('none, when it was never sent or all providers refused it', () => {
    expect(targetOf([])).toBeUndefined();
    expect(targetOf([attempt({ result: 'refused' }), attempt({ result: 'refused' })], 'twilio-main')).toBeUndefined();
  });

  test('the provider that accepted it, by its id, as of its last attempt', () => {
    const attempts = [
      attempt({ provider: 'a', result: 'refused' }),
      attempt({ provider: 'b', result: 'refused' }),
      attempt({ provider: 'b', startedAt: LATER }),
    ];
    expect(targetOf(attempts, 'b', 'SM1')).toEqual({ provider: 'b', sentAt: new Date(LATER), providerMessageId: 'SM1' });
    expect(targetOf(attempts, 'b')).toEqual({ provider: 'b', sentAt: new Date(LATER) });
  });

  test('the one that the ledger names, when two accepted it', () => {
    const attempts = [attempt({ provider: 'a' }), attempt({ provider: 'b', startedAt: LATER })];
    expect(targetOf(attempts, 'a', 'SM-a')).toEqual({ provider: 'a', sentAt: new Date(AT), providerMessageId: 'SM-a' });
  });

  test('the last one with unknown outcome, when none accepted it', () => {
    const attempts = [attempt({ provider: 'a', result: 'unknown', startedAt: LATER }), attempt({ provider: 'b', result: 'refused' })];
    expect(targetOf(attempts, 'b')).toEqual({ provider: 'a', sentAt: new Date(LATER) });
  });

  test('by the id that a receipt brought, when no answer did', () => {
    const attempts = [attempt({ provider: 'a', result: 'unknown' })];
    expect(targetOf(attempts, 'a', 'SM1')).toEqual({ provider: 'a', sentAt: new Date(AT), providerMessageId: 'SM1' });
  });

  test('the one whose answer is still awaited', () => {
    const { result: _, endedAt: __, ...open } = attempt({ provider: 'a' });
    expect(targetOf([open], 'a')).toEqual({ provider: 'a', sentAt: new Date(AT) });
  });
});

describe('the time of the next query', () => {
  const sentAt = new Date(AT);
  const MINUTE_MS = 60_000;
  const next = (pollAfterMs: number, elapsedMs: number) => {
    const at = nextLookupAt(sentAt, pollAfterMs, new Date(sentAt.getTime() + elapsedMs));
    return at && at.getTime() - sentAt.getTime();
  };

  test.each([
    [0, 1],
    [1, 3],
    [3, 7],
    [7, 15],
    [15, 31],
    [31, undefined],
    [500, undefined],
    [10, 15],
  ])('with one minute to wait at first, %i minutes after the attempt: at minute %s', (elapsed, expected) => {
    expect(next(MINUTE_MS, elapsed * MINUTE_MS)).toBe(expected === undefined ? undefined : expected * MINUTE_MS);
  });

  test('never later than three days after the attempt', () => {
    const DAY_MS = 86_400_000;
    expect(next(DAY_MS, DAY_MS)).toBe(3 * DAY_MS);
    expect(next(DAY_MS, 3 * DAY_MS)).toBeUndefined();
    expect(next(DAY_MS / 2, (7 * DAY_MS) / 2)).toBeUndefined();
  });
});
