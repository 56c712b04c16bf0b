import { setTimeout as pause } from 'node:timers/promises';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { createAll } from '../../src/app.ts';
import { createLogger } from '../../src/logger.ts';
import { createProducer } from '../../src/queue/producer/producer.ts';
import { until } from '../support/until.ts';
import { startFakeTwilio } from '../support/vendors/twilio.ts';
import { twilioClient } from './bare.ts';
import { configOf } from './ours.ts';
import { ACCOUNT, type Figures, percentile, phone, type Task } from './scenario.ts';
import { secondsUntilSteady } from './steady.ts';

const PER_SECOND = 100;
/** The first alerts pay for connections and compilation; how long that lasts is a figure of its own. */
const WARM_UP = 500;

/** Raises one alert every 10 ms and takes the time until its request is in at the vendor's server. */
async function measure(
  count: number,
  vendor: Awaited<ReturnType<typeof startFakeTwilio>>,
  raise: (index: number) => Promise<unknown>,
): Promise<Figures> {
  const raisedAt: number[] = [];
  /** By the order in which they were raised. */
  const took: number[] = [];
  let arrived = 0;
  vendor.respondWith(({ form }) => {
    const index = Number(form.Body?.match(/\d+$/)?.[0]);
    took[index] = performance.now() - (raisedAt[index] as number);
    arrived += 1;
    return undefined;
  });
  const started = performance.now();
  for (let index = 0; index < count; index++) {
    await pause(Math.max(0, started + (index * 1000) / PER_SECOND - performance.now()));
    raisedAt[index] = performance.now();
    void raise(index);
  }
  await until(() => arrived === count, 60_000);
  const warm = took.slice(WARM_UP);
  return { p50Ms: percentile(warm, 0.5), p99Ms: percentile(warm, 0.99), steadySeconds: secondsUntilSteady(took, PER_SECOND) };
}

export async function bareLatency({ redisUrl, prefix, count }: Task): Promise<Figures> {
  const vendor = await startFakeTwilio(ACCOUNT);
  const client = twilioClient(vendor.url);
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const queue = new Queue('latency', { connection, prefix });
  const send = (to: string, body: string) => client.messages.create({ to, from: ACCOUNT.from, body });
  const worker = new Worker('latency', async ({ data }) => void (await send(data.to, data.text)), {
    connection: connection.duplicate(),
    prefix,
    concurrency: 50,
  });
  const figures = await measure(count, vendor, (index) => queue.add('text', { to: phone(index), text: `alert ${index}` }));
  await worker.close();
  return figures;
}

export async function ourLatency(task: Task): Promise<Figures> {
  const vendor = await startFakeTwilio(ACCOUNT);
  const config = await configOf({ ...task, vendorUrl: vendor.url }, 'twilio');
  const app = createAll({ config, redisUrl: task.redisUrl, logger: createLogger('silent') });
  await app.start();
  const producer = createProducer({ redis: task.redisUrl, prefix: task.prefix });
  const figures = await measure(task.count, vendor, (index) =>
    producer.enqueue({ to: phone(index), severity: 'critical', text: `alert ${index}` }),
  );
  await app.stop();
  return figures;
}
