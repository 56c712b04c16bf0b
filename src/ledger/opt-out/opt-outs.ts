import type { Redis } from '../../redis/connect.ts';
import { defineScript } from '../../redis/define-script.ts';
import { type Keys, OPTED_IN_TTL_MS } from '../../redis/keys.ts';

/**
 * STOP and START may be worked off in another order than they came in, and a refusal is as old as the request that brought
 * it: the newest word wins, whenever it is told, and of two as new the one that texts nobody. An entry is
 * `last said at, space, card`; the card is the first one's.
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

/** Who said so: a person here, a text of the recipient's own, or a provider that refused to text them. */
type OptOutSource = 'operator' | `inbound ${string}` | `provider ${string}`;

/** Such as `provider twilio-main 21610`. */
export function refusedBy(provider: string, code: string | undefined): OptOutSource {
  return `provider ${[provider, code].filter((part) => part !== undefined).join(' ')}`;
}

export interface OptOut {
  /** Stands for the number. */
  readonly phoneHash: string;
  /** The number, masked. */
  readonly to: string;
  /** When it was first said. */
  readonly since: Date;
  readonly source: OptOutSource;
}

/** The phones that want no texts, from nobody, for as long as they do not say otherwise. Every method rejects when Redis refuses. */
export interface OptOuts {
  /** @param phoneHashes every hash that the phone may be kept under */
  isOptedOut(...phoneHashes: readonly [string, ...string[]]): Promise<boolean>;
  /** Whether there is anybody at all. */
  anyone(): Promise<boolean>;
  /** `since`: an opt-in that is newer stays. Resolves to whether the phone is opted out now. */
  optOut(optOut: OptOut): Promise<boolean>;
  /** `at`: an opt-out as new as that, or newer, stays. Resolves to whether the phone may be texted now. */
  optIn(phoneHash: string, at: Date): Promise<boolean>;
  /** Oldest first. */
  list(): Promise<OptOut[]>;
}

/** How many entries Redis is asked for at once. */
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
      // A scan may name an entry twice while the hash grows or shrinks.
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

/** @param entry when it was last said, a space, and the card as JSON */
function readOptOut(phoneHash: string, entry: string): OptOut {
  const { at, ...card } = JSON.parse(entry.slice(entry.indexOf(' ') + 1)) as { at: number } & Pick<OptOut, 'to' | 'source'>;
  return { phoneHash, since: new Date(at), ...card };
}
