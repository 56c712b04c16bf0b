import type { Redis } from '../redis/connect.ts';
import { defineScript } from '../redis/define-script.ts';
import type { Keys } from '../redis/keys.ts';
import type { HistoryEvent } from './history/history.ts';
import { lines } from './records.ts';

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
  end(notice: NoticeRef, outcome: NoticeOutcome, event: HistoryEvent, run: string): Promise<boolean>;
}

/**
 * `ending`: outcome and run. The field holds them and 1 when that was the notice's first end. Answers `first` to the run that
 * ended it first, however often that run asks. An alert that is forgotten stays so.
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
