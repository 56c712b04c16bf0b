import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { readCriticals } from '../../src/ledger/criticals.ts';
import type { Move } from '../../src/ledger/ledger.ts';
import type { MessageRecord } from '../../src/ledger/records.ts';
import { createLedger } from '../../src/ledger/redis-ledger.ts';
import { createKeys } from '../../src/redis/keys.ts';
import { attemptRequest, messageRecord, routedAlert } from '../support/fixtures/ledger.ts';
import { testRedis } from '../support/redis.ts';

const { redis, prefix } = testRedis();
const HOUR_MS = 3_600_000;
const until = new Date('2026-11-20T03:40:00.000Z');

let keys = createKeys(prefix);
let ledger = createLedger(redis, keys);
beforeEach(() => {
  keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
  ledger = createLedger(redis, keys);
});

const admit = (id: string, over: Partial<MessageRecord> = {}) =>
  ledger.admit(
    routedAlert(id, { dedupeForMs: 0, severity: over.severity ?? 'critical', messages: [messageRecord(`m-${id}`, id, over)] }),
    randomUUID(),
  );
const move = (id: string, state: Move['state'], over: Partial<Move> = {}) =>
  ledger.move({ messageId: `m-${id}`, alertId: id, dedupHash: 'db', run: randomUUID(), state, events: [], ...over });
const defer = (id: string, reason: string) => move(id, 'deferred', { reason, until });
const read = (heldForMs = 0) => readCriticals(redis, keys, heldForMs, HOUR_MS);
/** As if it had been put off so long before. */
const age = async (id: string, ms: number) => {
  await redis.zincrby(keys.heldCriticals(), -ms, `m-${id}`);
};

describe('a critical that is held', () => {
  it('is listed by route and reason, with the longest wait and when it comes back', async () => {
    for (const id of ['a', 'b', 'c']) await admit(id, id === 'c' ? { route: 'other' } : {});
    await defer('a', 'rate_cap_recipient');
    await defer('b', 'rate_cap_recipient');
    await defer('c', 'budget');
    await age('b', 600_000);
    const { held, heldCount } = await read();
    expect(heldCount).toBe(3);
    expect(held).toEqual([
      {
        route: 'default',
        reason: 'rate_cap_recipient',
        count: 2,
        oldestSeconds: expect.any(Number),
        until: until.toISOString(),
        oldest: 'm-b',
      },
      { route: 'other', reason: 'budget', count: 1, oldestSeconds: expect.any(Number), until: until.toISOString(), oldest: 'm-c' },
    ]);
    expect(held[0]?.oldestSeconds).toBeGreaterThanOrEqual(599);
    expect(await read(300_000)).toMatchObject({ heldCount: 1, held: [{ count: 1, oldest: 'm-b' }] });
  });

  it('is listed immediately when it is put off for longer than a critical may wait', async () => {
    const inMs = (ms: number) => new Date(Date.now() + ms);
    for (const id of ['a', 'b']) await admit(id);
    await move('a', 'deferred', { reason: 'rate_cap_recipient', until: inMs(HOUR_MS) });
    await move('b', 'deferred', { reason: 'throttled', until: inMs(60_000) });
    expect(await read(300_000)).toMatchObject({ heldCount: 1, held: [{ reason: 'rate_cap_recipient', count: 1, oldest: 'm-a' }] });
  });

  it('keeps the moment at which it was put off first, however often it is put off again', async () => {
    await admit('a');
    await defer('a', 'throttled');
    await age('a', 600_000);
    await defer('a', 'circuit_open');
    expect(await read(300_000)).toMatchObject({ held: [{ reason: 'circuit_open', count: 1 }] });
  });

  it.each(['quiet_hours', 'escalation', 'digest'])('is not held while it waits as planned: %s', async (reason) => {
    await admit('a');
    await defer('a', 'throttled');
    await defer('a', reason);
    expect(await read()).toMatchObject({ held: [], heldCount: 0 });
  });

  it('does not count a message that is not critical', async () => {
    await admit('a', { severity: 'error' });
    await defer('a', 'rate_cap_recipient');
    expect(await read()).toMatchObject({ held: [], heldCount: 0 });
  });

  it.each(['accepted', 'suppressed', 'expired', 'cancelled', 'unknown', 'failed'] as const)(
    'is held no longer once it is %s',
    async (state) => {
      await admit('a');
      await defer('a', 'auth');
      await move('a', state);
      expect(await read()).toMatchObject({ held: [], heldCount: 0 });
    },
  );
});

describe('a critical that is missed', () => {
  it('is listed by route, state and reason, the newest first', async () => {
    for (const id of ['a', 'b', 'c']) await admit(id);
    await defer('a', 'auth');
    await move('a', 'expired', { reason: 'expired' });
    await move('b', 'failed', { reason: 'recipient' });
    await move('c', 'failed', { reason: 'recipient' });
    const { missed, missedCount } = await read();
    expect(missedCount).toBe(3);
    expect(missed).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ route: 'default', state: 'failed', reason: 'recipient', count: 2 }),
        expect.objectContaining({ route: 'default', state: 'expired', count: 1, newest: 'm-a' }),
      ]),
    );
  });

  it('is not listed once it is on its way again, nor after the hour', async () => {
    for (const id of ['a', 'b']) {
      await admit(id);
      await move(id, 'failed', { reason: 'auth' });
    }
    await ledger.reopen({
      messageId: 'm-a',
      alertId: 'a',
      dedupHash: 'db',
      lane: 'phone',
      severity: 'critical',
      receivedAt: 1_000,
      dedupeForMs: 0,
      number: 1,
      expiresAt: 9_000_000_000_000,
      event: { at: until.toISOString(), stage: 'operator', verdict: 'replayed' },
    });
    expect(await read()).toMatchObject({ missedCount: 1, missed: [{ newest: 'm-b' }] });
    await redis.zincrby(keys.missedCriticals(), -HOUR_MS - 1000, 'm-b');
    expect(await read()).toMatchObject({ missedCount: 0, missed: [] });
  });

  it.each([
    ['accepted', 'critical'],
    ['suppressed', 'critical'],
    ['expired', 'error'],
    ['failed', 'warning'],
  ] as const)('is none that is %s at severity %s', async (state, severity) => {
    await admit('a', { severity });
    await move('a', state);
    expect(await read()).toMatchObject({ missed: [], missedCount: 0 });
  });

  it.each([
    ['critical', 'expired', 1],
    ['critical', 'duplicate', 0],
    ['error', 'expired', 0],
  ] as const)('is an alert of severity %s that ended as %s before it was routed: %i', async (severity, reason, count) => {
    const { messages: _none, dedupHash: _hash, dedupeForMs: _ms, ...alert } = routedAlert('order 42');
    await ledger.settleAlert({ ...alert, severity, outcome: 'suppressed', reason }, randomUUID());
    const { missed, missedCount } = await read();
    expect(missedCount).toBe(count);
    expect(missed).toEqual(count === 0 ? [] : [{ route: null, state: 'expired', reason: null, count: 1, newest: 'order 42' }]);
  });

  it.each(['no_consent', 'opted_out', 'country_not_allowed', 'rate_cap_recipient', 'budget'])(
    'is one that is suppressed: %s',
    async (reason) => {
      await admit('a');
      await move('a', 'suppressed', { reason });
      expect(await read()).toMatchObject({ missed: [{ route: 'default', state: 'suppressed', reason, newest: 'm-a' }], missedCount: 1 });
    },
  );

  it.each(['digested', 'duplicate', 'resolved', 'acknowledged'])(
    'is not counted if another message covers it or its problem is resolved: %s',
    async (reason) => {
      await admit('a');
      await move('a', 'suppressed', { reason });
      expect(await read()).toMatchObject({ missed: [], missedCount: 0 });
    },
  );

  it('is one whose outcome is unknown, until a person resolves it', async () => {
    for (const id of ['a', 'b']) {
      await admit(id, id === 'a' ? {} : { severity: 'error' });
      await move(id, 'unknown', { reason: 'unknown_outcome' });
    }
    expect(await read()).toMatchObject({
      missed: [{ state: 'unknown', reason: 'unknown_outcome', count: 1, newest: 'm-a' }],
      missedCount: 1,
    });
    await move('a', 'accepted');
    expect(await read()).toMatchObject({ missed: [], missedCount: 0 });
  });

  it('is one that its provider accepted and a receipt says was not delivered', async () => {
    for (const id of ['a', 'b']) {
      const asked = { provider: 'sns', startedAt: until.toISOString() };
      await admit(id, id === 'a' ? {} : { severity: 'error' });
      const token = randomUUID();
      await ledger.openAttempt(attemptRequest(`m-${id}`, { token, record: asked, leaseMs: 1_000, unknownsAllowed: 1 }));
      await move(id, 'accepted', { attempt: { token, number: 1, record: { ...asked, endedAt: until.toISOString(), result: 'accepted' } } });
      await ledger.applyReceipt(`m-${id}`, { provider: 'sns', state: 'undelivered', receivedAt: until, reason: 'unavailable' });
    }
    expect(await read()).toMatchObject({
      missed: [{ state: 'undelivered', reason: 'unavailable', count: 1, newest: 'm-a' }],
      missedCount: 1,
    });
  });

  it('is an alert that has no recipient', async () => {
    const { messages: _none, dedupHash: _hash, dedupeForMs: _ms, ...alert } = routedAlert('order 42');
    await ledger.settleAlert({ ...alert, severity: 'critical', outcome: 'suppressed', reason: 'no_recipient' }, randomUUID());
    expect((await read()).missed).toEqual([{ route: null, state: 'suppressed', reason: 'no_recipient', count: 1, newest: 'order 42' }]);
  });

  it('is counted in a storm beyond what is read, while older ones leave the list after a day', async () => {
    await admit('a');
    const [seconds] = await redis.time();
    const now = Number(seconds) * 1000;
    const members = Array.from({ length: 600 }, (_, index) => [now - index, `m-storm-${index}`]).flat();
    await redis.zadd(keys.missedCriticals(), ...(members as [number, string]), now - 25 * HOUR_MS, 'm-old');
    await move('a', 'expired', { reason: 'expired' });
    expect(await redis.zcard(keys.missedCriticals())).toBe(601);
    expect((await read()).missedCount).toBeGreaterThan(100);
  });
});
