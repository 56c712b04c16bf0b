import { CAP_REASONS } from '../limit/rate-cap.ts';
import type { DeferredReason } from '../pipeline/stage.ts';
import type { Redis } from '../redis/connect.ts';
import type { Keys } from '../redis/keys.ts';
import { MESSAGE_QUEUE } from './names.ts';
import { openQueue } from './open-queue.ts';
import { wakeMessages } from './wake.ts';

/** What a text waits for by the config's word alone. */
const BY_CONFIG: readonly string[] = [...CAP_REASONS, 'budget', 'quiet_hours'] satisfies readonly DeferredReason[];

const BATCH = 200;

/**
 * Lets the texts that caps, budgets and quiet hours hold back find out at once what a new config says of them; those that must
 * still wait are put off again. Others, such as steps of a ladder and what a provider asked to wait for, keep their moment.
 * @returns how many were woken
 */
export async function wakeHeldBack(redis: Redis, keys: Keys): Promise<number> {
  const messages = openQueue(MESSAGE_QUEUE, redis, keys.prefix);
  try {
    const ids = await redis.zrange(messages.toKey('delayed'), '0', '-1');
    let woken = 0;
    for (let from = 0; from < ids.length; from += BATCH) {
      const batch = ids.slice(from, from + BATCH);
      const waits = await Promise.all(batch.map((id) => redis.hmget(keys.message(id), 'state', 'reason')));
      const held = batch.filter((_, index) => waits[index]?.[0] === 'deferred' && BY_CONFIG.includes(waits[index]?.[1] ?? ''));
      await wakeMessages(messages, held);
      woken += held.length;
    }
    return woken;
  } finally {
    await messages.close();
  }
}
