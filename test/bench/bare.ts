import { EventEmitter, once } from 'node:events';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import twilio from 'twilio';
import { ACCOUNT, type Figures, meter, phone, type Task, TEXT } from './scenario.ts';

const CONCURRENCY = 50;
const BATCH = 500;

const connect = (url: string) => new Redis(url, { maxRetriesPerRequest: null });

const jobs = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => ({
    name: 'text',
    data: { to: phone(from + index), text: TEXT },
    opts: { removeOnComplete: true },
  }));

/** Jobs that do nothing, added and processed in one process: the most that BullMQ gives on this machine. */
export async function bareNoOp({ redisUrl, prefix, count }: Task): Promise<Figures> {
  const redis = connect(redisUrl);
  const queue = new Queue('bare', { connection: redis, prefix });
  const gauge = await meter(redis);
  let done = 0;
  const events = new EventEmitter();
  const all = once(events, 'all');
  const worker = new Worker(
    'bare',
    async () => {
      done += 1;
      if (done === count) events.emit('all');
    },
    { connection: connect(redisUrl), prefix, concurrency: CONCURRENCY },
  );
  for (let from = 0; from < count; from += BATCH) await queue.addBulk(jobs(Math.min(BATCH, count - from), from));
  await all;
  const figures = await gauge.stop(count);
  await worker.close();
  return figures;
}

/** What a developer writes in an afternoon: a worker that calls the SDK. No gate, no cap, no ledger. */
export async function handWritten({ redisUrl, prefix, count, vendorUrl }: Task): Promise<Figures> {
  const redis = connect(redisUrl);
  const queue = new Queue('hand', { connection: redis, prefix });
  for (let from = 0; from < count; from += BATCH) await queue.addBulk(jobs(Math.min(BATCH, count - from), from));
  const client = twilioClient(vendorUrl);
  const gauge = await meter(redis);
  let done = 0;
  const events = new EventEmitter();
  const all = once(events, 'all');
  const worker = new Worker(
    'hand',
    async (job) => {
      await client.messages.create({ to: job.data.to, from: ACCOUNT.from, body: job.data.text });
      done += 1;
      if (done === count) events.emit('all');
    },
    { connection: connect(redisUrl), prefix, concurrency: CONCURRENCY },
  );
  await all;
  const figures = await gauge.stop(count);
  await worker.close();
  return figures;
}

export function twilioClient(vendorUrl: string): ReturnType<typeof twilio> {
  const client = twilio(ACCOUNT.accountSid, ACCOUNT.authToken);
  client.api.baseUrl = vendorUrl;
  return client;
}
