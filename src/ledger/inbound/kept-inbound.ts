import type { Redis } from '../../redis/connect.ts';
import { defineScript, noReply } from '../../redis/define-script.ts';
import { INBOUND_LENGTH, INBOUND_TTL_MS, type Keys } from '../../redis/keys.ts';

/** Reasons why an inbound text acknowledged nothing. */
const UNMATCHED_REASONS = ['no_code', 'unknown_code', 'nothing_open', 'ambiguous', 'already_resolved'] as const;
export type UnmatchedReason = (typeof UNMATCHED_REASONS)[number];

/** An inbound text and how it was handled. */
export interface KeptInbound {
  /** ISO 8601. */
  readonly at: string;
  readonly provider: string;
  /** Masked number; a short code or a name is not masked. */
  readonly from: string;
  /** Contact with that number. */
  readonly contact: string | null;
  /** The complete text without control characters. */
  readonly text: string;
  readonly kind: 'stop' | 'start' | 'acknowledged' | 'unmatched';
  /** Why it matched nothing. */
  readonly reason: UnmatchedReason | null;
  /** Ids of the alerts that it acknowledged. */
  readonly alerts: readonly string[];
}

/** Log of the newest inbound texts. Every method rejects when Redis fails. */
export interface InboundLog {
  /** Adds an inbound text. Idempotent. */
  keep(providerMessageId: string, entry: KeptInbound): Promise<void>;
  /** The newest entries first, and how many are kept. */
  newest(limit: number): Promise<{ readonly total: number; readonly entries: readonly KeptInbound[] }>;
}

const keepInboundScript = defineScript(new URL('keep-inbound.lua', import.meta.url), {
  keys: ['entries', 'order'],
  args: { id: 'string', at: 'number', entry: 'string' },
  reply: noReply,
  constants: { INBOUND_LENGTH },
});

export function createInboundLog(redis: Redis, keys: Keys): InboundLog {
  const [entries, order] = [keys.keptInbound(), keys.keptInboundOrder()];
  return {
    async keep(providerMessageId, entry) {
      const id = `${entry.provider} ${providerMessageId}`;
      await keepInboundScript(redis, { keys: { entries, order }, args: { id, at: Date.parse(entry.at), entry: JSON.stringify(entry) } });
    },
    async newest(limit) {
      const [total, ids] = await Promise.all([redis.zcard(order), redis.zrevrange(order, 0, String(limit - 1))]);
      const lines = ids.length === 0 ? [] : await redis.hmget(entries, ...ids);
      return { total, entries: lines.flatMap((line) => (line === null ? [] : [JSON.parse(line) as KeptInbound])) };
    },
  };
}

/** Which inbound texts have been processed. Every method rejects when Redis fails. */
export interface SeenInbound {
  has(provider: string, providerMessageId: string): Promise<boolean>;
  /** True for the one `run` that adds it first, also when that run repeats the call. */
  add(provider: string, providerMessageId: string, run: string): Promise<boolean>;
}

export function createSeenInbound(redis: Redis, keys: Keys): SeenInbound {
  return {
    has: async (provider, providerMessageId) => (await redis.exists(keys.inbound(provider, providerMessageId))) === 1,
    async add(provider, providerMessageId, run) {
      const key = keys.inbound(provider, providerMessageId);
      const set = await redis.set(key, run, 'PX', INBOUND_TTL_MS, 'NX');
      return set === 'OK' || (await redis.get(key)) === run;
    },
  };
}
