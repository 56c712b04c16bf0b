import { QUEUE_STATES, type QueueFigures, type QueueState } from '../overview/figures.ts';
import type { Redis } from '../redis/connect.ts';
import { PRIORITY, RETURN_PRIORITY } from './names.ts';
import { openQueueToRead } from './open-queue.ts';

/** BullMQ packs priority and arrival order into one score: priority · 2³² + counter. */
const SCORE_BASE = 2 ** 32;

/** Reads the queue gauges; each call queries Redis. */
export function createQueueFigures(redis: Redis, prefix: string, names: readonly string[]) {
  const queues = names.map((name) => openQueueToRead(name, redis, prefix));

  const oldestAt = async (name: string): Promise<{ all: number | undefined; criticals: number | undefined }> => {
    const key = (part: string) => `${prefix}:${name}:${part}`;
    const ours = [...Object.values(PRIORITY), ...Object.values(RETURN_PRIORITY)].filter((priority) => priority > 0);
    // Priorities that other clients chose come after our own lanes.
    const lanes = [...ours.map((lane) => [lane, lane + 1] as const), [Math.max(...ours) + 1, Number.POSITIVE_INFINITY] as const];
    const heads = await Promise.all([
      redis.lindex(key('wait'), -1),
      ...lanes.map(async ([from, to]) => {
        const upTo = Number.isFinite(to) ? `(${to * SCORE_BASE}` : '+inf';
        const [id] = await redis.zrangebyscore(key('prioritized'), from * SCORE_BASE, upTo, 'LIMIT', 0, 1);
        return id ?? null;
      }),
    ]);
    const stamps = await Promise.all(heads.map((id) => (id === null ? null : redis.hget(key(id), 'timestamp'))));
    const known = stamps.filter((stamp) => stamp !== null).map(Number);
    const [first] = stamps;
    return {
      all: known.length === 0 ? undefined : Math.min(...known),
      // Criticals have no priority, which BullMQ serves first.
      criticals: first === null || first === undefined ? undefined : Number(first),
    };
  };

  return {
    async read(now: Date): Promise<QueueFigures[]> {
      return Promise.all(
        queues.map(async (queue) => {
          const [counts, oldest, paused] = await Promise.all([
            queue.getJobCounts(...QUEUE_STATES),
            oldestAt(queue.name),
            redis.hexists(`${prefix}:${queue.name}:meta`, 'paused'),
          ]);
          return {
            queue: queue.name,
            counts: Object.fromEntries(QUEUE_STATES.map((state) => [state, counts[state] ?? 0])) as Record<QueueState, number>,
            oldestAgeSeconds: ageSeconds(oldest.all, now),
            oldestCriticalSeconds: ageSeconds(oldest.criticals, now),
            paused: paused === 1,
          };
        }),
      );
    },
    async close(): Promise<void> {
      await Promise.all(queues.map((queue) => queue.close()));
    },
  };
}

function ageSeconds(since: number | undefined, now: Date): number {
  return since === undefined ? 0 : Math.max(0, (now.getTime() - since) / 1000);
}
