import type { Redis } from '../../redis/connect.ts';
import type { Keys } from '../../redis/keys.ts';
import { createScript } from '../../redis/script.ts';
import { alertMember } from '../criticals.ts';
import { lines } from '../fields.ts';

/**
 * Alerts that no router has worked off and messages without an outcome, each with the job that it needs. The ledger scripts keep
 * the lists; a member is looked at when its time comes, so that a look never reads more than a page.
 */
export interface OnTheWay {
  /** Ids of messages that were last looked at, or written, at least `quietMs` ago; the oldest first. */
  dueMessages(quietMs: number, limit: number): Promise<string[]>;
  /** The same of alerts that a producer of ours added. */
  dueAlerts(quietMs: number, limit: number): Promise<string[]>;
  /** It has its job: it is due again after `waitMs`. */
  postponeMessage(id: string, waitMs: number): Promise<void>;
  postponeAlert(id: string, waitMs: number): Promise<void>;
  /**
   * Gives the content of the missing job to one caller, and notes that in the trace. `undefined`: it has its end, or another
   * process was faster.
   */
  claimMessage(id: string, quietMs: number): Promise<string | undefined>;
  claimAlert(id: string, quietMs: number): Promise<string | undefined>;
  /** Claims of the last hour. */
  requeued(): Promise<number>;
}

export const REQUEUED_TTL_MS = 3_600_000;
/** Claims counted for the finding at most. */
const REQUEUED_KEPT = 10_000;

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** Lua function `follow(set, id)`: from now on the message or alert needs its job. */
export const FOLLOW = `
local function follow(set, id, ttl)
  redis.call('ZADD', set, redis.call('TIME')[1] * 1000, id)
  redis.call('PEXPIRE', set, ttl)
end
`;

/** KEYS list. ARGV quiet ms, limit. */
const dueScript = createScript<string[]>(`
${NOW}
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1], 'LIMIT', 0, ARGV[2])
`);

/** KEYS list. ARGV id, wait ms. */
const postponeScript = createScript<0>(`
${NOW}
redis.call('ZADD', KEYS[1], 'XX', now + ARGV[2], ARGV[1])
return 0
`);

const NOTE = `
local function claimed(member)
  redis.call('ZADD', KEYS[2], 'XX', now, ARGV[1])
  redis.call('ZADD', KEYS[3], now, member)
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - ${REQUEUED_TTL_MS})
  redis.call('ZREMRANGEBYRANK', KEYS[3], 0, -${REQUEUED_KEPT + 1})
  redis.call('PEXPIRE', KEYS[3], ${REQUEUED_TTL_MS})
end
local function taken()
  local at = redis.call('ZSCORE', KEYS[2], ARGV[1])
  return not at or tonumber(at) > now - ARGV[2]
end
`;

/** KEYS message, list, claims. ARGV id, quiet ms, event line. */
const claimMessageScript = createScript<string | null>(`
${NOW}
${NOTE}
local m = redis.call('HMGET', KEYS[1], 'state', 'job', 'events')
if not m[2] or (m[1] ~= 'queued' and m[1] ~= 'deferred' and m[1] ~= 'sending') then
  redis.call('ZREM', KEYS[2], ARGV[1])
  redis.call('HDEL', KEYS[1], 'job')
  return nil
end
if taken() then return nil end
claimed(ARGV[1])
local events = m[3] or ''
if #events < 30000 then redis.call('HSET', KEYS[1], 'events', events .. ARGV[3]) end
return m[2]
`);

/** KEYS alert, list, claims, content of its job. ARGV id, quiet ms. */
const claimAlertScript = createScript<string | null>(`
${NOW}
${NOTE}
local content = redis.call('GET', KEYS[4])
if not content or redis.call('HEXISTS', KEYS[1], 'outcome') == 1 then
  redis.call('ZREM', KEYS[2], ARGV[1])
  redis.call('DEL', KEYS[4])
  return nil
end
if taken() then return nil end
claimed('${alertMember('')}' .. ARGV[1])
return content
`);

export function createOnTheWay(redis: Redis, keys: Keys, now: () => Date): OnTheWay {
  return {
    dueMessages: (quietMs, limit) => dueScript(redis, [keys.openMessages()], [quietMs, limit]),
    dueAlerts: (quietMs, limit) => dueScript(redis, [keys.pendingAlerts()], [quietMs, limit]),
    postponeMessage: async (id, waitMs) => void (await postponeScript(redis, [keys.openMessages()], [id, waitMs])),
    postponeAlert: async (id, waitMs) => void (await postponeScript(redis, [keys.pendingAlerts()], [id, waitMs])),
    async claimMessage(id, quietMs) {
      const detail = 'another client had removed it from sms-messages';
      const event = lines([{ at: now().toISOString(), stage: 'queue', verdict: 'requeued', detail }]);
      return (await claimMessageScript(redis, [keys.message(id), keys.openMessages(), keys.requeued()], [id, quietMs, event])) ?? undefined;
    },
    async claimAlert(id, quietMs) {
      const list = [keys.alert(id), keys.pendingAlerts(), keys.requeued(), keys.pendingJob(id)];
      return (await claimAlertScript(redis, list, [id, quietMs])) ?? undefined;
    },
    async requeued() {
      const [seconds] = await redis.time();
      return redis.zcount(keys.requeued(), Number(seconds) * 1000 - REQUEUED_TTL_MS, '+inf');
    },
  };
}
