import { randomUUID } from 'node:crypto';
import { describeJsonFault } from '../../alert/parse/describe-issues.ts';
import { Unreadable } from '../../alert/parse/parse-alert.ts';
import type { Redis } from '../../redis/connect.ts';
import { defineScript, noReply } from '../../redis/define-script.ts';

/**
 * Fails jobs whose own record cannot be read: options, progress or parent that are not JSON, options of `null`, or a
 * count of starts that is no number. BullMQ throws on them while it fetches, so no processor ever sees them, and they come back for ever.
 */
const failUnreadableScript = defineScript(new URL('fail-unreadable.lua', import.meta.url), {
  keys: ['active', 'failed', 'stalled', 'job', 'lock'],
  args: { jobId: 'string', reason: 'string', now: 'number' },
  reply: ['failed', 'gone'],
});

/**
 * How long a sweep that has crashed keeps other sweeps from a job, and the check for stalled jobs. That check then queues the job again,
 * which brings it to a sweep.
 */
const CLAIM_MS = 30_000;
/** The lock that a worker sets when it fetches the job is not renewed, so a sweep may replace it, but not that of another sweep. */
const newClaim = () => ({ claim: `sweep:${randomUUID()}`, claimMs: CLAIM_MS });

const claimJobScript = defineScript(new URL('claim-job.lua', import.meta.url), {
  keys: ['active', 'failed', 'lock'],
  args: { jobId: 'string', claim: 'string', claimMs: 'number' },
  reply: ['claimed', 'taken', 'gone'],
});

/** Takes an id off a queue under whose key lies something that is no job. That stays as it is: it is not ours. */
const dropIdScript = defineScript(new URL('drop-id.lua', import.meta.url), {
  keys: ['active', 'stalled', 'lock'],
  args: { jobId: 'string' },
  reply: ['dropped', 'gone'],
});

/**
 * Keys that BullMQ keeps of a queue, and their types. A job whose id is one of these names shares its key: its record takes the place of
 * a lane that is empty, and from then on every script that looks into that lane stops.
 */
const OWN_KEYS: Readonly<Record<string, string>> = {
  ...{ wait: 'list', active: 'list', paused: 'list', delayed: 'zset', prioritized: 'zset', completed: 'zset', failed: 'zset' },
  ...{ 'waiting-children': 'zset', marker: 'zset', repeat: 'zset', stalled: 'set', 'stalled-check': 'string', pc: 'string' },
  ...{ id: 'string', limiter: 'string', meta: 'hash', events: 'stream' },
};

/** A job of this id cannot be run: see `OWN_KEYS`. */
export function isOwnKey(jobId: string): boolean {
  return Object.hasOwn(OWN_KEYS, jobId);
}

/** Reads the timestamp and the data of a job that lies under a key of the queue, and claims it; nothing where the key is as it should be. */
const claimKeyScript = defineScript(new URL('claim-key.lua', import.meta.url), {
  keys: ['own', 'lock'],
  args: { kind: 'string', claim: 'string', claimMs: 'number' },
  reply: (answer) => answer as [timestamp: string, data: string] | [],
});

/** Gives a key of the queue back to it, by moving what lies there to a key beside, and takes the job off its lanes. */
const giveBackScript = defineScript(new URL('give-back.lua', import.meta.url), {
  keys: ['own', 'beside', 'lock', 'stalled', 'active', 'wait', 'prioritized', 'delayed'],
  args: { jobId: 'string', kind: 'string' },
  reply: noReply,
});

type Lanes = [string, string, string, string, string];

/** Gives the queue every key of its own in which a job lies; what lay there is kept at `<key>:moved`. */
async function giveBackKeys(redis: Redis, prefix: string, queue: string, { record, onError }: SweepHooks): Promise<void> {
  const giveBack = async ([jobId, kind]: [string, string]): Promise<void> => {
    const key = (part: string) => `${prefix}:${queue}:${part}`;
    const [own, lock] = [key(jobId), key(`${jobId}:lock`)];
    const [timestamp, data] = await claimKeyScript(redis, { keys: { own, lock }, args: { kind, ...newClaim() } });
    if (timestamp === undefined) return;
    await record({ jobId, timestamp: Number.parseInt(timestamp, 10), data: parseJson(data ?? ''), reason: OWN_KEY });
    const [stalled, active, wait, prioritized, delayed] = ['stalled', 'active', 'wait', 'prioritized', 'delayed'].map(key) as Lanes;
    await giveBackScript(redis, {
      keys: { own, beside: key(`${jobId}:moved`), lock, stalled, active, wait, prioritized, delayed },
      args: { jobId, kind },
    });
  };
  await Promise.all(Object.entries(OWN_KEYS).map((own) => giveBack(own).catch(onError)));
}

export interface SweepHooks {
  /** Records the outcome of a job that is still on the queue: a crash before its end, and another sweep records it again. */
  readonly record: (job: UnreadableJob) => Promise<void>;
  /** Called with an error that concerns one job, which is then left for the next sweep. */
  readonly onError: (error: unknown) => void;
}
const OWN_KEY = 'the id of the job is the name of a key that the queue itself has';

const JSON_FIELDS = ['opts', 'progress', 'parent'] as const;
/** What a job must have in order to be run. `ats` is how often it was started, which BullMQ adds to while it fetches. */
const JUDGED = ['ats', ...JSON_FIELDS] as const;

export interface UnreadableJob {
  readonly jobId: string;
  /** When it was added, ms since the epoch; `NaN` where the record does not say. */
  readonly timestamp: number;
  /** `Unreadable` where they are not JSON. */
  readonly data: unknown;
  readonly reason: string;
}

/** Read, and looked at, together. */
const PAGE = 200;

/**
 * Fails every unreadable job that is active on the queue and takes ids off it that name no job. The outcome of each is recorded first, so
 * that no crash leaves a job that has failed without one. The list is read in pages from its old end, to which nothing is added; what a
 * job that ends meanwhile moves out of sight is found by the next call. An error never hides the other jobs.
 */
export async function failUnreadableJobs(redis: Redis, prefix: string, queue: string, now: () => Date, hooks: SweepHooks): Promise<void> {
  const key = (part: string) => `${prefix}:${queue}:${part}`;
  const [active, failed, stalled] = ['active', 'failed', 'stalled'].map(key) as [string, string, string];
  /** True if the job is off the list. */
  const end = async (job: UnreadableJob, takeOff: (keys: { active: string; stalled: string; lock: string }) => Promise<unknown>) => {
    const lock = key(`${job.jobId}:lock`);
    if ((await claimJobScript(redis, { keys: { active, failed, lock }, args: { jobId: job.jobId, ...newClaim() } })) !== 'claimed')
      return false;
    await hooks.record(job);
    await takeOff({ active, stalled, lock });
    return true;
  };
  const judge = async (jobId: string): Promise<boolean> => {
    const record = await redis.hmget(key(jobId), 'timestamp', 'data', ...JUDGED).catch(noRecord);
    if (isOwnKey(jobId) || record === undefined) {
      const reason = isOwnKey(jobId) ? OWN_KEY : 'what lies under the key of the job is no job';
      const job = { jobId, timestamp: Number.NaN, data: new Unreadable(reason, ''), reason };
      return end(job, (keys) => dropIdScript(redis, { keys, args: { jobId } }));
    }
    const [timestamp, data, ...judged] = record;
    const reason = unreadableIn((field) => judged[JUDGED.indexOf(field)]);
    if (reason === undefined) return false;
    const job = { jobId, timestamp: Number.parseInt(timestamp ?? '', 10), data: parseJson(data ?? ''), reason };
    return end(job, (keys) =>
      failUnreadableScript(redis, { keys: { ...keys, failed, job: key(jobId) }, args: { jobId, reason, now: now().getTime() } }),
    );
  };
  const isTakenOff = (jobId: string): Promise<boolean> =>
    judge(jobId).catch((error: unknown) => {
      hooks.onError(error);
      return false;
    });
  await giveBackKeys(redis, prefix, queue, hooks);
  for (let left = 0; ; ) {
    const ids: string[] = await redis.lrange(active, -left - PAGE, -left - 1).catch((error: unknown) => {
      hooks.onError(error);
      return [];
    });
    const takenOff = await Promise.all(ids.map(isTakenOff));
    left += takenOff.filter((isOff) => !isOff).length;
    if (ids.length < PAGE) return;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return new Unreadable(`the job data is invalid JSON: ${(error as Error).message}`, text);
  }
}

/** Why a job with these fields cannot be run. */
export function unreadableIn(read: (field: (typeof JUDGED)[number]) => string | null | undefined): string | undefined {
  for (const field of JSON_FIELDS) {
    const value = read(field) ?? '';
    if (value === '' || value === '{}' || value === '0') continue;
    try {
      if (JSON.parse(value) === null && field === 'opts') return "the job's opts is null: it must be a JSON object";
    } catch (error) {
      return `the job's ${field} is ${describeJsonFault(value, error).message}`;
    }
  }
  return isCount(read('ats')) ? undefined : "the job's ats is not a whole number";
}

/** Whether BullMQ can add to it. */
export function isCount(value: string | null | undefined): boolean {
  return value === null || value === undefined || /^-?\d{1,15}$/.test(value);
}

/** What lies under the key of a job may be no hash at all. */
function noRecord(error: Error): undefined {
  if (error.message.startsWith('WRONGTYPE')) return undefined;
  throw error;
}
