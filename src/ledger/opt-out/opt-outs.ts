import type { Redis } from '../../redis/connect.ts';
import { defineScript } from '../../redis/define-script.ts';
import { type Keys, OPTED_IN_TTL_MS } from '../../redis/keys.ts';

/**
 * STOP and START may be processed in another order than they arrived, and a refusal is as old as the request that
 * caused it. The newest one counts, whenever it is processed; of two with the same time, the opt-out. An entry is `time
 * of the last one, space, card`; the card is the first one's.
 */

const optOutScript = defineScript(new URL('opt-out.lua', import.meta.url), {
  keys: ['optOuts', 'optedIn'],
  args: { phoneHash: 'string', at: 'number', card: 'string' },
  reply: ['opted_out', 'opted_in'],
});

const optInScript = defineScript(new URL('opt-in.lua', import.meta.url), {
  keys: ['optOuts', 'optedIn'],
  args: { phoneHash: 'string', at: 'number' },
  reply: ['opted_out', 'opted_in'],
  constants: { OPTED_IN_TTL_MS },
});

/** Origin of an opt-out: an operator, an inbound text of the recipient, or a provider that refused to send to them. */
type OptOutSource = 'operator' | `inbound ${string}` | `provider ${string}`;

/** Source for a refusal, like `provider twilio-main 21610`. */
export function refusedBy(provider: string, code: string | undefined): OptOutSource {
  return `provider ${[provider, code].filter((part) => part !== undefined).join(' ')}`;
}

export interface OptOut {
  /** Hash of the phone number. */
  readonly phoneHash: string;
  /** The number, masked. */
  readonly to: string;
  /** Time of the first opt-out. */
  readonly since: Date;
  readonly source: OptOutSource;
}

/** Phones that opted out of all messages, until they opt in again. Every method rejects when Redis fails. */
export interface OptOuts {
  /** @param phoneHashes every hash under which the phone may be stored */
  isOptedOut(...phoneHashes: readonly [string, ...string[]]): Promise<boolean>;
  /** Whether there is any opt-out. */
  anyone(): Promise<boolean>;
  /** Opts a phone out, unless an opt-in is newer than `since`. Resolves to whether the phone is opted out now. */
  optOut(optOut: OptOut): Promise<boolean>;
  /** Opts a phone in, unless an opt-out is as new as `at` or newer. Resolves to whether the phone may get messages now. */
  optIn(phoneHash: string, at: Date): Promise<boolean>;
  /** Oldest first. */
  list(): Promise<OptOut[]>;
}

/** Entries per Redis call. */
const PAGE = 1000;

export function createOptOuts(redis: Redis, keys: Keys): OptOuts {
  return {
    isOptedOut: async (...phoneHashes) => (await redis.hmget(keys.optOuts(), ...phoneHashes)).some((entry) => entry !== null),
    anyone: async () => (await redis.hlen(keys.optOuts())) > 0,
    async optOut({ phoneHash, since, ...card }) {
      const at = since.getTime();
      const now = await optOutScript(redis, {
        keys: { optOuts: keys.optOuts(), optedIn: keys.optedIn(phoneHash) },
        args: { phoneHash, at, card: JSON.stringify({ at, ...card }) },
      });
      return now === 'opted_out';
    },
    async optIn(phoneHash, at) {
      const now = await optInScript(redis, {
        keys: { optOuts: keys.optOuts(), optedIn: keys.optedIn(phoneHash) },
        args: { phoneHash, at: at.getTime() },
      });
      return now === 'opted_in';
    },
    async list() {
      // HSCAN may return an entry twice while the hash is resized.
      const found = new Map<string, OptOut>();
      let cursor = '0';
      do {
        const [next, fields] = await redis.hscan(keys.optOuts(), cursor, 'COUNT', PAGE);
        cursor = next;
        for (let i = 0; i < fields.length; i += 2) found.set(fields[i] as string, readOptOut(fields[i] as string, fields[i + 1] as string));
      } while (cursor !== '0');
      return [...found.values()].sort((a, b) => a.since.getTime() - b.since.getTime());
    },
  };
}

/** @param entry time of the last opt-out, a space, and the card as JSON */
function readOptOut(phoneHash: string, entry: string): OptOut {
  const { at, ...card } = JSON.parse(entry.slice(entry.indexOf(' ') + 1)) as { at: number } & Pick<OptOut, 'to' | 'source'>;
  return { phoneHash, since: new Date(at), ...card };
}
