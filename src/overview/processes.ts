import { askTime, nowLua } from '../redis/clock/redis-clock.ts';
import type { Redis } from '../redis/connect.ts';
import { defineScript } from '../redis/define-script.ts';
import { type Keys, PROCESS_TTL_MS } from '../redis/keys.ts';
import { pruneHashLua, scanHash } from '../redis/scan-hash.ts';
import type { SendingSetup } from './lanes.ts';

/** Record that a running process publishes about its config. */
export interface ProcessNote {
  /** CLI command of the process, such as `dispatcher`. */
  readonly role: string;
  readonly host: string;
  /** Hash of its config: 12 hex digits. */
  readonly hash: string;
  /** Time when it rejected a reloaded config, ISO 8601; `null` if the last reload succeeded or there was none. */
  readonly refusedAt: string | null;
  /** Queues whose workers no longer fetch jobs although they have free slots; absent if none. */
  readonly stuck?: readonly string[];
  /** Missing Redis permissions in words; absent if none. */
  readonly refused?: readonly string[];
  /** Offset of its machine's clock to the clock of Redis in ms (negative: behind); absent if they agree. */
  readonly clockSkewMs?: number;
  /** The last jump of the clock of Redis that it noticed, within an hour. */
  readonly redisClockJump?: { readonly byMs: number; readonly at: string };
  /** Absent in releases before 0.1.0, which use other key names for caps: see `limit/cap-names.ts`. */
  readonly capNames?: 'current';
  /** Providers and routes of a process that sends. */
  readonly sends?: SendingSetup;
}

/** Merges the providers and routes of the running processes; `undefined` while none of them sends. */
export function mergeSetups(notes: readonly ProcessNote[]): SendingSetup | undefined {
  const setups = notes.flatMap(({ sends }) => sends ?? []);
  if (setups.length === 0) return undefined;
  const routes = new Map(setups.flatMap((setup) => setup.routes.map((lane) => [JSON.stringify(lane), lane] as const)));
  return { providers: Object.assign({}, ...setups.map(({ providers }) => providers)), routes: [...routes.values()] };
}

export interface Processes {
  publish(note: ProcessNote): Promise<void>;
  /** Removes the record at shutdown. */
  forget(): Promise<void>;
  /** Returns the current records. */
  read(): Promise<ProcessNote[]>;
}

/** Stores a record, and removes some records of processes that crashed; returns the cursor for the next call. */
const publishProcessScript = defineScript(new URL('publish-process.lua', import.meta.url), {
  keys: ['processes'],
  args: { process: 'string', note: 'string', cursor: 'string' },
  reply: String,
  constants: { PROCESS_TTL_MS },
  includes: [nowLua, pruneHashLua],
});

/** Maximum number of records read, far more than processes exist anywhere. */
export const MOST_PROCESSES = 1_000;

/** @param self unique id of this process */
export function createProcesses(redis: Redis, keys: Keys, self: string): Processes {
  let cursor = '0';
  return {
    async publish(note) {
      cursor = await publishProcessScript(redis, {
        keys: { processes: keys.processes() },
        args: { process: self, note: JSON.stringify(note), cursor },
      });
    },
    async forget() {
      await redis.hdel(keys.processes(), self);
    },
    async read() {
      const [now, notes] = await Promise.all([askTime(redis, keys.processes()), scanHash(redis, keys.processes(), MOST_PROCESSES)]);
      return notes.flatMap((line) => {
        const space = line.indexOf(' ');
        // A record from the future was published before the clock of Redis was set back.
        return Math.abs(now - Number(line.slice(0, space))) > PROCESS_TTL_MS ? [] : [JSON.parse(line.slice(space + 1)) as ProcessNote];
      });
    },
  };
}
