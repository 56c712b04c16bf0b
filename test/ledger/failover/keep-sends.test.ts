import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { keepSends } from '../../../src/ledger/failover/keep-sends.ts';
import type { AttemptRequest, BeginRequest, Ledger, Move, Moved, Opened, Restored, Sent } from '../../../src/ledger/ledger.ts';
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
  const hooks: { onOpen: () => void; onMove: () => Promise<unknown> } = { onOpen: () => undefined, onMove: async () => undefined };
  const ledger = {
    openAttempt: async ({ token }: AttemptRequest) => {
      calls.push(`open ${token}`);
      hooks.onOpen();
      return answers.opened;
    },
    begin: async ({ attempt: { token } }: BeginRequest) => {
      calls.push(`open ${token}`);
      hooks.onOpen();
      return { admission: { kind: 'admitted', fresh: true, muted: new Map() }, opened: answers.opened };
    },
    move: async (move: Move) => {
      moves.push(move);
      await hooks.onMove();
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
    retryUntilStored: (write) => write().catch(() => write()),
    onRestored: (counts) => void reported.push(counts),
    settleMs,
  });
  onTestFinished(() => kept.close());
  return { ledger: kept.ledger, calls, moves, answers, hooks, failOver, reported };
}

const beginning = (attempt: AttemptRequest): BeginRequest => ({
  ...{ alert: { id: attempt.messageId } as BeginRequest['alert'], run: attempt.token, gate: {} as BeginRequest['gate'], attempt },
});

/** The two calls that open an attempt: of a message whose alert was admitted before, and together with the alert. */
const WAYS: readonly (readonly [name: string, open: (ledger: Ledger, attempt: AttemptRequest) => Promise<unknown>])[] = [
  ['openAttempt', (ledger, attempt) => ledger.openAttempt(attempt)],
  ['begin', (ledger, attempt) => ledger.begin(beginning(attempt))],
];

describe.each(WAYS)('a ledger whose server is replaced, called with %s', (_name, open) => {
  it('is compared with what was sent and what is being sent, twice, before anything older is sent', async () => {
    const { ledger, calls, failOver } = scene();
    await open(ledger, request('done'));
    await ledger.move(ending('done', 'accepted'));
    await open(ledger, request('refused'));
    await ledger.move(ending('refused', 'refused'));
    await open(ledger, request('under-way'));
    calls.splice(0);
    failOver();
    await open(ledger, request('next'));
    expect(calls).toEqual(['restore done accepted', 'restore under-way', 'restore done accepted', 'restore under-way', 'open next']);
  });

  it('delays earlier alerts until the comparison has ended, and no later ones', async () => {
    const { ledger, calls, failOver } = scene({ settleMs: 30_000 });
    failOver();
    await open(ledger, request('new', NOW + 1));
    let isSent = false;
    void open(ledger, request('old')).then(() => {
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
    await open(ledger, request('a'));
    expect(calls).toEqual(['open a', 'open a']);
  });
});

describe('a ledger whose server is replaced', () => {
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

  it('reports nothing when the new server has everything', async () => {
    const { ledger, calls, failOver, reported } = scene();
    await ledger.openAttempt(request('a'));
    failOver();
    await ledger.openAttempt(request('b'));
    expect(calls).toEqual(['open a', 'restore a', 'restore a', 'open b']);
    expect(reported).toEqual([]);
  });

  it('may lack an entry for a while: its job comes back, and it is missing when that takes more than two minutes', async () => {
    const { ledger, answers, failOver } = scene();
    answers.opened = { kind: 'missing' };
    expect(await ledger.openAttempt(request('a'))).toEqual({ kind: 'missing' });
    expect(await ledger.recall('m-a')).toBeUndefined();
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    failOver();
    await expect(ledger.openAttempt(request('a'))).rejects.toThrow(RedisUnavailableError);
    vi.advanceTimersByTime(119_000);
    await expect(ledger.recall('m-a')).rejects.toThrow(RedisUnavailableError);
    vi.advanceTimersByTime(2_000);
    expect(await ledger.openAttempt(request('a'))).toEqual({ kind: 'missing' });
    expect(await ledger.recall('m-a')).toBeUndefined();
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

  it('is compared with the end of a request whose write was pending when the server was replaced', async () => {
    const { ledger, calls, hooks, failOver } = scene();
    await ledger.openAttempt(request('a'));
    hooks.onMove = () => {
      failOver();
      return ledger.openAttempt(request('b'));
    };
    await ledger.move(ending('a', 'accepted'));
    expect(calls).toEqual(['open a', 'restore a accepted', 'restore a accepted', 'open b']);
  });

  it('is compared again when a comparison fails, for the end of a request as for a failover', async () => {
    const { ledger, calls, answers, failOver } = scene();
    const restored = answers.restored;
    const failOnce = () => {
      answers.restored = () => {
        answers.restored = restored;
        throw new Error('LOADING');
      };
    };
    await ledger.openAttempt(request('a'));
    failOver();
    failOnce();
    await ledger.openAttempt(request('b'));
    expect(calls).toEqual(['open a', 'restore a', 'restore a', 'restore a', 'open b']);
    calls.splice(0);
    answers.moved = 'missing';
    failOnce();
    expect(await ledger.move(ending('a', 'accepted'))).toBe('missing');
    expect(calls).toEqual(['restore a accepted', 'restore a accepted']);
  });

  it('that is replaced twice is compared for one failover after the other', async () => {
    const { ledger, calls, failOver } = scene({ settleMs: 30_000 });
    await ledger.openAttempt(request('a'));
    for (const name of ['b', 'c']) {
      failOver();
      await ledger.openAttempt(request(name, NOW + 1));
    }
    await new Promise(setImmediate);
    expect(calls.filter((call) => call.startsWith('restore'))).toEqual(['restore a']);
  });

  it('counts an alert once that it records twice', async () => {
    const { ledger } = scene();
    const alert = { id: 'a', outcome: 'suppressed', reason: 'no_route' } as never;
    expect(await ledger.admit(alert, 'run-1')).toMatchObject({ fresh: true });
    expect(await ledger.admit(alert, 'run-2')).toMatchObject({ fresh: false });
    expect(await ledger.begin(beginning(request('b')))).toMatchObject({ admission: { fresh: true } });
    expect(await ledger.begin(beginning(request('b')))).toMatchObject({ admission: { fresh: false } });
    expect(await ledger.settleAlert(alert, 'run-1')).toBe('recorded');
    expect(await ledger.settleAlert(alert, 'run-2')).toBe('known');
  });
});
