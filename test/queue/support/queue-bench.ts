import { randomUUID } from 'node:crypto';
import { type Job, Queue, Worker } from 'bullmq';
import { onTestFinished } from 'vitest';
import { connectRedis } from '../../../src/redis/connect.ts';

export interface QueueBench {
  readonly name: string;
  readonly queue: Queue;
  key(part: string): string;
  /** Takes the next job as a worker does, with its lock, for a test to hold in its hand. */
  take(token: string): Promise<Job>;
}

/** A queue that no other test knows, with its keys, gone when the test ends. */
export function openQueue(url: string, prefix: string, name = `q-${randomUUID().slice(0, 8)}`): QueueBench {
  const connection = connectRedis(url, 'commands');
  const queue = new Queue(name, { connection, prefix });
  const hand = new Worker(name, null, { connection, prefix, autorun: false });
  onTestFinished(async () => {
    await hand.close();
    await queue.close();
    connection.disconnect();
  });
  return {
    name,
    queue,
    key: (part) => `${prefix}:${name}:${part}`,
    take: async (token) => {
      const job = await hand.getNextJob(token, { block: false });
      if (job === undefined) throw new Error('no job to take');
      return job;
    },
  };
}
