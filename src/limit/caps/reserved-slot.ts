import type { Redis } from '../../redis/connect.ts';
import { defineScript, noReply } from '../../redis/define-script.ts';
import type { Keys } from '../../redis/keys.ts';
import type { CapRule } from './rate-cap.ts';

/**
 * Of what a phone may be texted, one slot is kept for the digest and for a critical that the phone was never texted
 * about. The two take turns: after such a critical the slot is the digest's, and while one waits the digest lets it go
 * first, so that neither starves the other.
 */
export interface ReservedSlot {
  /**
   * What the kept slot is to this critical, which comes back at `until` if it finds no room: `its own`; `waits`: the digest
   * goes first; `closed`: the phone was texted about it, or another one waits. Who asks again in time keeps the claim; without
   * `until` it keeps none, because it cannot wait.
   */
  claim(critical: Critical, now: Date, until: Date | undefined): Promise<Claim>;
  /** The phone is being texted about this critical. */
  recordCritical(critical: Critical, now: Date): Promise<void>;
  /** Whether a critical waits for the kept slot. */
  isAwaited(phoneHash: string, now: Date): Promise<boolean>;
  /** A digest has gone out. */
  digestSent(phoneHash: string): Promise<void>;
}

export type Claim = 'closed' | 'its own' | 'waits';

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

/** `rememberMs`: how long the phone remembers. */
const claimReservedSlotScript = defineScript(new URL('../lua/claim-reserved-slot.lua', import.meta.url), {
  keys: ['keptSlot', 'told', 'gathering'],
  args: { messageId: 'string', dedupHash: 'string', now: 'number', claimedUntil: 'number', rememberMs: 'number' },
  reply: ['closed', 'its own', 'waits'],
});

const recordCriticalScript = defineScript(new URL('../lua/record-critical.lua', import.meta.url), {
  keys: ['keptSlot', 'told'],
  args: { messageId: 'string', dedupHash: 'string', now: 'number', windowMs: 'number', rememberMs: 'number' },
  reply: noReply,
});

export function createReservedSlot(redis: Redis, keys: Keys): ReservedSlot {
  return {
    claim: ({ messageId, phoneHash, dedupHash, windowMs }, now, until) =>
      claimReservedSlotScript(redis, {
        keys: { keptSlot: keys.keptSlot(phoneHash), told: keys.told(phoneHash), gathering: keys.digest(phoneHash) },
        args: {
          messageId,
          dedupHash,
          now: now.getTime(),
          claimedUntil: until === undefined ? 0 : until.getTime() + LATE_MS,
          rememberMs: rememberMs(windowMs),
        },
      }),
    recordCritical: ({ messageId, phoneHash, dedupHash, windowMs }, now) =>
      recordCriticalScript(redis, {
        keys: { keptSlot: keys.keptSlot(phoneHash), told: keys.told(phoneHash) },
        args: { messageId, dedupHash, now: now.getTime(), windowMs, rememberMs: rememberMs(windowMs) },
      }),
    async isAwaited(phoneHash, now) {
      const [until, turnUntil] = await redis.hmget(keys.keptSlot(phoneHash), 'until', 'turnUntil');
      return Number(until ?? 0) > now.getTime() && Number(turnUntil ?? 0) <= now.getTime();
    },
    async digestSent(phoneHash) {
      await redis.hdel(keys.keptSlot(phoneHash), 'turnUntil');
    },
  };
}

function rememberMs(windowMs: number): number {
  return Math.max(windowMs, REMEMBER_MS);
}
