import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { keepSends } from '../../../src/ledger/failover/keep-sends.ts';
import type { AttemptRequest, Ledger, Move, Moved, Opened, Restored, Sent } from '../../../src/ledger/ledger.ts';
import type { Redis } from '../../../src/redis/connect.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { RedisUnavailableError } from '../../../src/redis/unavailable.ts';
import { attemptRequest } from '../../support/fixtures/ledger.ts';

const NOW = 1_000_000;

const request = (name: string, receivedAt = NOW - 1) => attemptRequest(`m-${name}`, { receivedAt, token: name });
const ending = (name: string, result: 'accepted' | 'refused' | 'unknown', number = 1): Move => ({
  ...{ messageId: `m-${name}`, alertId: 'a', dedupHash: 'd', run: name, state: 'accepted', events: [] },
  attempt: { token: name, number, record: { provider: 'p', startedAt: '2026-11-20T03:00:00.000Z', result } },
});

/** A ledger whose answers a test decides, on a Redis whose server it replaces. */
function scene({ settleMs = 0 } = {}) {
  const calls: string[] = [];
  const moves: Move[] = [];
  const answers: { opened: Opened; moved: Moved; restored: (sent: Sent) => { kind: Restored; number: number } } = {
    opened: { kind: 'opened', number: 1 },
    moved: 'ended',
    restored: ({ number }) => ({ kind: 'there', number }),
  };
  const stream = { remoteAddress: '10.0.0.1', remotePort: 6379 };
  const failOver = () => {
    stream.remotePort += 1;
  };
  const hooks: { onOpen: () => void } = { onOpen: () => undefined };
  const ledger = {
    openAttempt: async ({ token }: AttemptRequest) => {
      calls.push(`open ${token}`);
      hooks.onOpen();
      return answers.opened;
    },
    move: async (move: Move) => {
      moves.push(move);
      return answers.moved;
    },
    restore: async (sent: Sent) => {
      calls.push(`restore ${sent.token}${sent.move === undefined ? '' : ` ${sent.move.attempt?.record.result}`}`);
      return answers.restored(sent);
    },
    recall: async () => undefined,
    admit: async () => ({ kind: 'admitted', fresh: true, muted: new Map() }),
    settleAlert: async () => 'recorded',
  } as unknown as Ledger;
  const reported: object[] = [];
  const kept = keepSends(ledger, {
    redis: { stream } as unknown as Redis,
    keys: createKeys('{sms}'),
    clock: { now: () => new Date(NOW) },
    retryUntilStored: (write) => write(),
    onRestored: (counts) => void reported.push(counts),
    settleMs,
  });
  onTestFinished(() => kept.close());
  return { ledger: kept.ledger, calls, moves, answers, hooks, failOver, reported };
}

describe('a ledger whose server is replaced', () => {
  it('is compared with what was sent and what is being sent, twice, before anything older is sent', async () => {
    const { ledger, calls, failOver } = scene();
    await ledger.openAttempt(request('done'));
    await ledger.move(ending('done', 'accepted'));
    await ledger.openAttempt(request('refused'));
    await ledger.move(ending('refused', 'refused'));
    await ledger.openAttempt(request('under-way'));
    calls.splice(0);
    failOver();
    await ledger.openAttempt(request('next'));
    expect(calls).toEqual(['restore done accepted', 'restore under-way', 'restore done accepted', 'restore under-way', 'open next']);
  });

  it('delays earlier alerts until the comparison has ended, and no later ones', async () => {
    const { ledger, calls, failOver } = scene({ settleMs: 30_000 });
    failOver();
    await ledger.openAttempt(request('new', NOW + 1));
    let isSent = false;
    void ledger.openAttempt(request('old')).then(() => {
      isSent = true;
    });
    await pause(20);
    expect([calls, isSent]).toEqual([['open new'], false]);
  });

  it('is asked again for an attempt that the old server may have answered', async () => {
    const { ledger, calls, hooks, failOver } = scene();
    hooks.onOpen = () => {
      hooks.onOpen = () => undefined;
      failOver();
    };
    await ledger.openAttempt(request('a'));
    expect(calls).toEqual(['open a', 'open a']);
  });

  it('has an attempt under the number that was free', async () => {
    const { ledger, moves, answers, failOver, reported } = scene();
    await ledger.openAttempt(request('a'));
    answers.restored = () => ({ kind: 'doubled', number: 2 });
    failOver();
    await ledger.openAttempt(request('b'));
    await ledger.move(ending('a', 'accepted'));
    expect(moves.map(({ attempt }) => attempt?.number)).toEqual([2]);
    expect(reported).toEqual([{ kept: 0, restored: 0, doubled: 2 }]);
  });

  it('may lack an entry for a while: its job comes back, and only without a failover it is missing', async () => {
    const { ledger, answers, failOver } = scene();
    answers.opened = { kind: 'missing' };
    expect(await ledger.openAttempt(request('a'))).toEqual({ kind: 'missing' });
    expect(await ledger.recall('m-a')).toBeUndefined();
    failOver();
    await expect(ledger.openAttempt(request('a'))).rejects.toThrow(RedisUnavailableError);
    await expect(ledger.recall('m-a')).rejects.toThrow(RedisUnavailableError);
  });

  it('keeps how a request ended whose entry is missing', async () => {
    const { ledger, calls, answers, failOver } = scene();
    await ledger.openAttempt(request('a'));
    failOver();
    await ledger.openAttempt(request('b'));
    calls.splice(0);
    answers.moved = 'missing';
    expect(await ledger.move(ending('a', 'accepted'))).toBe('missing');
    expect(calls).toEqual(['restore a accepted']);
  });

  it('counts an alert once that it records twice', async () => {
    const { ledger } = scene();
    const alert = { id: 'a', outcome: 'suppressed', reason: 'no_route' } as never;
    expect(await ledger.admit(alert, 'run-1')).toMatchObject({ fresh: true });
    expect(await ledger.admit(alert, 'run-2')).toMatchObject({ fresh: false });
    expect(await ledger.settleAlert(alert, 'run-1')).toBe('recorded');
    expect(await ledger.settleAlert(alert, 'run-2')).toBe('known');
  });
});
