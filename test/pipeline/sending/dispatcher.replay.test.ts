import { describe, expect, test } from 'vitest';
import type { Message } from '../../../src/pipeline/message.ts';
import { replayMessage } from '../../../src/pipeline/unknown/replay-message.ts';
import { refuse } from '../../../src/provider/contract/provider.ts';
import { testRedis } from '../../support/redis.ts';
import { createDesk, type Desk, HOUR_MS } from '../dispatch-desk.ts';

const { redis, prefix } = testRedis();
const caps = { weight: 'messages', perRecipient: [{ max: 1, perMs: HOUR_MS }], perHour: undefined } as const;

/** A message that failed two hours ago, as its job looks when an operator has replayed it and then died. */
async function replayed(desk: Desk): Promise<Message> {
  const { message, outcome } = await desk.send();
  expect(outcome.kind).toBe('failed');
  desk.clock.at += 2 * HOUR_MS;
  return replayMessage(message, desk.clock.now());
}

describe('a replayed message', () => {
  test('is set on its way in the ledger by its worker, sent, and counted as what it ended as first', async () => {
    const desk = createDesk(redis, prefix, { caps });
    const provider = desk.provider('p', [refuse('recipient', { code: '21211' }), { kind: 'accepted', providerMessageId: 'SM1' }]);
    const message = await replayed(desk);
    expect((await desk.run(message, { rerun: true })).kind).toBe('accepted');

    expect(provider.requests).toHaveLength(2);
    expect(await desk.trace(message)).toMatchObject({
      state: 'accepted',
      attempts: [{ result: 'refused', code: '21211' }, { result: 'accepted' }],
    });
    expect(desk.heard('messageSettled')).toEqual([{ state: 'failed', reason: 'recipient', severity: 'critical' }]);
    expect(desk.heard('accepted')).toHaveLength(1);
    expect(desk.handedOver).toMatchObject([{ id: message.id, provider: 'p' }]);
    expect(await desk.ledger.inFlight()).toBe(0);
    expect(await desk.hasRoom()).toBe(false);
  });

  test('that fails again grows its story, gives its slot back, and is not counted twice', async () => {
    const desk = createDesk(redis, prefix, { caps });
    desk.provider('p', [refuse('recipient'), refuse('recipient')]);
    const message = await replayed(desk);
    expect((await desk.run(message, { rerun: true })).kind).toBe('failed');

    const { attempts, events, state } = await desk.trace(message);
    expect([state, attempts.length, events.filter(({ verdict }) => verdict === 'replayed').length]).toEqual(['failed', 2, 1]);
    expect(desk.heard('messageSettled')).toHaveLength(1);
    expect(await desk.ledger.inFlight()).toBe(0);
    expect(await desk.hasRoom()).toBe(true);
  });

  test('waits for room like any other, within its new deadline', async () => {
    const desk = createDesk(redis, prefix, { caps });
    const provider = desk.provider('p', [refuse('recipient'), { kind: 'accepted' }]);
    const message = await replayed(desk);
    await desk.send();
    expect(await desk.run(message, { rerun: true })).toMatchObject({ kind: 'deferred', reason: 'rate_cap_recipient' });
    expect(provider.requests).toHaveLength(2);
    expect(await desk.ledger.inFlight()).toBe(1);
  });

  test('is cancelled when its problem was resolved since', async () => {
    const desk = createDesk(redis, prefix, { caps });
    const provider = desk.provider('p', [refuse('recipient')]);
    const message = await replayed(desk);
    await desk.ledger.resolve(message.dedupHash, desk.clock.now());
    expect((await desk.run(message, { rerun: true })).kind).toBe('cancelled');
    expect(provider.requests).toHaveLength(1);
    expect(desk.heard('messageSettled')).toHaveLength(1);
  });

  test('whose job runs once more after that is not reopened by it', async () => {
    const desk = createDesk(redis, prefix, { caps });
    const provider = desk.provider('p', [refuse('recipient'), refuse('recipient')]);
    const message = await replayed(desk);
    await desk.run(message, { rerun: true });
    expect(await desk.run(message, { rerun: true })).toEqual({ kind: 'settled', state: 'failed' });
    expect(provider.requests).toHaveLength(2);
  });
});
