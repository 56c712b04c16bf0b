import type { Redis } from '../../redis/connect.ts';
import { defineScript } from '../../redis/define-script.ts';
import { withinDeadline } from '../../redis/unavailable.ts';

/**
 * Prepares a failed job for a retry without moving it; it stays in the failed set until it is retried. BullMQ
 * can neither rename a job nor reset its stall count. `dataBefore`: the data as read; `timestamp`: ms, `undefined` keeps it.
 * Returns `gone` if the job left the failed set or has changed.
 */
export const prepareReplayScript = defineScript(new URL('prepare-replay.lua', import.meta.url), {
  keys: ['failed', 'job'],
  args: { jobId: 'string', dataBefore: 'string', data: 'string', name: 'string', timestamp: 'number?' },
  reply: ['prepared', 'gone'],
});

/**
 * Removes a job only from the failed set. BullMQ's own removal works in any state and could lose a job that is being
 * replayed.
 */
export const discardScript = defineScript(new URL('discard.lua', import.meta.url), {
  keys: ['failed', 'job'],
  args: { jobId: 'string' },
  reply: ['discarded', 'gone'],
});

/** Location of a dead letter: a job in the failed set of its queue, or a message in the index of unknown outcomes. */
export interface DeadLetterRef {
  readonly queue: string;
  readonly jobId: string;
  /** ms since the epoch. */
  readonly diedAt: number;
}

/** A sorted set of ids, scored by end time in ms. */
export interface DeadLetterSet {
  readonly queue: string;
  readonly key: string;
}

/** Refs per round trip. */
const PAGE = 200;

/** All refs of several sets, merged by time. Sets are read lazily, in pages. */
export async function* mergedRefs(redis: Redis, sets: readonly DeadLetterSet[], order: 'newest' | 'oldest'): AsyncGenerator<DeadLetterRef> {
  const walks = sets.map((set) => walk(redis, set, order));
  const heads = new Map<AsyncGenerator<DeadLetterRef>, DeadLetterRef>();
  const advance = async (from: AsyncGenerator<DeadLetterRef>) => {
    const { value, done } = await from.next();
    if (done) heads.delete(from);
    else heads.set(from, value);
  };
  await Promise.all(walks.map(advance));
  const sign = order === 'newest' ? -1 : 1;
  while (heads.size > 0) {
    const [first, ref] = [...heads].reduce((a, b) => (sign * (b[1].diedAt - a[1].diedAt) < 0 ? b : a));
    yield ref;
    await advance(first);
  }
}

/**
 * The refs of one set as of this call. Removals do not make other refs disappear from the pages, and what comes
 * back into it does not come twice: the oldest-first order ends at the newest score of the beginning.
 */
async function* walk(redis: Redis, { queue, key }: DeadLetterSet, order: 'newest' | 'oldest'): AsyncGenerator<DeadLetterRef> {
  const [, newest] = await withinDeadline(redis.zrevrange(key, 0, 0, 'WITHSCORES'));
  if (newest === undefined) return;
  let edge = order === 'newest' ? newest : '-inf';
  let atEdge = new Set<string>();
  for (;;) {
    const count = PAGE + atEdge.size;
    const flat = await withinDeadline(
      order === 'newest'
        ? redis.zrevrangebyscore(key, edge, '-inf', 'WITHSCORES', 'LIMIT', 0, count)
        : redis.zrangebyscore(key, edge, newest, 'WITHSCORES', 'LIMIT', 0, count),
    );
    const rows = Array.from({ length: flat.length / 2 }, (_, n) => [flat[2 * n] as string, flat[2 * n + 1] as string] as const);
    const fresh = rows.filter(([id, score]) => score !== edge || !atEdge.has(id));
    const last = fresh.at(-1)?.[1];
    if (last === undefined) return;
    const seen = fresh.filter(([, score]) => score === last).map(([id]) => id);
    atEdge = new Set(last === edge ? [...atEdge, ...seen] : seen);
    edge = last;
    for (const [jobId, score] of fresh) yield { queue, jobId, diedAt: Number(score) };
  }
}

/** Number of refs in all sets. */
export async function countRefs(redis: Redis, sets: readonly DeadLetterSet[]): Promise<number> {
  const counts = await withinDeadline(Promise.all(sets.map(({ key }) => redis.zcard(key))));
  return counts.reduce((sum, count) => sum + count, 0);
}
