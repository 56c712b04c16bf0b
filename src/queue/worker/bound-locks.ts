import type { Redis } from '../../redis/connect.ts';
import { defineScript } from '../../redis/define-script.ts';
import { stalledIntervalOf } from './queue-worker.ts';

/** Read in one page, so that no call to Redis grows with the number of jobs. */
const PAGE = 200;

/** Another process may have a longer `worker.lock`, and renews its locks every quarter of it. */
const SHORTEST_MS = 60_000;

/** Shortens what would outlive its own length. Idempotent. Answers how many. */
const shortenLocksScript = defineScript(new URL('shorten-locks.lua', import.meta.url), {
  keys: ['...locks'],
  args: { lockMs: 'number' },
  reply: Number,
});

/**
 * After Redis' clock was set back: the locks of jobs and the pause between two looks for stalled ones, which Redis keeps with the
 * moment of their end, would last for as long as the clock was set back, and with them the jobs of a worker that is gone. They
 * get their own length again; a worker that lives renews its locks.
 * @param lockMs as `worker.lock`
 * @returns how many locks were shortened
 */
export async function boundLocks(redis: Redis, prefix: string, queues: readonly string[], lockMs: number): Promise<number> {
  let shortened = 0;
  for (const queue of queues) {
    const key = (part: string) => `${prefix}:${queue}:${part}`;
    await shortenLocksScript(redis, { keys: { locks: [key('stalled-check')] }, args: { lockMs: stalledIntervalOf(lockMs) } });
    for (let from = 0; ; from += PAGE) {
      const ids = await redis.lrange(key('active'), from, from + PAGE - 1);
      if (ids.length > 0) {
        const locks = ids.map((id) => key(`${id}:lock`));
        shortened += await shortenLocksScript(redis, { keys: { locks }, args: { lockMs: Math.max(lockMs, SHORTEST_MS) } });
      }
      if (ids.length < PAGE) break;
    }
  }
  return shortened;
}
