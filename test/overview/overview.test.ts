import { expect, test } from 'vitest';
import type { JournalEntry } from '../../src/ledger/journal-entry.ts';
import type { MessageState, TraceAttempt } from '../../src/ledger/trace.ts';
import { type CircuitNote, createCircuits } from '../../src/overview/circuits.ts';
import { countLately } from '../../src/overview/lately.ts';
import { judgeProviders } from '../../src/overview/provider-health.ts';
import { readRedisFigures } from '../../src/overview/redis-figures.ts';
import { createKeys } from '../../src/redis/keys.ts';
import { testRedis } from '../support/redis.ts';

const NOW = new Date('2026-11-20T03:10:00Z');
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000);

const of = (provider: string, result: TraceAttempt['result'], reason?: string): TraceAttempt => ({
  provider,
  startedAt: NOW.toISOString(),
  ...(result === undefined ? {} : { result }),
  ...(reason === undefined ? {} : { reason }),
});

function message(secondsAgo: number, state: MessageState, attempt: TraceAttempt | null = null): JournalEntry {
  const message = { id: 'm-1', alertId: 'a', state, reason: null, provider: attempt?.provider ?? null, attempt };
  return { seq: `${ago(secondsAgo).getTime()}-0`, at: ago(secondsAgo), kind: 'message', message };
}

function alert(secondsAgo: number, outcome: 'routed' | 'suppressed' | 'acknowledged'): JournalEntry {
  const alert = { id: 'a', severity: 'critical', outcome, reason: null, dedupKey: 'k', contacts: [], messages: 1 };
  return { seq: `${ago(secondsAgo).getTime()}-0`, at: ago(secondsAgo), kind: 'alert', alert };
}

test('what happened lately is counted by state, and what is older is not', () => {
  const entries = [message(10, 'accepted'), message(20, 'accepted'), message(30, 'failed'), alert(40, 'routed'), message(400, 'accepted')];
  const { lately, recent } = countLately(entries, true, NOW, 300_000);
  expect(lately).toEqual({ seconds: 300, alerts: 1, messages: { accepted: 2, failed: 1 } });
  expect(recent).toHaveLength(4);
});

test('a refusal that a retry or another provider follows is no end, and an acknowledgement no second outcome', () => {
  const entries = [message(1, 'sending', of('sns', 'refused', 'throttled')), alert(2, 'acknowledged'), alert(3, 'suppressed')];
  expect(countLately(entries, true, NOW, 300_000).lately).toMatchObject({ alerts: 1, messages: {} });
});

test('where more happened than was read, the figures say how far back they reach', () => {
  const { lately } = countLately([message(1, 'accepted'), message(42, 'accepted')], false, NOW, 300_000);
  expect(lately.seconds).toBe(42);
});

test('a provider is as well as its worst circuit, and its newest refusal says why', () => {
  const circuits: CircuitNote[] = [
    { provider: 'sns', state: 'half_open', since: ago(90).getTime(), at: ago(5).getTime(), reason: 'unavailable' },
    { provider: 'sns', state: 'open', since: ago(60).getTime(), at: ago(60).getTime(), reason: 'auth' },
  ];
  const entries = [message(1, 'accepted', of('sns', 'accepted')), message(2, 'failed', of('sns', 'refused', 'auth'))];
  const types = new Map([
    ['sns', 'sns'],
    ['desk', 'simulated'],
  ]);
  expect(judgeProviders(types, entries, circuits)).toEqual([
    {
      provider: 'sns',
      type: 'sns',
      circuit: 'open',
      since: ago(60).toISOString(),
      reason: 'auth',
      accepted: 1,
      refused: 1,
      unknown: 0,
      lastReason: 'auth',
    },
    {
      provider: 'desk',
      type: 'simulated',
      circuit: 'closed',
      since: null,
      reason: null,
      accepted: 0,
      refused: 0,
      unknown: 0,
      lastReason: null,
    },
  ]);
});

test('a circuit is told of while it is not closed, with since when and why, and taken back by whoever leaves', async () => {
  const { redis, prefix } = testRedis();
  const keys = createKeys(prefix);
  const [one, other] = [createCircuits(redis, keys, 'one'), createCircuits(redis, keys, 'other')];
  await one.tell('sns', 'open', ago(60), 'unavailable');
  await one.tell('sns', 'half_open', ago(30));
  await other.tell('sns', 'open', ago(10), 'auth');
  expect(await one.read(NOW)).toHaveLength(2);
  expect(await other.read(NOW)).toContainEqual({
    provider: 'sns',
    state: 'half_open',
    since: ago(60).getTime(),
    at: ago(30).getTime(),
    reason: 'unavailable',
  });
  await one.tell('sns', 'closed', NOW);
  expect(await one.read(NOW)).toHaveLength(1);
  await other.forget();
  expect(await one.read(NOW)).toEqual([]);
});

test('a circuit of which nothing was heard for an hour is not believed any more', async () => {
  const { redis, prefix } = testRedis();
  const circuits = createCircuits(redis, createKeys(prefix), 'one');
  await circuits.tell('sns', 'open', ago(3600), 'auth');
  expect(await circuits.read(NOW)).toEqual([]);
});

test("Redis' own words say how safe it is", () => {
  const info = [
    '# Server\r\nredis_version:7.0.15\r\nuptime_in_seconds:77',
    'used_memory:1000\r\nmaxmemory:2000\r\nmaxmemory_policy:allkeys-lru\r\nevicted_keys:3',
    'aof_enabled:0\r\naof_last_write_status:ok\r\nrdb_last_bgsave_status:err\r\n',
  ].join('\r\n');
  expect(readRedisFigures(info)).toEqual({
    version: '7.0.15',
    uptimeSeconds: 77,
    usedMemoryBytes: 1000,
    maxMemoryBytes: 2000,
    maxMemoryPolicy: 'allkeys-lru',
    evictedKeys: 3,
    appendOnly: false,
    lastWriteOk: false,
  });
});
