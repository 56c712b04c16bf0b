import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MESSAGE_STATES, type MessageState } from '../../../src/ledger/history/history.ts';
import { KEPT_RECEIPTS, RECEIPT_TABLE, RECEIPT_WORDS } from '../../../src/ledger/receipt/receipt-table.ts';
import { createLedger } from '../../../src/ledger/redis-ledger.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();
const keys = createKeys(prefix);
const ledger = createLedger(redis, keys);

const cells = MESSAGE_STATES.flatMap((state) => RECEIPT_WORDS.map((word) => [state, word, RECEIPT_TABLE[state][word]] as const));
const KEPT: readonly string[] = KEPT_RECEIPTS;

describe('the table of receipts', () => {
  it.each(cells)('takes a message that is %s and is reported %s to: %s', async (state, word, step) => {
    const id = `m-${randomUUID()}`;
    await redis.hset(keys.message(id), { state, card: '{}' });
    const move = await ledger.applyReceipt(id, { provider: 'p', state: word, receivedAt: new Date(1_000) });
    const isKept = KEPT.includes(step);
    expect(move).toMatchObject(isKept ? { kind: 'kept', as: step, state } : { kind: 'moved', from: state, to: step });
    expect(await redis.hget(keys.message(id), 'state')).toBe(isKept ? state : step);
  });

  it('only moves forward: no way leads back to a state that was left', () => {
    const next = (state: MessageState) =>
      RECEIPT_WORDS.map((word) => RECEIPT_TABLE[state][word]).filter((step): step is MessageState & typeof step => !KEPT.includes(step));
    const reachable = (state: MessageState): MessageState[] => next(state).flatMap((step) => [step, ...reachable(step)]);
    for (const state of MESSAGE_STATES) expect(reachable(state)).not.toContain(state);
  });

  it('answers a step that a reconnecting client sends twice as it did the first time', async () => {
    const id = `m-${randomUUID()}`;
    await redis.hset(keys.message(id), { state: 'accepted', acceptedAt: '2026-11-20T03:00:00.000Z' });
    const sent: unknown[][] = [];
    const twice = new Proxy(redis, {
      get: (target, name) =>
        name === 'evalsha' || name === 'eval'
          ? async (...args: unknown[]) => {
              sent.push(args);
              await (target[name] as (...args: unknown[]) => Promise<unknown>)(...args);
              return (target[name] as (...args: unknown[]) => Promise<unknown>)(...args);
            }
          : Reflect.get(target, name),
    });
    const receipt = { provider: 'p', state: 'delivered', receivedAt: new Date(1_000) } as const;
    expect(await createLedger(twice, keys).applyReceipt(id, receipt)).toEqual({
      kind: 'moved',
      from: 'accepted',
      to: 'delivered',
      acceptedAt: new Date('2026-11-20T03:00:00.000Z'),
    });
    expect(sent.length).toBeGreaterThan(0);
    expect(await ledger.applyReceipt(id, receipt)).toMatchObject({ as: 'duplicate' });
  });
});
