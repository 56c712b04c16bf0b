import { beforeEach, describe, expect, test } from 'vitest';
import { createHistories } from '../../../src/ledger/history/redis-histories.ts';
import { createUnknowns } from '../../../src/ledger/unknown/unknowns.ts';
import type { Message } from '../../../src/pipeline/message.ts';
import { createUnknownResolver, disproveUnknown, type UnknownResolverDeps } from '../../../src/pipeline/unknown/unknown-resolver.ts';
import { type Accepted, refuse } from '../../../src/provider/contract/provider.ts';
import { messageRecord } from '../../support/fixtures/ledger.ts';
import { testRedis } from '../../support/redis.ts';
import { createHarness, type DispatcherHarness, HOUR_MS, MINUTE_MS } from '../dispatcher-harness.ts';

const { redis, prefix } = testRedis();
const yes: Accepted = { kind: 'accepted', providerMessageId: 'SM1' };
const silence = refuse('unknown_outcome', { code: 'timeout' });

let harness: DispatcherHarness;
let added: Message[];
let deps: UnknownResolverDeps;
beforeEach(() => {
  harness = createHarness(redis, prefix);
  added = [];
  deps = {
    unknowns: createUnknowns(redis, harness.keys),
    histories: createHistories(redis, harness.keys),
    add: async (message) => void added.push(message),
    clock: harness.clock,
  };
});

const listed = async () => (await createUnknownResolver(deps).list(1_000)).map(({ id }) => id);
const resolve = (message: Message, word: 'sent' | 'not_sent' | 'resend') => createUnknownResolver(deps).resolve(message.id, word);
const operator = async (message: Message) => (await harness.trace(message)).events.findLast(({ stage }) => stage === 'operator');

/** One that its provider may have sent. */
async function hold(over: Partial<Message> = {}): Promise<Message> {
  const { message, outcome } = await harness.send({ onUnknown: 'hold', ...over });
  expect(outcome).toMatchObject({ kind: 'unknown' });
  return message;
}

describe('the list', () => {
  test('holds what is unknown, oldest first, and nothing else', async () => {
    harness.provider('a', [silence, yes, silence]);
    const first = await hold();
    await harness.send();
    const second = await hold();
    expect(await listed()).toEqual([first.id, second.id]);
  });

  test.each(['delivered', 'undelivered', 'pending'] as const)(
    'loses one that a receipt settles (%s), and all that was kept of it',
    async (state) => {
      harness.provider('a', [silence]);
      const message = await hold();
      expect(await deps.unknowns.kept(message.id)).toContain(message.to);
      await harness.ledger.applyReceipt(message.id, { provider: 'a', state, receivedAt: harness.clock.now() });
      expect(await listed()).toEqual([]);
      expect(await deps.unknowns.kept(message.id)).toBeUndefined();
    },
  );

  test('and what is kept go with the ledger', async () => {
    harness.provider('a', [silence]);
    const message = await hold();
    for (const key of [harness.keys.kept(message.id), harness.keys.unknown()])
      expect(await redis.pttl(key)).toBeGreaterThan(6 * 24 * HOUR_MS);
  });
});

describe('an operator', () => {
  test('who says that it was sent makes it accepted', async () => {
    harness.provider('a', [silence]);
    const message = await hold();
    expect(await resolve(message, 'sent')).toEqual({ kind: 'settled' });
    expect(await harness.trace(message)).toMatchObject({
      state: 'accepted',
      reason: null,
      provider: 'a',
      attempts: [{ result: 'unknown', resolution: 'confirmed_sent', code: 'timeout' }],
    });
    expect(await operator(message)).toMatchObject({ verdict: 'confirmed_sent', detail: 'an operator confirmed that it was sent' });
    expect(await listed()).toEqual([]);
    expect(await resolve(message, 'not_sent')).toEqual({ kind: 'kept', state: 'accepted' });
  });

  test('who says that it was not sent makes it failed, and the next alert of its key goes out', async () => {
    harness.provider('a', [silence]);
    const message = harness.message({ onUnknown: 'hold' });
    const claim = {
      severity: 'critical',
      purpose: 'alert',
      status: 'firing',
      dedupKey: 'k',
      receivedAt: message.receivedAt,
      events: [],
    } as const;
    const { dedupHash } = message;
    await harness.admit(message);
    await redis.hset(
      harness.keys.claims(dedupHash),
      message.phoneHash,
      `3 ${message.receivedAt} ${Number.MAX_SAFE_INTEGER} ${message.alertId}`,
    );
    await harness.run(message);
    const next = {
      ...claim,
      ...{ id: 'a-next', dedupHash, dedupeForMs: HOUR_MS },
      messages: [messageRecord('m-next', 'a-next', { phoneHash: message.phoneHash })],
    };
    expect(await harness.ledger.admit(next, 'r1')).toMatchObject({ kind: 'duplicate' });
    expect(await resolve(message, 'not_sent')).toEqual({ kind: 'settled' });
    expect(await harness.trace(message)).toMatchObject({
      state: 'failed',
      reason: 'unknown_outcome',
      attempts: [{ result: 'unknown', resolution: 'confirmed_not_sent' }],
    });
    expect(await listed()).toEqual([]);
    expect(await deps.unknowns.kept(message.id)).toBeUndefined();
    expect(await harness.ledger.admit(next, 'r2')).toMatchObject({ kind: 'admitted' });
    expect(added).toEqual([]);
  });

  test('a resend gives it one more run, counted once, and sent once', async () => {
    const a = harness.provider('a', [silence, yes]);
    const message = await hold();
    harness.clock.at += 2 * HOUR_MS;
    expect(await resolve(message, 'resend')).toEqual({ kind: 'settled' });
    expect(added).toMatchObject([{ id: message.id, to: message.to, expiresAt: harness.clock.at + HOUR_MS }]);
    expect(await harness.run(added[0] as Message, { rerun: true })).toMatchObject({ kind: 'accepted', provider: 'a' });
    expect(a.requests).toHaveLength(2);
    expect(await harness.trace(message)).toMatchObject({ state: 'accepted' });
    expect(harness.heard('messageSettled')).toHaveLength(1);
    expect(await harness.ledger.inFlight()).toBe(0);
    expect(await listed()).toEqual([]);
    expect(await harness.run(added[0] as Message, { rerun: true })).toMatchObject({ kind: 'settled' });
  });

  test('may say it once more when the job could not be added: until then it stays listed', async () => {
    harness.provider('a', [silence, yes]);
    const message = await hold();
    const { add } = deps;
    deps = { ...deps, add: () => Promise.reject(new Error('OOM command not allowed')) };
    await expect(resolve(message, 'resend')).rejects.toThrow('OOM');
    expect(await listed()).toEqual([message.id]);
    deps = { ...deps, add };
    expect(await resolve(message, 'resend')).toEqual({ kind: 'settled' });
    expect(added).toHaveLength(1);
    expect(await listed()).toEqual([]);
  });

  test('has no say about what is not unknown, or not there', async () => {
    harness.provider('a', [yes]);
    const { message } = await harness.send();
    expect(await resolve(message, 'not_sent')).toEqual({ kind: 'kept', state: 'accepted' });
    expect(await resolve({ ...message, id: 'm-none' }, 'resend')).toEqual({ kind: 'kept', state: undefined });
  });
});

describe('a vendor that surely never accepted a held message', () => {
  test('has it sent again while it is good, until the deadline that it had', async () => {
    harness.provider('a', [silence, yes]);
    const message = await hold();
    harness.clock.at += 3 * MINUTE_MS;
    expect(await disproveUnknown(deps, await harness.trace(message), 'a')).toBe(true);
    expect(added).toMatchObject([{ expiresAt: message.expiresAt }]);
    expect(await harness.run(added[0] as Message, { rerun: true })).toMatchObject({ kind: 'accepted' });
    expect((await harness.trace(message)).events.filter(({ stage }) => stage === 'reconcile')).toMatchObject([
      { stage: 'reconcile', verdict: 'confirmed_not_sent', detail: 'asked a' },
      { stage: 'reconcile', verdict: 'retry' },
    ]);
  });

  test('after its deadline makes it failed', async () => {
    harness.provider('a', [silence]);
    const message = await hold();
    harness.clock.at = message.expiresAt;
    expect(await disproveUnknown(deps, await harness.trace(message), 'a')).toBe(true);
    expect(added).toEqual([]);
    expect(await harness.trace(message)).toMatchObject({ state: 'failed', reason: 'unknown_outcome' });
  });

  test('says nothing of what another vendor may have sent', async () => {
    harness.provider('a', [silence]);
    harness.provider('b', [silence]);
    const { message } = await harness.send();
    expect(await disproveUnknown(deps, await harness.trace(message), 'b')).toBe(false);
    expect(await harness.trace(message)).toMatchObject({ state: 'unknown' });
  });
});
