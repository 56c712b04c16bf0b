import { dedupHash } from '../../alert/id.ts';
import type { Redis } from '../../redis/connect.ts';
import { defineScript } from '../../redis/define-script.ts';
import { ACK_CODE_TTL_MS, type Keys } from '../../redis/keys.ts';
import { alertLine } from '../journal/journal-entry.ts';
import { lines, type Seen } from '../records.ts';
import { acknowledgeScript, type Closure } from './closure-script.ts';

/** By which codes a phone acknowledges which of its messages; for two days. Every method rejects when Redis refuses. */
export interface AckCodes {
  /** The first of these codes that no other message to this phone has; asked again for a message, the same one. */
  claim(message: { readonly id: string; readonly phoneHash: string }, codes: readonly string[], now: Date): Promise<string>;
  /** The message that this phone means by a code. */
  find(phoneHash: string, code: string): Promise<string | undefined>;
  /** The newest messages to this phone that have codes, newest first. */
  newest(phoneHash: string, count: number): Promise<string[]>;
}

/** Should all codes be in use, the last one passes to the newer message. Answers the position of the code, from 1. */
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
  /** Who did, and by which way, for the trace: such as `http by alice`; no whole number. */
  readonly by: string;
  readonly at: Date;
  /** Names the caller's run, which may say it twice. */
  readonly run: string;
}

type Acknowledged =
  /** The first time for this alert. `open`: messages of its dedup key that have no outcome yet. */
  | { readonly kind: 'acknowledged'; readonly open: readonly string[] }
  /** It was over before; nothing has changed. */
  | { readonly kind: 'over'; readonly over: Closure }
  /** It is malformed, or itself the word that something is resolved: there is nothing to take care of. */
  | { readonly kind: 'not_acknowledgeable' }
  /** No such alert, or past its time. */
  | { readonly kind: 'missing' };

export type Acknowledge = (acknowledging: Acknowledging) => Promise<Acknowledged>;

/** Ends what is open of an alert's dedup key; also before a router has seen the alert. Rejects when Redis refuses. */
export function createAcknowledge(redis: Redis, keys: Keys): Acknowledge {
  return async ({ alertId, by, at, run }) => {
    const [[card, outcome], seen] = await Promise.all([redis.hmget(keys.alert(alertId), 'card', 'outcome'), redis.get(keys.seen(alertId))]);
    const known = card ?? seen;
    if (known === undefined || known === null) return { kind: 'missing' };
    const { severity, status, dedupKey, receivedAt } = JSON.parse(known) as Seen;
    if (outcome === 'malformed' || status === 'resolved' || dedupKey === null) return { kind: 'not_acknowledgeable' };

    const hashed = dedupHash(dedupKey);
    // Clocks of two machines may disagree: it ends what it was said of.
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
