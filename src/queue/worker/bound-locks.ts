import type { Redis } from '../../redis/connect.ts';
import { defineScript } from '../../redis/define-script.ts';
import { stalledIntervalOf } from './queue-worker.ts';

/** Jobs per page, which bounds each Redis call. */
const PAGE = 200;

/** Another process may have a longer `worker.lock`, and renews its locks every quarter of it. */
const SHORTEST_MS = 60_000;

/** Shortens locks that outlive their own length. Idempotent. Returns their number. */
const shortenLocksScript = defineScript(new URL('shorten-locks.lua', import.meta.url), {
  keys: ['...locks'],
  args: { lockMs: 'number' },
  reply: Number,
});

/**
 * Repairs job locks after Redis' clock was set back. Redis stores the end time of job locks and of the stalled check interval,
 * so they would last longer by the size of the jump, and jobs of a crashed worker would not be recovered. They
 * get their normal length; a running worker renews its locks.
 * @param lockMs as `worker.lock`
 * @returns number of shortened locks
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
