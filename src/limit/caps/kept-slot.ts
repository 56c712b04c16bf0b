import type { Redis } from '../../redis/connect.ts';
import type { Keys } from '../../redis/keys.ts';
import { createScript } from '../../redis/script.ts';
import type { CapRule } from './rate-cap.ts';

/**
 * Of what a phone may be texted, one slot is kept for the digest and for a critical that the phone was never texted
 * about. The two take turns: after such a critical the slot is the digest's, and while one waits the digest lets it go
 * first, so that neither starves the other.
 */
export interface KeptSlot {
  /**
   * What the kept slot is to this critical, which comes back at `until` if it finds no room: `its own`; `waits`: the digest
   * goes first; `closed`: the phone was texted about it, or another one waits. Who asks again in time keeps the claim; without
   * `until` it keeps none, because it cannot wait.
   */
  claim(critical: Critical, now: Date, until: Date | undefined): Promise<Claim>;
  /** The phone is being texted about this critical. */
  tell(critical: Critical, now: Date): Promise<void>;
  /** Whether a critical waits for the kept slot. */
  isAwaited(phoneHash: string, now: Date): Promise<boolean>;
  /** A digest has gone out. */
  digestWent(phoneHash: string): Promise<void>;
}

const CLAIMS = ['closed', 'its own', 'waits'] as const;
export type Claim = (typeof CLAIMS)[number];

export interface Critical {
  readonly messageId: string;
  readonly phoneHash: string;
  readonly dedupHash: string;
  /** The longest window of the phone's caps. */
  readonly windowMs: number;
}

/** Rules that leave so much of the recipient's windows alone; a window of one text has nothing to keep. */
export function keepSlot(rules: readonly CapRule[], size: number): CapRule[] {
  return rules.map((rule) => {
    if (rule.reason !== 'rate_cap_recipient') return rule;
    const reserve = Math.min(size, rule.max - 1);
    return { ...rule, reserve, weight: Math.min(rule.weight, rule.max - reserve) };
  });
}

/** The same rules with the kept slot open. */
export function openSlot(rules: readonly CapRule[]): CapRule[] {
  return rules.map((rule) => (rule.reason === 'rate_cap_recipient' ? { ...rule, reserve: 0 } : rule));
}

/** How long after it was to come back a critical still holds its claim. */
const LATE_MS = 30_000;

/** What a phone was texted about so lately is nothing new; or within its longest window. */
const REMEMBER_MS = 3_600_000;

/**
 * KEYS kept slot, told, gathering digest. ARGV message id, dedup hash, now, claimed until, ms that the phone remembers.
 * A turn of the digest that has been over for a window is forgotten: it may be waiting for the morning.
 */
const claimScript = createScript<0 | 1 | 2>(`
local now = tonumber(ARGV[3])
local s = redis.call('HMGET', KEYS[1], 'critical', 'until', 'turnUntil')
local toldAt = redis.call('ZSCORE', KEYS[2], ARGV[2])
if toldAt and tonumber(toldAt) > now - ARGV[5] then return 0 end
if s[1] and s[1] ~= ARGV[1] and tonumber(s[2]) > now then return 0 end
redis.call('HSET', KEYS[1], 'critical', ARGV[1], 'until', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
if s[3] and tonumber(s[3]) > now and redis.call('EXISTS', KEYS[3]) == 1 then return 2 end
return 1
`);

/** KEYS kept slot, told. ARGV message id, dedup hash, now, window ms, ms that the phone remembers. */
const tellScript = createScript<0>(`
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[3] - ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
if redis.call('HGET', KEYS[1], 'critical') == ARGV[1] then
  redis.call('HDEL', KEYS[1], 'critical', 'until')
  redis.call('HSET', KEYS[1], 'turnUntil', ARGV[3] + ARGV[4])
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
end
return 0
`);

export function createKeptSlot(redis: Redis, keys: Keys): KeptSlot {
  return {
    async claim({ messageId, phoneHash, dedupHash, windowMs }, now, until) {
      const claim = await claimScript(
        redis,
        [keys.keptSlot(phoneHash), keys.told(phoneHash), keys.digest(phoneHash)],
        [messageId, dedupHash, now.getTime(), until === undefined ? 0 : until.getTime() + LATE_MS, rememberMs(windowMs)],
      );
      return CLAIMS[claim];
    },
    async tell({ messageId, phoneHash, dedupHash, windowMs }, now) {
      await tellScript(
        redis,
        [keys.keptSlot(phoneHash), keys.told(phoneHash)],
        [messageId, dedupHash, now.getTime(), windowMs, rememberMs(windowMs)],
      );
    },
    async isAwaited(phoneHash, now) {
      const [until, turnUntil] = await redis.hmget(keys.keptSlot(phoneHash), 'until', 'turnUntil');
      return Number(until ?? 0) > now.getTime() && Number(turnUntil ?? 0) <= now.getTime();
    },
    async digestWent(phoneHash) {
      await redis.hdel(keys.keptSlot(phoneHash), 'turnUntil');
    },
  };
}

function rememberMs(windowMs: number): number {
  return Math.max(windowMs, REMEMBER_MS);
}
