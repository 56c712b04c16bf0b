import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import type { Applied, Receipt } from '../../src/pipeline/receipts/apply-receipt.ts';
import { createReceiptQueue, createReceiptWorker } from '../../src/queue/callback-queues.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { testRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

const { url, prefix } = testRedis();
const NOW = new Date('2026-11-20T03:00:00.000Z');

/** A worker that answers as told and writes down what it was given. */
function work(answer: (receipt: Receipt, firstLook: boolean) => Applied) {
  const seen: { receipt: Receipt; firstLook: boolean }[] = [];
  const [shared, commands] = [connectRedis(url, 'worker'), connectRedis(url, 'commands')];
  const queue = createReceiptQueue(commands, prefix);
  const worker = createReceiptWorker({
    shared,
    commands,
    prefix,
    concurrency: 5,
    lockMs: 10_000,
    logger: pino({ level: 'silent' }),
    apply: async (receipt, _now, firstLook) => {
      seen.push({ receipt, firstLook });
      return answer(receipt, firstLook);
    },
  });
  onTestFinished(async () => {
    await worker.close();
    await queue.close();
    shared.disconnect();
    commands.disconnect();
  });
  return { queue, seen };
}

it('takes what one call reported, whole, and drops ids that cannot be ours', async () => {
  const { queue, seen } = work(() => ({ kind: 'done' }));
  await queue.addReported(
    'twilio-main',
    [
      { messageId: 'm-1', providerMessageId: 'SM1', state: 'undelivered', code: '30003', reason: 'recipient' },
      { messageId: 'm-2', state: 'delivered', at: new Date('2026-11-20T02:59:00.000Z') },
      { messageId: 'a:b', providerMessageId: 'SM3', state: 'pending', at: new Date(Number.NaN) },
    ],
    NOW,
  );
  await until(() => seen.length === 3);
  const common = { provider: 'twilio-main', receivedAt: NOW.getTime() };
  expect(seen.map(({ receipt }) => receipt).toSorted((a, b) => b.state.localeCompare(a.state))).toEqual([
    { ...common, messageId: 'm-1', providerMessageId: 'SM1', state: 'undelivered', code: '30003', reason: 'recipient' },
    { ...common, providerMessageId: 'SM3', state: 'pending' },
    { ...common, messageId: 'm-2', state: 'delivered', at: Date.parse('2026-11-20T02:59:00.000Z') },
  ]);
});

it('distinguishes the first read of a receipt from those after it waited', async () => {
  const { queue, seen } = work((_receipt, firstLook) => ({ kind: firstLook || seen.length < 3 ? 'early' : 'done' }));
  await queue.add({ provider: 'p', messageId: 'm-1', state: 'delivered', receivedAt: NOW.getTime() });
  await until(() => seen.length === 3);
  expect(seen.map(({ firstLook }) => firstLook)).toEqual([true, false, false]);
});
