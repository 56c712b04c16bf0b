import { askTime, nowLua } from '../redis/clock/redis-clock.ts';
import type { Redis } from '../redis/connect.ts';
import { defineScript } from '../redis/define-script.ts';
import { type Keys, PROCESS_TTL_MS } from '../redis/keys.ts';
import { pruneHashLua, scanHash } from '../redis/scan-hash.ts';
import type { SendingSetup } from './lanes.ts';

/** What a running process publishes about its config. */
export interface ProcessNote {
  /** The command that it runs, such as `dispatcher`. */
  readonly role: string;
  readonly host: string;
  /** Of the config that it uses: 12 hex digits. */
  readonly hash: string;
  /** When it refused the config of its last reload, ISO 8601; `null` when that, or none, was refused. */
  readonly refusedAt: string | null;
  /** Queues from which its workers no longer fetch, although they have room; left out where there is none. */
  readonly stuck?: readonly string[];
  /** What Redis refuses to it, in words; left out where it refuses nothing. */
  readonly refused?: readonly string[];
  /** How far the clock of its machine is ahead of Redis' clock, ms (negative: behind); left out where they agree. */
  readonly clockSkewMs?: number;
  /** The last jump of Redis' own clock that it saw, within an hour. */
  readonly redisClockJump?: { readonly byMs: number; readonly at: string };
  /** Left out by releases before 0.1.0, which count caps under other names: see `limit/cap-names.ts`. */
  readonly capNames?: 'current';
  /** Of a process that sends: what it sends through. */
  readonly sends?: SendingSetup;
}

/** What the running processes send through, all together; `undefined` while none of them sends. */
export function mergeSetups(notes: readonly ProcessNote[]): SendingSetup | undefined {
  const setups = notes.flatMap(({ sends }) => sends ?? []);
  if (setups.length === 0) return undefined;
  const routes = new Map(setups.flatMap((setup) => setup.routes.map((lane) => [JSON.stringify(lane), lane] as const)));
  return { providers: Object.assign({}, ...setups.map(({ providers }) => providers)), routes: [...routes.values()] };
}

export interface Processes {
  publish(note: ProcessNote): Promise<void>;
  /** Removes the note: the process ends. */
  forget(): Promise<void>;
  /** The notes that were published, or repeated, lately. */
  read(): Promise<ProcessNote[]>;
}

/** Also removes some of the notes of processes that crashed; answers with the cursor for the next call. */
const publishProcessScript = defineScript(new URL('publish-process.lua', import.meta.url), {
  keys: ['processes'],
  args: { process: 'string', note: 'string', cursor: 'string' },
  reply: String,
  constants: { PROCESS_TTL_MS },
  includes: [nowLua, pruneHashLua],
});

/** Far more than run anywhere: beyond them an overview leaves some out. */
export const MOST_PROCESSES = 1_000;

/** @param self names this process among the others */
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
        // One from the future was published before Redis' clock was set back.
        return Math.abs(now - Number(line.slice(0, space))) > PROCESS_TTL_MS ? [] : [JSON.parse(line.slice(space + 1)) as ProcessNote];
      });
    },
  };
}
