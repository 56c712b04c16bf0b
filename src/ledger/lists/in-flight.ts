import { nowLua } from '../../redis/clock/redis-clock.ts';
import type { Redis } from '../../redis/connect.ts';
import { defineScript, noReply, stringList, stringOrNone } from '../../redis/define-script.ts';
import { type Keys, LEDGER_TTL_MS } from '../../redis/keys.ts';
import { luaPart, setOf } from '../../redis/lua-source.ts';
import { MISSED_ALERT } from '../criticals.ts';
import { IN_FLIGHT } from '../history/history.ts';
import { EVENTS_LENGTH, lines } from '../records.ts';

/**
 * Alerts that no router has processed and messages without an outcome, each with the job that it needs. The ledger
 * scripts maintain the lists; a member is checked when it is due, so that a check never reads more than a page.
 */
export interface InFlight {
  /** Ids of messages that were last checked or written at least `quietMs` ago, oldest first. */
  dueMessages(quietMs: number, limit: number): Promise<string[]>;
  /** The same for alerts that one of our producers added. */
  dueAlerts(quietMs: number, limit: number): Promise<string[]>;
  /** Postpones the next check by `waitMs`, after the job was found. */
  postponeMessage(id: string, waitMs: number): Promise<void>;
  postponeAlert(id: string, waitMs: number): Promise<void>;
  /**
   * Returns the data of the missing job to one caller and records that in the history. `undefined`: the message has
   * ended, or another process claimed it first.
   */
  claimMessage(id: string, quietMs: number): Promise<string | undefined>;
  claimAlert(id: string, quietMs: number): Promise<string | undefined>;
  /** Number of claims in the last hour. */
  requeued(): Promise<number>;
}

export const REQUEUED_TTL_MS = 3_600_000;
/** Maximum number of claims that are counted. */
const REQUEUED_KEPT = 10_000;

/** Lua function `follow(messageId)`. Needs `keys.openMessages`. */
export const followLua = luaPart(new URL('follow.lua', import.meta.url), { constants: { LEDGER_TTL_MS } });

const dueScript = defineScript(new URL('due.lua', import.meta.url), {
  keys: ['list'],
  args: { quietMs: 'number', limit: 'number' },
  reply: stringList,
  includes: [nowLua],
});

const postponeScript = defineScript(new URL('postpone.lua', import.meta.url), {
  keys: ['list'],
  args: { id: 'string', waitMs: 'number' },
  reply: noReply,
  includes: [nowLua],
});

const claimJobLua = luaPart(new URL('claim-job.lua', import.meta.url), {
  constants: { REQUEUED_TTL_MS, REQUEUED_KEPT },
  includes: [nowLua],
});

const claimMessageScript = defineScript(new URL('claim-message.lua', import.meta.url), {
  keys: ['message', 'list', 'requeued'],
  args: { messageId: 'string', quietMs: 'number', event: 'string' },
  reply: stringOrNone,
  constants: { IN_FLIGHT: setOf(IN_FLIGHT), EVENTS_LENGTH },
  includes: [claimJobLua],
});

const claimAlertScript = defineScript(new URL('claim-alert.lua', import.meta.url), {
  keys: ['alert', 'list', 'requeued', 'pendingJob'],
  args: { alertId: 'string', quietMs: 'number' },
  reply: stringOrNone,
  constants: { MISSED_ALERT },
  includes: [claimJobLua],
});

export function createInFlight(redis: Redis, keys: Keys, now: () => Date): InFlight {
  return {
    dueMessages: (quietMs, limit) => dueScript(redis, { keys: { list: keys.openMessages() }, args: { quietMs, limit } }),
    dueAlerts: (quietMs, limit) => dueScript(redis, { keys: { list: keys.pendingAlerts() }, args: { quietMs, limit } }),
    postponeMessage: (id, waitMs) => postponeScript(redis, { keys: { list: keys.openMessages() }, args: { id, waitMs } }),
    postponeAlert: (id, waitMs) => postponeScript(redis, { keys: { list: keys.pendingAlerts() }, args: { id, waitMs } }),
    claimMessage(id, quietMs) {
      const detail = 'it was missing from sms-messages, or had failed without an outcome';
      const event = lines([{ at: now().toISOString(), stage: 'queue', verdict: 'requeued', detail }]);
      return claimMessageScript(redis, {
        keys: { message: keys.message(id), list: keys.openMessages(), requeued: keys.requeued() },
        args: { messageId: id, quietMs, event },
      });
    },
    claimAlert: (id, quietMs) =>
      claimAlertScript(redis, {
        keys: { alert: keys.alert(id), list: keys.pendingAlerts(), requeued: keys.requeued(), pendingJob: keys.pendingJob(id) },
        args: { alertId: id, quietMs },
      }),
    async requeued() {
      const [seconds] = await redis.time();
      return redis.zcount(keys.requeued(), Number(seconds) * 1000 - REQUEUED_TTL_MS, '+inf');
    },
  };
}
