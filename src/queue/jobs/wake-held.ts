import { CAP_REASONS } from '../../limit/caps/rate-cap.ts';
import type { DeferredReason } from '../../pipeline/outcome.ts';
import type { Redis } from '../../redis/connect.ts';
import type { Keys } from '../../redis/keys.ts';
import { MESSAGE_QUEUE } from '../names.ts';
import { openQueue } from '../open-queue.ts';
import { wakeMessages } from './wake.ts';

/** What a text waits for by the config's word alone. */
const BY_CONFIG: readonly string[] = [...CAP_REASONS, 'budget', 'quiet_hours'] satisfies readonly DeferredReason[];

/** Read in one page, so that no call to Redis grows with the number of messages that wait. */
const BATCH = 200;

/**
 * Lets the texts that caps, budgets and quiet hours hold back find out at once what a new config says of them; those that must
 * still wait are put off again. Others, such as steps of a ladder and what a provider asked to wait for, keep their moment.
 * @returns how many were woken
 */
export async function wakeHeldBack(redis: Redis, keys: Keys): Promise<number> {
  const messages = openQueue(MESSAGE_QUEUE, redis, keys.prefix);
  try {
    let woken = 0;
    let cursor = '0';
    do {
      const [next, pairs] = await redis.zscan(messages.toKey('delayed'), cursor, 'COUNT', BATCH);
      const ids = pairs.filter((_, index) => index % 2 === 0);
      const waits = await Promise.all(ids.map((id) => redis.hmget(keys.message(id), 'state', 'reason')));
      const held = ids.filter((_, index) => waits[index]?.[0] === 'deferred' && BY_CONFIG.includes(waits[index]?.[1] ?? ''));
      await wakeMessages(messages, held);
      woken += held.length;
      cursor = next;
    } while (cursor !== '0');
    return woken;
  } finally {
    await messages.close();
  }
}
