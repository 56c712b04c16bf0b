import type { Redis } from '../../redis/connect.ts';
import { defineScript, noReply } from '../../redis/define-script.ts';
import type { Keys } from '../../redis/keys.ts';
import type { ScriptStep } from '../../redis/lua-text.ts';
import { runStep } from '../../redis/run-scripts.ts';
import type { CapRule } from './rate-cap.ts';

/**
 * One slot per phone is reserved for the digest and for a critical that was not yet sent to that phone. The two
 * alternate: after such a critical the slot belongs to the digest, and while one waits the digest lets it pass first,
 * so that neither starves the other.
 */
export interface ReservedSlot {
  /**
   * Claims the reserved slot for a critical, which is due again at `until` if it finds no room. Returns `its own`;
   * `waits`: the digest goes first; or `closed`: the phone already got a message about it, or another critical waits.
   * Repeated in time, the call keeps the claim; without `until` it keeps none, because the critical cannot wait.
   */
  claim(critical: Critical, now: Date, until: Date | undefined): Promise<Claim>;
  /** Records that this critical is being sent to the phone. */
  recordCritical(critical: Critical, now: Date): Promise<void>;
  /** {@link recordCritical} as a step of one call with others. */
  recordCriticalStep(critical: Critical, now: Date): ScriptStep;
  /** Whether a critical waits for the reserved slot. */
  isAwaited(phoneHash: string, now: Date): Promise<boolean>;
  /** Records that a digest was sent. */
  digestSent(phoneHash: string): Promise<void>;
}

export type Claim = 'closed' | 'its own' | 'waits';

export interface Critical {
  readonly messageId: string;
  readonly phoneHash: string;
  readonly dedupHash: string;
  /** Longest window of the phone's caps. */
  readonly windowMs: number;
}

/** Rules that leave this much of the recipient's windows free; a window of one message has nothing to reserve. */
export function keepSlot(rules: readonly CapRule[], size: number): CapRule[] {
  return rules.map((rule) => {
    if (rule.reason !== 'rate_cap_recipient') return rule;
    const reserve = Math.min(size, rule.max - 1);
    return { ...rule, reserve, weight: Math.min(rule.weight, rule.max - reserve) };
  });
}

/** The same rules without the reservation. */
export function openSlot(rules: readonly CapRule[]): CapRule[] {
  return rules.map((rule) => (rule.reason === 'rate_cap_recipient' ? { ...rule, reserve: 0 } : rule));
}

/** How long after its due time a critical still holds its claim. */
const LATE_MS = 30_000;

/** Minimum time for which a critical sent to a phone is not new to it; longer if the phone's longest window is. */
const REMEMBER_MS = 3_600_000;

/** `rememberMs`: how long criticals sent to the phone are remembered. */
const claimReservedSlotScript = defineScript(new URL('../lua/claim-reserved-slot.lua', import.meta.url), {
  keys: ['keptSlot', 'sentCriticals', 'gathering'],
  args: { messageId: 'string', dedupHash: 'string', now: 'number', claimedUntil: 'number', rememberMs: 'number' },
  reply: ['closed', 'its own', 'waits'],
});

const recordCriticalScript = defineScript(new URL('../lua/record-critical.lua', import.meta.url), {
  keys: ['keptSlot', 'sentCriticals'],
  args: { messageId: 'string', dedupHash: 'string', now: 'number', windowMs: 'number', rememberMs: 'number' },
  reply: noReply,
  batched: true,
});

export function createReservedSlot(redis: Redis, keys: Keys): ReservedSlot {
  const recordCriticalStep: ReservedSlot['recordCriticalStep'] = ({ messageId, phoneHash, dedupHash, windowMs }, now) =>
    recordCriticalScript.step({
      keys: { keptSlot: keys.keptSlot(phoneHash), sentCriticals: keys.sentCriticals(phoneHash) },
      args: { messageId, dedupHash, now: now.getTime(), windowMs, rememberMs: rememberMs(windowMs) },
    });
  return {
    claim: ({ messageId, phoneHash, dedupHash, windowMs }, now, until) =>
      claimReservedSlotScript(redis, {
        keys: { keptSlot: keys.keptSlot(phoneHash), sentCriticals: keys.sentCriticals(phoneHash), gathering: keys.digest(phoneHash) },
        args: {
          messageId,
          dedupHash,
          now: now.getTime(),
          claimedUntil: until === undefined ? 0 : until.getTime() + LATE_MS,
          rememberMs: rememberMs(windowMs),
        },
      }),
    recordCritical: async (critical, now) => void (await runStep(redis, recordCriticalStep(critical, now))),
    recordCriticalStep,
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
