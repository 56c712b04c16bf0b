import { createRequire } from 'node:module';
import { type BackendFactory, createRedisBackend, type RedisQueueBackend } from 'bullmq';
import type { Clock } from '../../clock.ts';
import type { Redis } from '../../redis/connect.ts';
import { defineScript } from '../../redis/define-script.ts';
import { luaText, sendLua } from '../../redis/lua-text.ts';
import { isUnavailable } from '../../redis/unavailable.ts';
import { setTime } from './redis-time-backend.ts';
import { isCount, isOwnKey, unreadableIn } from './unreadable-jobs.ts';

interface BullScript {
  readonly content: string;
  readonly keys: number;
}

const SCRIPTS = createRequire(import.meta.url)('bullmq/dist/cjs/scripts/index.js') as Readonly<Record<string, BullScript>>;

/**
 * Delayed jobs that are due leave their set together, up to 1,000, and are put in their lanes one by one. BullMQ's script ends at the
 * first whose key holds no job, or whose priority is no number that Redis sorts by, and all behind it are lost.
 */
const PROMOTION: readonly (readonly [theirs: string, ours: string])[] = [
  [
    'tonumber(rcall("HGET", jobKey, "priority")) or 0',
    '(function(held) return type(held) == "string" and tonumber(held) or 0 end)(redis.pcall("HGET", jobKey, "priority"))\n            if priority ~= priority then priority = 0 end',
  ],
  ['            rcall("HSET", jobKey, "delay", 0)', '            redis.pcall("HSET", jobKey, "delay", 0)'],
];

/**
 * BullMQ's scripts take a job off one list before they add it to another. Where a job with such an id has taken the key of that list, they
 * would stop between the two, with the job on no list. Here they stop before the first write, and the call can be repeated. By command,
 * the positions in `KEYS` of keys that it can read.
 */
const READ_FIRST: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> = {
  moveToActive: { LLEN: [1, 2], ZCARD: [3, 7, 11], XLEN: [4], SCARD: [5], HLEN: [9] },
  moveToFinished: { LLEN: [1, 2], ZCARD: [3, 7, 11, 14], XLEN: [4], SCARD: [5], HLEN: [9] },
  moveToDelayed: { LLEN: [2], ZCARD: [4], XLEN: [6], HLEN: [7], SCARD: [8] },
  retryJob: { LLEN: [1, 2], HLEN: [5], XLEN: [6], ZCARD: [7, 8, 10], SCARD: [11] },
};

function readsOf(name: string): string {
  const reads = Object.entries(READ_FIRST[name] ?? {});
  return reads.flatMap(([command, keys]) => keys.map((key) => `redis.call('${command}', KEYS[${key}])\n`)).join('');
}

type Run = (redis: Redis, args: (string | number)[]) => Promise<unknown>;

function guarded(name: string): Run {
  const { content, keys } = SCRIPTS[name] as BullScript;
  const lua = PROMOTION.reduce((text, [theirs, ours]) => {
    if (!text.includes(theirs)) throw new Error(`${name} of BullMQ is not the script that this version is known to have`);
    return text.replace(theirs, ours);
  }, readsOf(name) + content);
  const text = luaText(lua);
  return (redis, args) => sendLua(redis, text, args.slice(0, keys) as string[], args.slice(keys));
}

const GUARDED: Readonly<Record<string, Run>> = Object.fromEntries(Object.keys(READ_FIRST).map((name) => [name, guarded(name)]));

/**
 * Ends a job whose end BullMQ could not record: its script stopped on a parent, a deduplication or a count that it cannot read, after
 * the job had left `active` or before. Idempotent, and leaves a new job of the same id alone, which no worker has begun.
 * `options`: those of `moveToFinished`, in MessagePack.
 */
export const endPlainlyScript = defineScript(new URL('end-plainly.lua', import.meta.url), {
  keys: ['active', 'finished', 'stalled', 'job', 'lock'],
  args: { jobId: 'string', now: 'number', field: 'string', value: 'string', options: 'string' },
  reply: ['ended', 'gone'],
});

/** Where `moveToFinished` of BullMQ 6.7 takes what `endPlainlyScript` needs. */
const FINISH = { active: 1, stalled: 4, finished: 10, job: 11, jobId: 14, field: 16, value: 17, options: 21 } as const;
/** Answer of `moveToFinished`: the job has no record. */
const NO_RECORD = -1;
const NO_NEXT_JOB = [0, 0, 0, 0] as const;

export interface GuardHooks {
  /** A job is active whose record cannot be read, or is no job. */
  onUnreadable(): void;
  /** BullMQ could not record how this job ended, so it was recorded without BullMQ. */
  onEndedPlainly(jobId: string, why: string): void;
}

/**
 * The backend of a worker whose queue may hold any job: what one job's record holds neither stops the end of that job nor touches
 * another one.
 */
export function guardedBackend(
  clock: Clock,
  prefix: string,
  { onUnreadable, onEndedPlainly }: GuardHooks,
): BackendFactory<RedisQueueBackend> {
  return (name, opts, options) => {
    const backend = createRedisBackend(name, opts, options);
    const execute = backend.execCommand.bind(backend);
    const keyOf = (part: string) => `${prefix}:${name}:${part}`;

    const endPlainly = async (redis: Redis, args: readonly (string | number)[], why: string): Promise<typeof NO_NEXT_JOB> => {
      const at = (name: keyof typeof FINISH) => args[FINISH[name]] as string;
      const jobId = at('jobId');
      await endPlainlyScript(redis, {
        keys: { active: at('active'), finished: at('finished'), stalled: at('stalled'), job: at('job'), lock: keyOf(`${jobId}:lock`) },
        args: { jobId, now: clock.now().getTime(), field: at('field'), value: at('value'), options: at('options') },
      });
      onEndedPlainly(jobId, why);
      return NO_NEXT_JOB;
    };

    const run = async (redis: Redis, command: string, args: (string | number)[]): Promise<unknown> => {
      setTime(clock, command, args);
      const script = GUARDED[command];
      try {
        const answer = await (script === undefined ? execute(redis as never, command, args) : script(redis, args));
        return command === 'moveToFinished' && answer === NO_RECORD ? await endPlainly(redis, args, 'its record is gone') : answer;
      } catch (error) {
        if (command !== 'moveToFinished' || !isOfScript(error)) throw error;
        // It may have been the next job on which the script stopped.
        onUnreadable();
        return endPlainly(redis, args, (error as Error).message);
      }
    };

    backend.execCommand = async (client, command, args: unknown[]) => {
      const answer = await run(client as never, command, args as (string | number)[]);
      const [next, id] = Array.isArray(answer) ? (answer as unknown[]) : [];
      if (!Array.isArray(next)) return answer;
      const read = (field: string): string | undefined => {
        for (let at = 0; at < next.length; at += 2) if (next[at] === field) return next[at + 1] as string;
        return undefined;
      };
      if (isOwnKey(String(id)) || unreadableIn(read) !== undefined) {
        onUnreadable();
        return NO_NEXT_JOB;
      }
      // BullMQ adds to it after it has taken a stalled job off its list, and would lose the job.
      if (!isCount(read('stc'))) await (client as never as Redis).hdel(keyOf(String(id)), 'stc');
      return answer;
    };
    return backend;
  };
}

/** A script stopped on what it found; Redis is there and takes writes. */
export function isOfScript(error: unknown): boolean {
  return error instanceof Error && /^(?:ERR|WRONGTYPE) /.test(error.message) && !isUnavailable(error);
}
