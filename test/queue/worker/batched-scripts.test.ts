import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { Queue } from 'bullmq';
import { expect, it, onTestFinished } from 'vitest';
import { createLogger } from '../../../src/logger.ts';
import { commandsOfGuard, unknownScripts } from '../../../src/queue/worker/guarded-scripts.ts';
import { createQueueWorker } from '../../../src/queue/worker/queue-worker.ts';
import type { JobMove } from '../../../src/queue/worker/settle.ts';
import { commandsOf } from '../../../src/redis/access/permissions.ts';
import { useClock } from '../../../src/redis/clock/redis-clock.ts';
import { connectRedis } from '../../../src/redis/connect.ts';
import { batchScripts } from '../../../src/redis/script-batch.ts';
import { testRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';

const { url, prefix, redis } = testRedis();

const NOW = Date.parse('2026-03-01T03:00:00Z');
const JOBS = 60;

function moveOf(number: number): JobMove {
  if (number % 5 === 1) return { kind: 'failed', reason: `no ${number}` };
  if (number % 5 === 2) return { kind: 'delay', until: new Date(NOW + number * 1_000) };
  return { kind: 'complete' };
}

/** Everything that Redis holds of the queue once it has worked through its jobs. */
async function stateAfter(own: string, isBatched: boolean): Promise<Readonly<Record<string, unknown>>> {
  const [shared, commands] = [connectRedis(url, 'worker'), connectRedis(url, 'commands')];
  const queue = new Queue('contract', { connection: { url }, prefix: own });
  onTestFinished(async () => {
    await queue.close();
    shared.disconnect();
    commands.disconnect();
  });
  // Added before anything is taken, so that both queues are emptied in the same order.
  const jobs = Array.from({ length: JOBS }, (_, number) => ({
    name: 'job',
    data: { number, text: 'größer als zuvor ✓' },
    opts: { jobId: `j-${number}`, timestamp: NOW, ...(number % 3 === 0 && { priority: 1 + (number % 7) }) },
  }));
  await queue.addBulk(jobs);
  useClock(commands, { now: () => new Date(NOW) });
  if (isBatched) batchScripts(commands, `${own}:place`, () => undefined);
  let done = 0;
  const deps = { shared, commands, prefix: own, concurrency: 10, lockMs: 60_000, logger: createLogger('silent') };
  const worker = createQueueWorker('contract', deps, {
    process: async ({ data }) => {
      done += 1;
      return moveOf((data as { number: number }).number);
    },
    onUnreadable: async () => undefined,
    keepCompleted: { age: 3_600, count: 20 },
  });
  await until(async () => done === JOBS && (await redis.llen(`${own}:contract:active`)) === 0);
  await worker.close();
  return dump(own);
}

async function dump(own: string): Promise<Readonly<Record<string, unknown>>> {
  // The marker is a wake-up that a waiting worker may already have taken.
  const keys = (await redis.keys(`${own.replace(/[{}]/g, '?')}:contract:*`)).filter((key) => !key.endsWith(':marker')).sort();
  const entries = keys.map(async (key) => [key.slice(own.length), await contentOf(key)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

async function contentOf(key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'hash':
      return redis.hgetall(key);
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'zset':
      return redis.zrange(key, '0', '-1', 'WITHSCORES');
    case 'set':
      return (await redis.smembers(key)).sort();
    case 'stream':
      // Jobs run beside each other: what happened is the same, its order is not.
      return (await redis.xrange(key, '-', '+')).map(([, fields]) => JSON.stringify(fields)).sort();
    default:
      return redis.get(key);
  }
}

it('BullMQ leaves the same state in Redis whether its scripts are sent one by one or in batches', async () => {
  const [alone, batched] = [await stateAfter(`${prefix}:alone`, false), await stateAfter(`${prefix}:batch`, true)];
  expect(Object.keys(batched).length).toBeGreaterThan(30);
  expect(batched).toEqual(alone);
});

it('the guard of the script by which a producer moves what waits takes no command that the user of a producer lacks', () => {
  const commands = commandsOfGuard('promote');
  expect(commands).toContain('xlen');
  expect(commands.filter((command) => !commandsOf('producer').includes(command))).toEqual([]);
});

it('the scripts of the installed BullMQ are those for which the guards are written; others are named', () => {
  expect(unknownScripts()).toEqual([]);
  const scripts = createRequire(import.meta.url)('bullmq/dist/cjs/scripts/index.js') as Record<string, { content: string }>;
  const { content } = scripts.moveToFinished as { content: string };
  expect(
    unknownScripts({ ...scripts, moveToFinished: { content: `${content}\n-- ${createHash('sha1').update(content).digest('hex')}` } }),
  ).toEqual(['moveToFinished']);
  expect(unknownScripts({})).toEqual([
    'moveToActive',
    'moveToFinished',
    'moveToDelayed',
    'retryJob',
    'moveStalledJobsToWait',
    'promote',
    'reprocessJob',
  ]);
});
