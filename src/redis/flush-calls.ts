import type { Cluster, Redis } from 'ioredis';

/**
 * Fails what waits for a connection. ioredis does it by itself when a connection breaks; not while it finds none, through
 * Sentinels or in a cluster.
 */
export function flushCalls(redis: Redis | Cluster, reason = new Error('Connection is closed.')): void {
  (redis as unknown as Flushing).flushQueue(reason);
}

/**
 * Whatever fails while there is a reason for it, fails for that reason; ioredis would only say that there is no connection.
 * @param reasonOf `undefined` where ioredis' own error says all there is to say
 */
export function explainFlushes(redis: Redis, reasonOf: () => Error | undefined): void {
  const flushing = redis as unknown as Flushing;
  const flush = flushing.flushQueue.bind(redis);
  flushing.flushQueue = (error, ...rest) => flush(reasonOf() ?? error, ...rest);
}

interface Flushing {
  flushQueue(error: Error, ...rest: unknown[]): void;
}
