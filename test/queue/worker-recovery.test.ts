import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../src/logger.ts';
import { openQueue } from '../../src/queue/open-queue.ts';
import { createQueueWorker } from '../../src/queue/worker/queue-worker.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { startRedisCluster, startSentinelGroup, tell } from '../support/redis-groups.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { until } from '../support/until.ts';

const PREFIX = '{sms}';

interface Place {
  readonly url: string;
  readonly nodes: readonly RedisServer[];
  stop(): Promise<void>;
}

const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  'a Redis Cluster': () => startRedisCluster(3),
  'a single Redis': async () => {
    const server = await startRedisServer();
    return { url: server.url, nodes: [server], stop: () => server.stop() };
  },
};

const killed = async (server: RedisServer, ms: number) => {
  await server.kill();
  await pause(ms);
  await server.restart();
};
const frozen = async (server: RedisServer, ms: number) => {
  server.process.kill('SIGSTOP');
  await pause(ms);
  server.process.kill('SIGCONT');
};

/** How long the node is away is the input here, not a wait for something. */
const OUTAGES = [
  ['killed and restarted after 1 s', killed, 1_000],
  ['killed and restarted after 10 s', killed, 10_000],
  ['killed and restarted after 15 s', killed, 15_000],
  ['frozen for 1 s', frozen, 1_000],
  ['frozen for 10 s', frozen, 10_000],
  ['frozen for 15 s', frozen, 15_000],
] as const;

async function openBench(url: string, onTestFinished: (end: () => Promise<void> | void) => void) {
  const clients = [connectRedis(url, 'worker'), connectRedis(url, 'commands'), connectRedis(url, 'commands')] as const;
  const [shared, commands, producer] = clients;
  onTestFinished(() => {
    for (const client of clients) client.disconnect();
  });
  const seen: string[] = [];
  const worker = createQueueWorker(
    'q',
    { shared, commands, prefix: PREFIX, concurrency: 2, lockMs: 10_000, logger: createLogger('silent') },
    {
      process: async ({ id }) => {
        seen.push(String(id));
        return { kind: 'complete' };
      },
      onUnreadable: async () => undefined,
    },
  );
  onTestFinished(() => worker.close());
  const queue = openQueue('q', producer, PREFIX);
  onTestFinished(() => queue.close());
  return { worker, seen, add: (id: string) => queue.add('job', {}, { jobId: id }) };
}

describe.concurrent('a worker fetches again', { timeout: 360_000 }, () => {
  for (const [place, start] of Object.entries(PLACES)) {
    it.each(OUTAGES)(`when the owner of its keys in ${place} was %s`, async (_, outage, ms) => {
      const ends: (() => Promise<void> | void)[] = [];
      const { nodes, url, stop } = await start();
      try {
        const { seen, add } = await openBench(url, (end) => ends.unshift(end));
        await add('before');
        await until(() => seen.includes('before'), 20_000);
        const sizes = await Promise.all(nodes.map(({ port }) => tell(port, (redis) => redis.dbsize())));
        const owner = nodes[sizes.findIndex((size) => size > 0)] as RedisServer;
        const away = outage(owner, ms);
        // Jobs that come while it is away, and one after.
        const meanwhile = ['m-1', 'm-2', 'm-3'].map((id) => add(id).catch(() => undefined));
        await away;
        await until(() => add('after').catch(() => undefined), 30_000);
        await until(() => seen.includes('after'), 20_000);
        await Promise.all(meanwhile);
        await until(() => ['m-1', 'm-2', 'm-3'].every((id) => seen.includes(id)), 20_000);
        // A job whose lock expired while Redis was frozen runs again: that is what the ledger is for.
        expect([...new Set(seen)].toSorted()).toEqual(['after', 'before', 'm-1', 'm-2', 'm-3']);
      } finally {
        for (const end of ends) await end();
        await stop();
      }
    });
  }

  it('after a failover by Sentinel', async ({ onTestFinished }) => {
    const group = await startSentinelGroup();
    onTestFinished(() => group.stop());
    const { seen, add } = await openBench(group.url, onTestFinished);
    await add('before');
    await until(() => seen.includes('before'), 20_000);
    await group.inSync();
    await group.failOver();
    await until(() => add('after').catch(() => undefined), 30_000);
    expect(await until(() => seen.includes('after'), 20_000)).toBe(true);
  });
});
