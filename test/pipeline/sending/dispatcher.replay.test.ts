import { describe, expect, test } from 'vitest';
import type { Message } from '../../../src/pipeline/message.ts';
import { replayMessage } from '../../../src/pipeline/unknown/replay-message.ts';
import { refuse } from '../../../src/provider/contract/provider.ts';
import { testRedis } from '../../support/redis.ts';
import { createHarness, type DispatcherHarness, HOUR_MS } from '../dispatcher-harness.ts';

const { redis, prefix } = testRedis();
const caps = { weight: 'messages', perRecipient: [{ max: 1, perMs: HOUR_MS }], perHour: undefined } as const;

/** A message that failed two hours ago, as its job looks when an operator has replayed it and then died. */
async function replayed(harness: DispatcherHarness): Promise<Message> {
  const { message, outcome } = await harness.send();
  expect(outcome.kind).toBe('failed');
  harness.clock.at += 2 * HOUR_MS;
  return replayMessage(message, harness.clock.now());
}

describe('a replayed message', () => {
  test('is set on its way in the ledger by its worker, sent, and counted as what it ended as first', async () => {
    const harness = createHarness(redis, prefix, { caps });
    const provider = harness.provider('p', [refuse('recipient', { code: '21211' }), { kind: 'accepted', providerMessageId: 'SM1' }]);
    const message = await replayed(harness);
    expect((await harness.run(message, { rerun: true })).kind).toBe('accepted');

    expect(provider.requests).toHaveLength(2);
    expect(await harness.trace(message)).toMatchObject({
      state: 'accepted',
      attempts: [{ result: 'refused', code: '21211' }, { result: 'accepted' }],
    });
    expect(harness.heard('messageSettled')).toEqual([{ state: 'failed', reason: 'recipient', severity: 'critical' }]);
    expect(harness.heard('accepted')).toHaveLength(1);
    expect(harness.handedOver).toMatchObject([{ id: message.id, provider: 'p' }]);
    expect(await harness.ledger.inFlight()).toBe(0);
    expect(await harness.hasRoom()).toBe(false);
  });

  test('that fails again extends its history, releases its slot, and is not counted twice', async () => {
    const harness = createHarness(redis, prefix, { caps });
    harness.provider('p', [refuse('recipient'), refuse('recipient')]);
    const message = await replayed(harness);
    expect((await harness.run(message, { rerun: true })).kind).toBe('failed');

    const { attempts, events, state } = await harness.trace(message);
    expect([state, attempts.length, events.filter(({ verdict }) => verdict === 'replayed').length]).toEqual(['failed', 2, 1]);
    expect(harness.heard('messageSettled')).toHaveLength(1);
    expect(await harness.ledger.inFlight()).toBe(0);
    expect(await harness.hasRoom()).toBe(true);
  });

  test('waits for room like any other, within its new deadline', async () => {
    const harness = createHarness(redis, prefix, { caps });
    const provider = harness.provider('p', [refuse('recipient'), { kind: 'accepted' }]);
    const message = await replayed(harness);
    await harness.send();
    expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'deferred', reason: 'rate_cap_recipient' });
    expect(provider.requests).toHaveLength(2);
    expect(await harness.ledger.inFlight()).toBe(1);
  });

  test('is cancelled when its problem was resolved since', async () => {
    const harness = createHarness(redis, prefix, { caps });
    const provider = harness.provider('p', [refuse('recipient')]);
    const message = await replayed(harness);
    await harness.ledger.resolve(message.dedupHash, harness.clock.now());
    expect((await harness.run(message, { rerun: true })).kind).toBe('cancelled');
    expect(provider.requests).toHaveLength(1);
    expect(harness.heard('messageSettled')).toHaveLength(1);
  });

  test('whose job runs once more after that is not reopened by it', async () => {
    const harness = createHarness(redis, prefix, { caps });
    const provider = harness.provider('p', [refuse('recipient'), refuse('recipient')]);
    const message = await replayed(harness);
    await harness.run(message, { rerun: true });
    expect(await harness.run(message, { rerun: true })).toEqual({ kind: 'settled', state: 'failed' });
    expect(provider.requests).toHaveLength(2);
  });
});
