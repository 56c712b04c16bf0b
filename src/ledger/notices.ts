import type { Redis } from '../redis/connect.ts';
import { defineScript } from '../redis/define-script.ts';
import type { Keys } from '../redis/keys.ts';
import type { HistoryEvent } from './history/history.ts';
import { lines } from './records.ts';

/** Outcomes of a notice to a channel: sent, failed permanently, or cancelled because it was no longer needed. */
export const NOTICE_OUTCOMES = ['accepted', 'failed', 'cancelled'] as const;
export type NoticeOutcome = (typeof NOTICE_OUTCOMES)[number];

export interface NoticeRef {
  readonly id: string;
  readonly alertId: string;
}

/** Outcomes of an alert's notices, stored with the alert. */
export interface Notices {
  outcomeOf(notice: NoticeRef): Promise<NoticeOutcome | undefined>;
  /** Records the end in the alert's history. True for the run that ended the notice first, which counts it. */
  end(notice: NoticeRef, outcome: NoticeOutcome, event: HistoryEvent, run: string): Promise<boolean>;
}

/**
 * Ends a notice. `ending`: outcome and run. The field contains them and 1 if that was the notice's first end. Returns
 * `first` to the run that ended it first, also when repeated. An alert past its retention is not recreated.
 */
const endNoticeScript = defineScript(new URL('end-notice.lua', import.meta.url), {
  keys: ['alert'],
  args: { field: 'string', ending: 'string', event: 'string' },
  reply: ['first', 'later'],
});

export function createNotices(redis: Redis, keys: Keys): Notices {
  const field = (id: string) => `notice:${id}`;
  return {
    async outcomeOf({ id, alertId }) {
      const ended = await redis.hget(keys.alert(alertId), field(id));
      return NOTICE_OUTCOMES.find((outcome) => ended?.startsWith(`${outcome} `));
    },
    async end({ id, alertId }, outcome, event, run) {
      const end = await endNoticeScript(redis, {
        keys: { alert: keys.alert(alertId) },
        args: { field: field(id), ending: `${outcome} ${run}`, event: lines([event]) },
      });
      return end === 'first';
    },
  };
}
