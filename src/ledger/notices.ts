import type { Redis } from '../redis/connect.ts';
import type { Keys } from '../redis/keys.ts';
import { createScript } from '../redis/script.ts';
import type { TraceEvent } from './history/trace.ts';

/** How a notice to a channel ends: told, given up, or not told because there was no need any more. */
export const NOTICE_OUTCOMES = ['accepted', 'failed', 'cancelled'] as const;
export type NoticeOutcome = (typeof NOTICE_OUTCOMES)[number];

export interface NoticeRef {
  readonly id: string;
  readonly alertId: string;
}

/** What became of an alert's notices, kept with the alert. */
export interface Notices {
  outcomeOf(notice: NoticeRef): Promise<NoticeOutcome | undefined>;
  /** Writes it into the alert's trace. True for the run that ended the notice first: it is that run's to count. */
  end(notice: NoticeRef, outcome: NoticeOutcome, event: TraceEvent, run: string): Promise<boolean>;
}

/**
 * KEYS alert. ARGV field, outcome and run, event line. The field holds them and 1 when that was the notice's first end.
 * Answers 1 to the run that ended it first, however often that run asks, else 0. An alert that is forgotten stays so.
 */
const endNoticeScript = createScript<0 | 1>(`
if redis.call('EXISTS', KEYS[1]) == 0 then return 1 end
local m = redis.call('HMGET', KEYS[1], ARGV[1], 'events')
if m[1] and string.sub(m[1], 1, #ARGV[2]) == ARGV[2] then return tonumber(string.sub(m[1], -1)) end
local first = m[1] and 0 or 1
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. first, 'events', (m[2] or '') .. ARGV[3])
return first
`);

export function createNotices(redis: Redis, keys: Keys): Notices {
  const field = (id: string) => `notice:${id}`;
  return {
    async outcomeOf({ id, alertId }) {
      const ended = await redis.hget(keys.alert(alertId), field(id));
      return NOTICE_OUTCOMES.find((outcome) => ended?.startsWith(`${outcome} `));
    },
    async end({ id, alertId }, outcome, event, run) {
      return (await endNoticeScript(redis, [keys.alert(alertId)], [field(id), `${outcome} ${run}`, `${JSON.stringify(event)}\n`])) === 1;
    },
  };
}
