import { beforeEach, describe, expect, test } from 'vitest';
import { createTraces } from '../../../src/ledger/history/redis-traces.ts';
import { createUnknowns } from '../../../src/ledger/unknown/unknowns.ts';
import type { Message } from '../../../src/pipeline/message.ts';
import { createUnknownDesk, refuteUnknown, type UnknownDeskDeps } from '../../../src/pipeline/unknown/unknown-desk.ts';
import { type Accepted, refuse } from '../../../src/provider/contract/provider.ts';
import { messageRecord } from '../../ledger/message-record.ts';
import { testRedis } from '../../support/redis.ts';
import { createDesk, type Desk, HOUR_MS, MINUTE_MS } from '../dispatch-desk.ts';

const { redis, prefix } = testRedis();
const yes: Accepted = { kind: 'accepted', providerMessageId: 'SM1' };
const silence = refuse('unknown_outcome', { code: 'timeout' });

let desk: Desk;
let added: Message[];
let deps: UnknownDeskDeps;
beforeEach(() => {
  desk = createDesk(redis, prefix);
  added = [];
  deps = {
    unknowns: createUnknowns(redis, desk.keys),
    traces: createTraces(redis, desk.keys),
    add: async (message) => void added.push(message),
    clock: desk.clock,
  };
});

const listed = async () => (await createUnknownDesk(deps).list(1_000)).map(({ id }) => id);
const resolve = (message: Message, word: 'sent' | 'not_sent' | 'resend') => createUnknownDesk(deps).resolve(message.id, word);
const operator = async (message: Message) => (await desk.trace(message)).events.findLast(({ stage }) => stage === 'operator');

/** One that its provider may have sent. */
async function hold(over: Partial<Message> = {}): Promise<Message> {
  const { message, outcome } = await desk.send({ onUnknown: 'hold', ...over });
  expect(outcome).toMatchObject({ kind: 'unknown' });
  return message;
}

describe('the list', () => {
  test('holds what is unknown, oldest first, and nothing else', async () => {
    desk.provider('a', [silence, yes, silence]);
    const first = await hold();
    await desk.send();
    const second = await hold();
    expect(await listed()).toEqual([first.id, second.id]);
  });

  test.each(['delivered', 'undelivered', 'pending'] as const)(
    'loses one that a receipt settles (%s), and all that was kept of it',
    async (state) => {
      desk.provider('a', [silence]);
      const message = await hold();
      expect(await deps.unknowns.kept(message.id)).toContain(message.to);
      await desk.ledger.applyReceipt(message.id, { provider: 'a', state, receivedAt: desk.clock.now() });
      expect(await listed()).toEqual([]);
      expect(await deps.unknowns.kept(message.id)).toBeUndefined();
    },
  );

  test('and what is kept go with the ledger', async () => {
    desk.provider('a', [silence]);
    const message = await hold();
    for (const key of [desk.keys.kept(message.id), desk.keys.unknown()]) expect(await redis.pttl(key)).toBeGreaterThan(6 * 24 * HOUR_MS);
  });
});

describe('an operator', () => {
  test('who says that it was sent makes it accepted', async () => {
    desk.provider('a', [silence]);
    const message = await hold();
    expect(await resolve(message, 'sent')).toEqual({ kind: 'settled' });
    expect(await desk.trace(message)).toMatchObject({
      state: 'accepted',
      reason: null,
      provider: 'a',
      attempts: [{ result: 'unknown', resolution: 'confirmed_sent', code: 'timeout' }],
    });
    expect(await operator(message)).toMatchObject({ verdict: 'confirmed_sent', detail: 'an operator says that it was sent' });
    expect(await listed()).toEqual([]);
    expect(await resolve(message, 'not_sent')).toEqual({ kind: 'kept', state: 'accepted' });
  });

  test('who says that it was not sent makes it failed, and the next alert of its key goes out', async () => {
    desk.provider('a', [silence]);
    const message = desk.message({ onUnknown: 'hold' });
    const claim = {
      severity: 'critical',
      purpose: 'alert',
      status: 'firing',
      dedupKey: 'k',
      receivedAt: message.receivedAt,
      events: [],
    } as const;
    const { dedupHash } = message;
    await desk.admit(message);
    await redis.hset(
      desk.keys.claims(dedupHash),
      message.phoneHash,
      `3 ${message.receivedAt} ${Number.MAX_SAFE_INTEGER} ${message.alertId}`,
    );
    await desk.run(message);
    const next = {
      ...claim,
      ...{ id: 'a-next', dedupHash, dedupeForMs: HOUR_MS },
      messages: [messageRecord('m-next', 'a-next', { phoneHash: message.phoneHash })],
    };
    expect(await desk.ledger.admit(next, 'r1')).toMatchObject({ kind: 'duplicate' });
    expect(await resolve(message, 'not_sent')).toEqual({ kind: 'settled' });
    expect(await desk.trace(message)).toMatchObject({
      state: 'failed',
      reason: 'unknown_outcome',
      attempts: [{ result: 'unknown', resolution: 'confirmed_not_sent' }],
    });
    expect(await listed()).toEqual([]);
    expect(await deps.unknowns.kept(message.id)).toBeUndefined();
    expect(await desk.ledger.admit(next, 'r2')).toMatchObject({ kind: 'admitted' });
    expect(added).toEqual([]);
  });

  test('who has it sent again gives it one more life, counted once, and sent once', async () => {
    const a = desk.provider('a', [silence, yes]);
    const message = await hold();
    desk.clock.at += 2 * HOUR_MS;
    expect(await resolve(message, 'resend')).toEqual({ kind: 'settled' });
    expect(added).toMatchObject([{ id: message.id, to: message.to, expiresAt: desk.clock.at + HOUR_MS }]);
    expect(await desk.run(added[0] as Message, { rerun: true })).toMatchObject({ kind: 'accepted', provider: 'a' });
    expect(a.requests).toHaveLength(2);
    expect(await desk.trace(message)).toMatchObject({ state: 'accepted' });
    expect(desk.heard('messageSettled')).toHaveLength(1);
    expect(await desk.ledger.inFlight()).toBe(0);
    expect(await listed()).toEqual([]);
    expect(await desk.run(added[0] as Message, { rerun: true })).toMatchObject({ kind: 'settled' });
  });

  test('may say it once more when the job could not be added: until then it stays listed', async () => {
    desk.provider('a', [silence, yes]);
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
    desk.provider('a', [yes]);
    const { message } = await desk.send();
    expect(await resolve(message, 'not_sent')).toEqual({ kind: 'kept', state: 'accepted' });
    expect(await resolve({ ...message, id: 'm-none' }, 'resend')).toEqual({ kind: 'kept', state: undefined });
  });
});

describe('a vendor that surely never took a held text', () => {
  test('has it sent again while it is good, until the deadline that it had', async () => {
    desk.provider('a', [silence, yes]);
    const message = await hold();
    desk.clock.at += 3 * MINUTE_MS;
    expect(await refuteUnknown(deps, await desk.trace(message), 'a')).toBe(true);
    expect(added).toMatchObject([{ expiresAt: message.expiresAt }]);
    expect(await desk.run(added[0] as Message, { rerun: true })).toMatchObject({ kind: 'accepted' });
    expect((await desk.trace(message)).events.filter(({ stage }) => stage === 'reconcile')).toMatchObject([
      { stage: 'reconcile', verdict: 'confirmed_not_sent', detail: 'asked a' },
      { stage: 'reconcile', verdict: 'retry' },
    ]);
  });

  test('after its deadline makes it failed', async () => {
    desk.provider('a', [silence]);
    const message = await hold();
    desk.clock.at = message.expiresAt;
    expect(await refuteUnknown(deps, await desk.trace(message), 'a')).toBe(true);
    expect(added).toEqual([]);
    expect(await desk.trace(message)).toMatchObject({ state: 'failed', reason: 'unknown_outcome' });
  });

  test('says nothing of what another vendor may have sent', async () => {
    desk.provider('a', [silence]);
    desk.provider('b', [silence]);
    const { message } = await desk.send();
    expect(await refuteUnknown(deps, await desk.trace(message), 'b')).toBe(false);
    expect(await desk.trace(message)).toMatchObject({ state: 'unknown' });
  });
});
