import { createRequire } from 'node:module';
import type { BackendFactory, RedisQueueBackend } from 'bullmq';
import type { Clock } from '../../clock.ts';
import type { Redis } from '../../redis/connect.ts';
import { luaText, type ScriptArg, type ScriptStep } from '../../redis/lua-text.ts';
import { runStep } from '../../redis/run-scripts.ts';
import { joinBatches } from '../../redis/script-batch.ts';
import { bullmq } from '../bullmq.ts';

interface BullScript {
  readonly content: string;
  readonly keys: number;
}

const SCRIPTS = createRequire(import.meta.url)('bullmq/dist/cjs/scripts/index.js') as Readonly<Record<string, BullScript>>;

/**
 * BullMQ's scripts take a job off one list, read or count a value, and add the job to another list. A script that stops between the two
 * has lost the job, and a delayed job takes up to 999 others with it. These replacements let no value of a record stop a script: a
 * priority or a count of stalls that is no number, a key that holds no job, and a counter of priorities that cannot be counted up.
 */
const REPLACEMENTS: readonly (readonly [theirs: string, ours: string])[] = [
  [
    'tonumber(rcall("HGET", jobKey, "priority")) or 0',
    '(function(held) local priority = type(held) == "string" and tonumber(held) or 0; return priority == priority and priority or 0 end)(redis.pcall("HGET", jobKey, "priority"))',
  ],
  [
    'local priority = tonumber(jobAttributes[1]) or 0',
    'local priority = tonumber(jobAttributes[1]) or 0\n    if priority ~= priority then priority = 0 end',
  ],
  ['rcall("HSET", jobKey, "delay", 0)', 'redis.pcall("HSET", jobKey, "delay", 0)'],
  [
    'local prioCounter = rcall("INCR", priorityCounterKey)',
    'local counted = redis.pcall("INCR", priorityCounterKey)\n  local prioCounter = type(counted) == "number" and counted or 0',
  ],
  // A timestamp before 1970 makes a score below zero.
  ['rcall("ZRANGEBYSCORE", delayedKey, 0, ', 'rcall("ZRANGEBYSCORE", delayedKey, "-inf", '],
  [
    'local stalledCount = rcall("HINCRBY", jobKey, "stc", 1)',
    `local stalledCount = redis.pcall("HINCRBY", jobKey, "stc", 1)
                    if type(stalledCount) ~= "number" or stalledCount < 1 then
                        redis.pcall("HSET", jobKey, "stc", 1)
                        stalledCount = 1
                    end`,
  ],
  [
    'local jobSchedulerId = rcall("HGET", jobKey, "rjk")',
    'local jobSchedulerId = redis.pcall("HGET", jobKey, "rjk")\n                    if type(jobSchedulerId) ~= "string" then jobSchedulerId = nil end',
  ],
];

interface Guard {
  /** SHA-1 of the script in BullMQ 6.7.0, for which the guard is written. */
  readonly sha: string;
  /** Positions in `KEYS` of keys of the queue, by the command that can read them. */
  readonly reads: Readonly<Record<string, readonly number[]>>;
  /** Sent in batches, since each job needs it. */
  readonly batched?: boolean;
}

/**
 * Where a job took the key of a list, a script would also stop between two lists. It stops before its first write instead, by
 * reading every list first, and the call can be repeated.
 */
const GUARDS: Readonly<Record<string, Guard>> = {
  moveToActive: {
    sha: 'd96ca626f1ea141b44a856b312fc636d99aa9ea9',
    reads: { LLEN: [1, 2], ZCARD: [3, 7, 11], XLEN: [4], SCARD: [5], HLEN: [9] },
    batched: true,
  },
  moveToFinished: {
    sha: '69666e69dd5621df59067a03de685e55a486560d',
    reads: { LLEN: [1, 2], ZCARD: [3, 7, 11, 14], XLEN: [4], SCARD: [5], HLEN: [9] },
    batched: true,
  },
  moveToDelayed: {
    sha: '9f83944d6edafd63c74121d73299dd3358ddfe0c',
    reads: { LLEN: [2, 9], ZCARD: [1, 3, 4], XLEN: [6], HLEN: [7], SCARD: [8] },
    batched: true,
  },
  retryJob: {
    sha: '812d06de3eaf0fb70e333b3d0142eed8bf630a2d',
    reads: { LLEN: [1, 2], HLEN: [5], XLEN: [6], ZCARD: [7, 8, 10], SCARD: [11] },
  },
  moveStalledJobsToWait: {
    sha: '1e9bb7deb6219644a634d32c430ce15ed39a377e',
    reads: { SCARD: [1], LLEN: [2, 3], HLEN: [5], ZCARD: [7, 9], XLEN: [8] },
  },
  promote: { sha: '1d740f19fe984343737df70206877be7cbab6913', reads: { ZCARD: [1, 5, 9], LLEN: [2, 6], HLEN: [4], XLEN: [8] } },
  reprocessJob: { sha: '1323ff649a78371c602a52252e61dc9f2fdfe36d', reads: { XLEN: [2], ZCARD: [3, 7, 8], LLEN: [4, 6], HLEN: [5] } },
};

/** Guarded scripts of which the installed BullMQ has another version. */
export function unknownScripts(scripts: Readonly<Record<string, Pick<BullScript, 'content'> | undefined>> = SCRIPTS): string[] {
  return Object.entries(GUARDS).flatMap(([name, { sha }]) => (luaText(scripts[name]?.content ?? '').sha === sha ? [] : [name]));
}

/** Commands that the guard of a script adds to it; who runs the script must be permitted each. */
export function commandsOfGuard(name: string): string[] {
  return Object.keys(GUARDS[name]?.reads ?? {}).map((command) => command.toLowerCase());
}

function guarded(name: string, { reads, batched = false }: Guard): (args: readonly ScriptArg[]) => ScriptStep {
  const { content, keys } = SCRIPTS[name] as BullScript;
  const first = Object.entries(reads).flatMap(([command, at]) => at.map((key) => `redis.call('${command}', KEYS[${key}])\n`));
  const lua = luaText(first.join('') + REPLACEMENTS.reduce((text, [theirs, ours]) => text.replaceAll(theirs, ours), content));
  if (batched) joinBatches(lua);
  const read = (reply: unknown) => reply;
  return (args) => ({ lua, keys: args.slice(0, keys) as string[], args: args.slice(keys), read });
}

/** A script of another version runs as it is. */
const GUARDED: Readonly<Record<string, ReturnType<typeof guarded>>> = Object.fromEntries(
  Object.entries(GUARDS)
    .filter(([name]) => !unknownScripts().includes(name))
    .map(([name, guard]) => [name, guarded(name, guard)]),
);

/**
 * Where BullMQ 6.7 passes `Date.now()` to its scripts: name of the script → place among its keys and arguments. By it jobs are
 * promoted, delayed, and get their times; in stock BullMQ a process whose clock is an hour ahead promotes what is due in an hour.
 */
const NOW_AT: Readonly<Record<string, number>> = {
  moveToActive: 12,
  moveToFinished: 15,
  moveToDelayed: 12,
  moveStalledJobsToWait: 11,
  retryJob: 12,
};

/**
 * Runs BullMQ's scripts by this clock instead of the process's wall clock, and those that move a job with their guards.
 * @param commands the connection on which they are sent in batches with ours; absent: the queue's own, each on its own
 */
export function backendBy(clock: Clock, commands?: Redis): BackendFactory<RedisQueueBackend> {
  return (name, opts, options) => {
    const backend = bullmq.createRedisBackend(name, opts, options);
    const execute = backend.execCommand.bind(backend);
    backend.execCommand = (client, command, args: unknown[]) => {
      const at = NOW_AT[command];
      if (at !== undefined) args[at] = clock.now().getTime();
      const script = GUARDED[command];
      return script === undefined
        ? execute(client, command, args)
        : runStep(commands ?? (client as never), script(args as ScriptArg[]), client as never);
    };
    return backend;
  };
}
