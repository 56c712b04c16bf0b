import type { Queue } from 'bullmq';
import { clockOf } from '../redis/clock/redis-clock.ts';
import type { Redis } from '../redis/connect.ts';
import { QUEUE_OPTIONS } from './names.ts';
import { TracedQueue } from './traced-queue.ts';

/**
 * A queue on a connection of ours. What fails reaches whoever made the call; BullMQ tells it once more as an 'error'
 * event, which would end the process if nobody listened.
 */
export function openQueue(name: string, connection: Redis, prefix: string, onError: (error: Error) => void = () => undefined): Queue {
  const queue = new TracedQueue(name, { connection, prefix, ...QUEUE_OPTIONS }, clockOf(connection));
  queue.on('error', onError);
  return queue;
}

/** A queue to look into. Opening it writes nothing, unlike BullMQ's own, so that a user of Redis who may only read can open it. */
export function openQueueToRead(name: string, connection: Redis, prefix: string): Queue {
  const queue = new TracedQueue(name, { connection, prefix, ...QUEUE_OPTIONS, skipMetasUpdate: true }, clockOf(connection));
  queue.on('error', () => undefined);
  return queue;
}
