import { describeJsonFault } from '../../alert/describe-issues.ts';
import { Unreadable } from '../../alert/parse-alert.ts';
import type { Redis } from '../../redis/connect.ts';
import { defineScript } from '../../redis/define-script.ts';

/**
 * Fails jobs whose own record cannot be read: options, progress or parent that are not JSON, options of `null`, or a
 * count of starts that is no number. BullMQ throws on them while it fetches, so no processor ever sees them, and they come back for ever.
 */
const failUnreadableScript = defineScript(new URL('fail-unreadable.lua', import.meta.url), {
  keys: ['active', 'failed', 'stalled', 'job', 'lock'],
  args: { jobId: 'string', reason: 'string', now: 'number' },
  reply: ['failed', 'gone'],
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

/**
 * Gives a key of the queue back to it, by moving what lies there to a key beside, and takes the job off its lanes. Answers the timestamp
 * and the data of the job that lay there; nothing where the key is as it should be.
 */
export const giveBackScript = defineScript(new URL('give-back.lua', import.meta.url), {
  keys: ['own', 'beside', 'lock', 'stalled', 'active', 'wait', 'prioritized', 'delayed'],
  args: { jobId: 'string', kind: 'string' },
  reply: (answer) => answer as [timestamp: string, data: string] | [],
});

type Lanes = [string, string, string, string, string];

/** Gives the queue every key of its own in which a job lies, and returns those jobs; what lay there is kept at `<key>:moved`. */
async function giveBackKeys(redis: Redis, prefix: string, queue: string, onError: OnError): Promise<UnreadableJob[]> {
  const giveBack = async ([jobId, type]: [string, string]): Promise<UnreadableJob[]> => {
    const key = (part: string) => `${prefix}:${queue}:${part}`;
    const [stalled, active, wait, prioritized, delayed] = ['stalled', 'active', 'wait', 'prioritized', 'delayed'].map(key) as Lanes;
    const [timestamp, data] = await giveBackScript(redis, {
      keys: { own: key(jobId), beside: key(`${jobId}:moved`), lock: key(`${jobId}:lock`), stalled, active, wait, prioritized, delayed },
      args: { jobId, kind: type },
    });
    if (timestamp === undefined) return [];
    return [{ jobId, timestamp: Number.parseInt(timestamp, 10), data: parseJson(data ?? ''), reason: OWN_KEY }];
  };
  return (await Promise.all(Object.entries(OWN_KEYS).map((own) => giveBack(own).catch(noneAfter(onError))))).flat();
}

/** Called with an error that concerns one job, which is then left for the next call. */
type OnError = (error: unknown) => void;

const noneAfter = (onError: OnError) => (error: unknown) => {
  onError(error);
  return [];
};

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
 * Fails every unreadable job that is active on the queue, takes ids off it that name no job, and returns both. The list is read in pages
 * from its old end, to which nothing is added; what a job that ends meanwhile moves out of sight is found by the next call. An error never
 * hides the other jobs: what was taken off the queue is always returned.
 */
export async function failUnreadableJobs(
  redis: Redis,
  prefix: string,
  queue: string,
  now: Date,
  onError: OnError,
): Promise<UnreadableJob[]> {
  const key = (part: string) => `${prefix}:${queue}:${part}`;
  const drop = async (jobId: string, reason: string): Promise<UnreadableJob[]> => {
    const dropped = await dropIdScript(redis, {
      keys: { active: key('active'), stalled: key('stalled'), lock: key(`${jobId}:lock`) },
      args: { jobId },
    });
    return dropped === 'dropped' ? [{ jobId, timestamp: Number.NaN, data: new Unreadable(reason, ''), reason }] : [];
  };
  const judge = async (jobId: string): Promise<UnreadableJob[]> => {
    const record = await redis.hmget(key(jobId), 'timestamp', 'data', ...JUDGED).catch(noRecord);
    if (isOwnKey(jobId)) return drop(jobId, OWN_KEY);
    if (record === undefined) return drop(jobId, 'what lies under the key of the job is no job');
    const [timestamp, data, ...judged] = record;
    const reason = unreadableIn((field) => judged[JUDGED.indexOf(field)]);
    if (reason === undefined) return [];
    const moved = await failUnreadableScript(redis, {
      keys: {
        active: key('active'),
        failed: key('failed'),
        stalled: key('stalled'),
        job: key(jobId),
        lock: key(`${jobId}:lock`),
      },
      args: { jobId, reason, now: now.getTime() },
    });
    return moved === 'failed' ? [{ jobId, timestamp: Number.parseInt(timestamp ?? '', 10), data: parseJson(data ?? ''), reason }] : [];
  };
  const failed = await giveBackKeys(redis, prefix, queue, onError);
  for (let left = 0; ; ) {
    const ids: string[] = await redis.lrange(key('active'), -left - PAGE, -left - 1).catch(noneAfter(onError));
    const found = (await Promise.all(ids.map((id) => judge(id).catch(noneAfter(onError))))).flat();
    failed.push(...found);
    left += ids.length - found.length;
    if (ids.length < PAGE) return failed;
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
