import type { Cluster, Redis } from 'ioredis';

/**
 * Fails what waits for a connection. ioredis does it by itself when a connection breaks; not while it finds none, through
 * Sentinels or in a cluster.
 */
export function flushCalls(redis: Redis | Cluster, reason = new Error('Connection is closed.')): void {
  (redis as unknown as { flushQueue(error: Error): void }).flushQueue(reason);
}
