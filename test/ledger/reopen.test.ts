import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { MESSAGE_STATES } from '../../src/ledger/history/history.ts';
import { createHistories } from '../../src/ledger/history/redis-histories.ts';
import type { Move, Reopening } from '../../src/ledger/ledger.ts';
import type { RoutedAlert } from '../../src/ledger/records.ts';
import { createLedger } from '../../src/ledger/redis-ledger.ts';
import { createKeys } from '../../src/redis/keys.ts';
import { attemptRequest, messageRecord, routedAlert } from '../support/fixtures/ledger.ts';
import { testRedis } from '../support/redis.ts';

const { redis, prefix } = testRedis();

let keys = createKeys(prefix);
let ledger = createLedger(redis, keys);
let histories = createHistories(redis, keys);
beforeEach(() => {
  keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
  ledger = createLedger(redis, keys);
  histories = createHistories(redis, keys);
});

const event = { at: '2026-11-20T04:00:00.000Z', stage: 'operator', verdict: 'replayed' };

const alertOf = (id: string, over: Partial<RoutedAlert> = {}): RoutedAlert => {
  const events = [{ at: '2026-11-20T03:00:00.000Z', stage: 'consent-gate', verdict: 'pass' }];
  return routedAlert(id, { messages: [messageRecord(`m-${id}`, id, { expiresAt: 9_000, events })], ...over });
};

const moveTo = (state: Move['state'], id = 'a', over: Partial<Move> = {}): Promise<string> =>
  ledger.move({ messageId: `m-${id}`, alertId: id, dedupHash: 'db', run: randomUUID(), state, events: [], ...over });

const reopening = (over: Partial<Reopening> = {}): Reopening => ({
  messageId: 'm-a',
  alertId: 'a',
  dedupHash: 'db',
  lane: 'phone',
  severity: 'critical',
  receivedAt: 1_000,
  dedupeForMs: 0,
  number: 1,
  expiresAt: 20_000,
  event,
  ...over,
});

async function failed(): Promise<void> {
  await ledger.admit(alertOf('a'), randomUUID());
  const record = { provider: 'p', startedAt: '2026-11-20T03:00:00.500Z' };
  await ledger.openAttempt(attemptRequest('m-a', { record, leaseMs: 1 }));
  const attempt = { token: 't', number: 1, record: { ...record, result: 'refused', reason: 'content' } as const };
  expect(await moveTo('failed', 'a', { reason: 'content', attempt })).toBe('ended');
}

describe('a failed message that is reopened', () => {
  it('takes its dedupe claim again where it is free, and only there', async () => {
    await failed();
    const claimed = () => redis.hgetall(keys.claims('db'));
    expect(await claimed()).toEqual({});
    await ledger.reopen(reopening({ dedupeForMs: 60_000 }));
    expect(await claimed()).toEqual({ phone: expect.stringMatching(/^3 1000 \d{13} a$/) });
    expect(await redis.pttl(keys.claims('db'))).toBeGreaterThan(50_000);
    const other = `3 2000 ${Number.MAX_SAFE_INTEGER} other`;
    await redis.hset(keys.claims('db'), 'phone', other);
    await moveTo('failed', 'a', { reason: 'content' });
    await ledger.reopen(reopening({ number: 2, dedupeForMs: 60_000 }));
    expect(await claimed()).toEqual({ phone: other });
  });

  it('takes the claim of the phone when it was made for the simulator and is replayed to a real one, and gives it up again', async () => {
    const messages = [messageRecord('m-a', 'a', { expiresAt: 9_000, lane: 'trial-phone' })];
    await ledger.admit(alertOf('a', { messages, dedupeForMs: 60_000 }), randomUUID());
    expect(await redis.hkeys(keys.claims('db'))).toEqual(['trial-phone']);
    await moveTo('failed', 'a', { reason: 'simulated' });
    await ledger.reopen(reopening({ dedupeForMs: 60_000 }));
    expect(await redis.hkeys(keys.claims('db'))).toEqual(['phone']);
    await moveTo('failed', 'a', { reason: 'content' });
    expect(await redis.hkeys(keys.claims('db'))).toEqual([]);
  });

  it('is on its way again, the same one, with its history and a new deadline', async () => {
    await failed();
    expect(await ledger.reopen(reopening())).toBe('reopened');
    expect(await histories.message('m-a')).toMatchObject({
      state: 'queued',
      reason: null,
      expiresAt: new Date(20_000).toISOString(),
      attempts: [{ provider: 'p', result: 'refused', reason: 'content' }],
      events: [{ stage: 'consent-gate' }, event],
    });
    expect(await ledger.inFlight()).toBe(1);
    expect(await ledger.resolve('db', new Date(500))).toEqual(['m-a']);
  });

  it('is reopened once, in any number of reports of the same replay, and in any later state', async () => {
    await failed();
    expect([await ledger.reopen(reopening()), await ledger.reopen(reopening())]).toEqual(['reopened', 'kept']);
    expect(await ledger.inFlight()).toBe(1);
    await moveTo('failed', 'a', { reason: 'content' });
    expect(await ledger.reopen(reopening())).toBe('kept');
    expect((await histories.message('m-a'))?.state).toBe('failed');
    expect(await ledger.inFlight()).toBe(0);
    expect(await ledger.reopen(reopening({ number: 2 }))).toBe('reopened');
    expect((await histories.message('m-a'))?.events).toHaveLength(3);
  });

  it.each(['accepted', 'failed', 'expired'] as const)('ends as %s without being counted a second time', async (state) => {
    await failed();
    await ledger.reopen(reopening());
    const run = randomUUID();
    expect(await moveTo(state, 'a', { run })).toBe('again');
    expect(await moveTo(state, 'a', { run })).toBe('again');
    expect(await moveTo(state)).toBe('moved');
    expect(await ledger.inFlight()).toBe(0);
  });

  it('can be sent, and is then as over as any', async () => {
    await failed();
    await ledger.reopen(reopening());
    const record = { provider: 'q', startedAt: '2026-11-20T04:00:01.000Z' };
    expect(await ledger.openAttempt(attemptRequest('m-a', { token: 'u', record }))).toEqual({ kind: 'opened', number: 2 });
    await moveTo('accepted', 'a', { attempt: { token: 'u', number: 2, record: { ...record, result: 'accepted' } } });
    expect(await ledger.reopen(reopening({ number: 2 }))).toBe('kept');
    expect((await histories.message('m-a'))?.state).toBe('accepted');
  });
});

it.each(MESSAGE_STATES.filter((state) => state !== 'failed' && state !== 'expired'))('what is %s is not reopened', async (state) => {
  await ledger.admit(alertOf('a'), randomUUID());
  await redis.hset(keys.message('m-a'), 'state', state);
  expect(await ledger.reopen(reopening())).toBe('kept');
  expect(await redis.hget(keys.message('m-a'), 'state')).toBe(state);
  expect(await ledger.inFlight()).toBe(1);
});

it('creates nothing for a message that the ledger no longer has', async () => {
  expect(await ledger.reopen(reopening())).toBe('missing');
  await failed();
  await redis.del(keys.alert('a'));
  expect(await ledger.reopen(reopening())).toBe('missing');
  expect(await ledger.inFlight()).toBe(0);
});

describe('the dedupe claim of a failed message', () => {
  const next = (id: string) => ledger.admit(alertOf(id, { receivedAt: 2_000 }), randomUUID());

  it('is released with it, and not acquired again by its replay', async () => {
    await failed();
    await ledger.reopen(reopening());
    expect(await next('b')).toMatchObject({ kind: 'admitted' });
  });

  it('is the newer alert’s by then, and stays so when the replay fails', async () => {
    await failed();
    await next('b');
    await ledger.reopen(reopening());
    await moveTo('failed', 'a', { reason: 'content' });
    expect(await next('c')).toEqual({ kind: 'duplicate', of: 'b' });
  });
});

describe('a note on a failed message', () => {
  const note = { at: '2026-11-20T05:00:00.000Z', stage: 'operator', verdict: 'discarded' };

  it('is the last line of its trace, once', async () => {
    await failed();
    await ledger.note('m-a', note);
    await ledger.note('m-a', note);
    expect((await histories.message('m-a'))?.events).toMatchObject([{ stage: 'consent-gate' }, note]);
  });

  it('is not written on one that is on its way', async () => {
    await failed();
    await ledger.reopen(reopening());
    await ledger.note('m-a', note);
    expect((await histories.message('m-a'))?.events.at(-1)).toEqual(event);
  });
});
