import { describe, expect, test } from 'vitest';
import type { HistoryEvent } from '../../src/ledger/history/history.ts';
import type { Outcome } from '../../src/pipeline/outcome.ts';
import { pass, type Stage, type StageContext, type StageName, type Verdict, walk } from '../../src/pipeline/stage.ts';
import { ProviderError } from '../../src/provider/contract/provider.ts';

const NOW = new Date('2026-11-20T03:00:00Z');

async function walked(...verdicts: readonly (readonly [StageName, Verdict | Promise<Verdict>])[]) {
  const visited: string[] = [];
  const notes: Omit<HistoryEvent, 'at'>[] = [];
  const stages = verdicts.map(
    ([name, verdict]): Stage<string> => ({
      name,
      exec: (subject) => {
        visited.push(`${subject}@${name}`);
        return verdict;
      },
    }),
  );
  const ctx: StageContext = { clock: { now: () => NOW }, signal: new AbortController().signal, note: (event) => void notes.push(event) };
  return { outcome: await walk(stages, 'x', ctx), visited, notes };
}

describe('a walk through the stages', () => {
  test('ends nowhere when all pass, and notes each', async () => {
    const { outcome, visited, notes } = await walked(['expiry-gate', pass], ['rate-cap', Promise.resolve(pass)]);
    expect(outcome).toBeUndefined();
    expect(visited).toEqual(['x@expiry-gate', 'x@rate-cap']);
    expect(notes).toEqual([
      { stage: 'expiry-gate', verdict: 'pass' },
      { stage: 'rate-cap', verdict: 'pass' },
    ]);
  });

  test('stops at the first verdict that is not pass, which is the outcome', async () => {
    const expired: Outcome = { kind: 'expired' };
    const { outcome, visited, notes } = await walked(
      ['ledger', pass],
      ['expiry-gate', expired],
      ['dispatch', { kind: 'cancelled', reason: 'resolved' }],
    );
    expect(outcome).toBe(expired);
    expect(visited).toEqual(['x@ledger', 'x@expiry-gate']);
    expect(notes.map(({ stage }) => stage)).toEqual(['ledger', 'expiry-gate']);
  });

  test('waits for a stage that takes its time', async () => {
    const slow = Promise.resolve().then((): Verdict => ({ kind: 'cancelled', reason: 'resolved' }));
    expect((await walked(['ledger', slow], ['dispatch', pass])).visited).toEqual(['x@ledger']);
  });

  test('leaves no line about what another run has ended', async () => {
    const { outcome, notes } = await walked(['ledger', { kind: 'settled', state: 'accepted' }], ['dispatch', pass]);
    expect(outcome).toEqual({ kind: 'settled', state: 'accepted' });
    expect(notes).toEqual([]);
  });

  test('fails with a stage that throws', async () => {
    await expect(walked(['ledger', pass], ['dispatch', Promise.reject(new Error('Redis is away'))])).rejects.toThrow('Redis is away');
  });
});

describe('the line that a verdict leaves', () => {
  const error = new ProviderError('balance', { code: '30002' });
  test.each<[Outcome, Omit<HistoryEvent, 'at' | 'stage'>]>([
    [{ kind: 'accepted', provider: 'a', accepted: { kind: 'accepted', segments: 1 } }, { verdict: 'accepted' }],
    [
      { kind: 'suppressed', reason: 'duplicate' },
      { verdict: 'suppressed', reason: 'duplicate' },
    ],
    [
      { kind: 'suppressed', reason: 'below_severity', detail: 'from critical up' },
      { verdict: 'suppressed', reason: 'below_severity', detail: 'from critical up' },
    ],
    [
      { kind: 'deferred', reason: 'rate_cap_hour', until: NOW },
      { verdict: 'deferred', reason: 'rate_cap_hour', until: NOW.toISOString() },
    ],
    [
      { kind: 'retry', provider: 'a', error, until: NOW },
      { verdict: 'retry', reason: 'balance', until: NOW.toISOString() },
    ],
    [
      { kind: 'failed', provider: 'a', error },
      { verdict: 'failed', reason: 'balance' },
    ],
    [{ kind: 'expired' }, { verdict: 'expired', reason: 'expired' }],
    [
      { kind: 'cancelled', reason: 'resolved' },
      { verdict: 'cancelled', reason: 'resolved' },
    ],
    [
      { kind: 'unknown', provider: 'a' },
      { verdict: 'unknown', reason: 'unknown_outcome' },
    ],
    [
      { kind: 'malformed', detail: 'no entry' },
      { verdict: 'malformed', reason: 'malformed', detail: 'no entry' },
    ],
  ])('%o', async (outcome, line) => {
    expect((await walked(['dispatch', outcome])).notes).toEqual([{ stage: 'dispatch', ...line }]);
  });
});
