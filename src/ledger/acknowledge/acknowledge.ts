import { dedupHash } from '../../alert/id.ts';
import type { Redis } from '../../redis/connect.ts';
import { defineScript } from '../../redis/define-script.ts';
import { ACK_CODE_TTL_MS, type Keys } from '../../redis/keys.ts';
import { alertLine } from '../journal/journal-entry.ts';
import { lines, type Seen } from '../records.ts';
import { acknowledgeScript, type Closure } from './closure-script.ts';

/** Acknowledgement codes: which code of a phone stands for which message; valid for two days. Every method rejects when Redis fails. */
export interface AckCodes {
  /** Assigns the first of these codes that no other message to this phone uses. Idempotent per message. */
  claim(message: { readonly id: string; readonly phoneHash: string }, codes: readonly string[], now: Date): Promise<string>;
  /** Id of the message that a code of this phone stands for. */
  find(phoneHash: string, code: string): Promise<string | undefined>;
  /** The newest messages to this phone that have codes, newest first. */
  newest(phoneHash: string, count: number): Promise<string[]>;
}

/** Assigns a code and returns its position, from 1. If all codes are in use, the last one is reassigned to the newer message. */
const claimCodeScript = defineScript(new URL('claim-code.lua', import.meta.url), {
  keys: ['byTime', '...codes'],
  args: { messageId: 'string', now: 'number' },
  reply: Number,
  constants: { ACK_CODE_TTL_MS },
});

export function createAckCodes(redis: Redis, keys: Keys): AckCodes {
  return {
    async claim({ id, phoneHash }, codes, now) {
      const position = await claimCodeScript(redis, {
        keys: { byTime: keys.ackCodes(phoneHash), codes: codes.map((code) => keys.ackCode(phoneHash, code)) },
        args: { messageId: id, now: now.getTime() },
      });
      return codes[position - 1] as string;
    },
    find: async (phoneHash, code) => (await redis.get(keys.ackCode(phoneHash, code))) ?? undefined,
    newest: (phoneHash, count) => redis.zrevrange(keys.ackCodes(phoneHash), 0, String(count - 1)),
  };
}

interface Acknowledging {
  readonly alertId: string;
  /** Who acknowledged and through which channel, for the history: such as `http by alice`. Contains no full phone number. */
  readonly by: string;
  readonly at: Date;
  /** Identifies the caller's run, which may repeat the call. */
  readonly run: string;
}

type Acknowledged =
  /** First acknowledgement of this alert. `open`: messages of its dedup key that have no outcome yet. */
  | { readonly kind: 'acknowledged'; readonly open: readonly string[] }
  /** The alert was already closed; nothing changed. */
  | { readonly kind: 'over'; readonly over: Closure }
  /** The alert is malformed or is itself a resolve notification, so there is nothing to acknowledge. */
  | { readonly kind: 'not_acknowledgeable' }
  /** The alert does not exist or is past its retention. */
  | { readonly kind: 'missing' };

export type Acknowledge = (acknowledging: Acknowledging) => Promise<Acknowledged>;

/** Ends the open messages of an alert's dedup key; also before a router has seen the alert. Rejects when Redis fails. */
export function createAcknowledge(redis: Redis, keys: Keys): Acknowledge {
  return async ({ alertId, by, at, run }) => {
    const [[card, outcome], seen] = await Promise.all([redis.hmget(keys.alert(alertId), 'card', 'outcome'), redis.get(keys.seen(alertId))]);
    const known = card ?? seen;
    if (known === undefined || known === null) return { kind: 'missing' };
    const { severity, status, dedupKey, receivedAt } = JSON.parse(known) as Seen;
    if (outcome === 'malformed' || status === 'resolved' || dedupKey === null) return { kind: 'not_acknowledgeable' };

    const hashed = dedupHash(dedupKey);
    // Clocks of two machines may differ: an acknowledgement always covers the alert it names.
    const since = new Date(Math.max(at.getTime(), receivedAt + 1));
    const event = { at: at.toISOString(), stage: 'acknowledge', verdict: 'acknowledged', detail: by };
    const line = alertLine({ id: alertId, severity, outcome: 'acknowledged', reason: null, dedupKey, contacts: [], messages: 0 });
    return acknowledgeScript(redis, {
      keys: {
        alert: keys.alert(alertId),
        resolved: keys.resolved(hashed),
        acknowledged: keys.acknowledged(hashed),
        open: keys.open(hashed),
        journal: keys.journal(),
      },
      args: { receivedAt, at: since.getTime(), run, by, event: lines([event]), journalLine: line },
    });
  };
}
