import { Worker } from 'bullmq';
import { expect, it, onTestFinished } from 'vitest';
import { ALERT_QUEUE } from '../../../src/queue/names.ts';
import { createWorkerCounts } from '../../../src/queue/worker/worker-counts.ts';
import { connectRedis } from '../../../src/redis/connect.ts';
import { testRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';

const { url, prefix, redis } = testRedis();

it('counts the workers of this database, not those of the same name on another', async () => {
  const counts = createWorkerCounts(redis, prefix);
  onTestFinished(() => void counts.close());
  const open = async (db: number) => {
    const connection = connectRedis(Object.assign(new URL(url), { pathname: `/${db}` }).href, 'worker');
    const worker = new Worker(ALERT_QUEUE, async () => undefined, { connection, prefix });
    onTestFinished(async () => {
      await worker.close();
      connection.disconnect();
    });
    await worker.waitUntilReady();
  };
  const own = 'db' in redis.options ? (redis.options.db ?? 0) : 0;
  await Promise.all([open(own), open(own === 0 ? 1 : 0)]);
  await until(async () => (await counts.read())?.routers === 1);
  expect(await counts.read()).toEqual({ routers: 1, dispatchers: 0 });
});
