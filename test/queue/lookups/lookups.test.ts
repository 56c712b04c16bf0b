import { expect, it, onTestFinished } from 'vitest';
import { createUnknowns } from '../../../src/ledger/unknown/unknowns.ts';
import { createLogger } from '../../../src/logger.ts';
import type { SendTarget } from '../../../src/pipeline/sending/send-target.ts';
import { type Accepted, ProviderError, type StatusQuery, type VendorStatus } from '../../../src/provider/contract/provider.ts';
import { createReceiptQueue } from '../../../src/queue/callback-queues.ts';
import { createLookups } from '../../../src/queue/lookups/lookups.ts';
import { LOOKUP_QUEUE, RECEIPT_QUEUE } from '../../../src/queue/names.ts';
import { connectRedis } from '../../../src/redis/connect.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { attempt, messageHistory } from '../../support/fixtures/history.ts';
import { messageOf } from '../../support/fixtures/message.ts';
import { createRecordingObserver } from '../../support/recording-observer.ts';
import { testRedis } from '../../support/redis.ts';
import { createScriptedProvider } from '../../support/scripted-provider.ts';
import { until } from '../../support/until.ts';
import { openQueue } from '../support/queue-bench.ts';

const { url, prefix: base, redis } = testRedis();
const POLL_MS = 100;
const accepted: Accepted = { kind: 'accepted', providerMessageId: 'SM1' };
const message = (id: string) => messageOf({ id });

let rooms = 0;

/** Look-ups of texts that `a` accepted just now, on queues of their own; `a` answers line by line, the last one for good. */
function setup(script: readonly VendorStatus[], pollAfterMs = POLL_MS) {
  const prefix = `${base}:${rooms++}`;
  const [shared, commands] = [connectRedis(url, 'worker'), connectRedis(url, 'commands')];
  const asked: { readonly id: string; readonly at: number }[] = [];
  const logged: Record<string, unknown>[] = [];
  const logger = createLogger('info', { write: (line) => logged.push(JSON.parse(line)) });
  const lines = [...script];
  const status = async ({ id }: StatusQuery): Promise<VendorStatus> => {
    asked.push({ id, at: Date.now() });
    return (lines.length > 1 ? lines.shift() : lines[0]) as VendorStatus;
  };
  const carrier: SendTarget = {
    provider: Object.assign(createScriptedProvider('a', []), { status }),
    timeoutMs: 1000,
    pollAfterMs,
    pace: (_signal, job) => job(),
  };
  const startedAt = new Date().toISOString();
  const receipts = createReceiptQueue(commands, prefix);
  const lookups = createLookups({
    redis: commands,
    prefix,
    histories: {
      message: async (id) =>
        messageHistory({
          id,
          state: 'accepted',
          provider: 'a',
          providerMessageId: 'SM1',
          attempts: [attempt({ provider: 'a', startedAt })],
        }),
    },
    targets: new Map([['a', carrier]]),
    unknowns: createUnknowns(commands, createKeys(prefix)),
    observer: createRecordingObserver().observer,
    clock: { now: () => new Date() },
    logger,
    onBug: () => undefined,
    receipts,
  });
  const worker = lookups.start({ shared, commands, prefix, lockMs: 10_000, logger });
  onTestFinished(async () => {
    await worker.close();
    await Promise.all([lookups.close(), receipts.close()]);
    for (const connection of [shared, commands]) connection.disconnect();
  });
  const { queue } = openQueue(url, prefix, LOOKUP_QUEUE);
  const reported = openQueue(url, prefix, RECEIPT_QUEUE).queue;
  return { lookups, queue, reported, asked, logged, startedAt: Date.parse(startedAt) };
}

it('a text is asked for when its time has come, and what the vendor says waits with the receipts', async () => {
  const { lookups, queue, reported, asked, startedAt } = setup([{ kind: 'undelivered', code: '30003' }]);
  await lookups.plan(message('m-1'), 'a', accepted);
  const job = await until(async () => (await reported.getJobs(['waiting']))[0]);
  expect(job.data).toEqual({
    provider: 'a',
    messageId: 'm-1',
    providerMessageId: 'SM1',
    state: 'undelivered',
    code: '30003',
    receivedAt: expect.any(Number),
  });
  expect(asked).toMatchObject([{ id: 'm-1' }]);
  expect((asked[0]?.at ?? 0) - startedAt).toBeGreaterThanOrEqual(POLL_MS);
  await until(async () => Object.values(await queue.getJobCounts()).every((count) => count === 0));
});

it('it is asked for again, later and later, until the vendor knows', async () => {
  const { lookups, reported, asked, startedAt } = setup([{ kind: 'pending' }, { kind: 'pending' }, { kind: 'delivered' }]);
  await lookups.plan(message('m-1'), 'a', accepted);
  await until(() => reported.getWaitingCount());
  const waits = asked.map(({ at }) => at - startedAt);
  expect(waits).toHaveLength(3);
  [1, 3, 7].forEach((factor, round) => {
    expect(waits[round]).toBeGreaterThanOrEqual(factor * POLL_MS);
  });
});

it('however often it is planned, it waits once', async () => {
  const { lookups, queue } = setup([{ kind: 'delivered' }], 60_000);
  for (const answer of [undefined, accepted, accepted]) await lookups.plan(message('m-1'), 'a', answer);
  await lookups.plan(message('m-2'), 'a', accepted);
  expect(await queue.getDelayedCount()).toBe(2);
});

it('one that ends without a result is logged, without a number', async () => {
  const { lookups, logged, reported } = setup([{ kind: 'absent' }]);
  await lookups.plan(message('m-1'), 'a', accepted);
  await until(() => logged.length > 0);
  expect(logged).toMatchObject([{ provider: 'a', messageId: 'm-1', msg: expect.stringContaining("not in the provider's records") }]);
  expect(JSON.stringify(logged)).not.toContain('123456789');
  expect(await reported.getWaitingCount()).toBe(0);
});

it('one that had no result ends, with the last error', async () => {
  const { lookups, queue, logged, asked } = setup([{ kind: 'unclear', error: new ProviderError('auth', { code: '20003' }) }]);
  // As after a long outage: only the last round is left.
  await queue.add('lookup', { messageId: 'm-1', to: '+60123456789' }, { delay: POLL_MS * 31 });
  await lookups.plan(message('m-2'), 'a', accepted);
  await until(() => logged.length >= 2, 15_000);
  expect(logged).toMatchObject([
    { messageId: expect.any(String), reason: 'auth', code: '20003', msg: 'delivery status polling gave up' },
    { reason: 'auth' },
  ]);
  // Five where the machine keeps up; a look-up that comes late stands for those before it.
  expect(asked.filter(({ id }) => id === 'm-2').length).toSatisfy((count: number) => count >= 1 && count <= 5);
  expect(asked.filter(({ id }) => id === 'm-1')).toHaveLength(1);
});

it.each(['{"messageId": 7}', '{not json'])('job data that is not ours (%s) goes to the failed set and stops nothing', async (data) => {
  const { lookups, queue, reported } = setup([{ kind: 'delivered' }]);
  const key = (part: string) => `${queue.opts.prefix}:${LOOKUP_QUEUE}:${part}`;
  await redis
    .multi()
    .hset(key('bad'), { name: 'lookup', timestamp: Date.now(), delay: 0, priority: 0, opts: '{}', data })
    .lpush(key('wait'), 'bad')
    .zadd(key('marker'), 0, '0')
    .exec();
  await until(() => queue.getFailedCount());
  expect(await redis.hget(key('bad'), 'failedReason')).toMatch(/^malformed/);
  await lookups.plan(message('m-1'), 'a', accepted);
  await until(() => reported.getWaitingCount());
});
