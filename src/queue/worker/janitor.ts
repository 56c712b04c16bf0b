import { describeJsonFault } from '../../alert/describe-issues.ts';
import { Unreadable } from '../../alert/parse-alert.ts';
import type { Redis } from '../../redis/connect.ts';
import { defineScript } from '../../redis/define-script.ts';

/**
 * Fails jobs whose own record cannot be read: options, progress or parent that are not JSON, options of `null`, or a
 * count of starts that is no number. BullMQ throws on them while it fetches, so no processor ever sees them, and they come back for ever.
 */
export const failUnreadableScript = defineScript(new URL('fail-unreadable.lua', import.meta.url), {
  keys: ['active', 'failed', 'stalled', 'job', 'lock'],
  args: { jobId: 'string', reason: 'string', now: 'number' },
  reply: ['failed', 'gone'],
});

/** Takes an id off a queue under whose key lies something that is no job. That stays as it is: it is not ours. */
export const dropIdScript = defineScript(new URL('drop-id.lua', import.meta.url), {
  keys: ['active', 'stalled', 'lock'],
  args: { jobId: 'string' },
  reply: ['dropped', 'gone'],
});

const JSON_FIELDS = ['opts', 'progress', 'parent'] as const;

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
 * from its old end, to which nothing is added; what a job that ends meanwhile moves out of sight is found by the next call.
 */
export async function failUnreadableJobs(redis: Redis, prefix: string, queue: string, now: Date): Promise<UnreadableJob[]> {
  const key = (part: string) => `${prefix}:${queue}:${part}`;
  const judge = async (jobId: string): Promise<UnreadableJob[]> => {
    const record = await redis.hmget(key(jobId), 'timestamp', 'data', 'ats', ...JSON_FIELDS).catch(noRecord);
    if (record === undefined) {
      const dropped = await dropIdScript(redis, {
        keys: { active: key('active'), stalled: key('stalled'), lock: key(`${jobId}:lock`) },
        args: { jobId },
      });
      const reason = 'what lies under the key of the job is no job';
      return dropped === 'dropped' ? [{ jobId, timestamp: Number.NaN, data: new Unreadable(reason, ''), reason }] : [];
    }
    const [timestamp, data, starts, ...fields] = record;
    const reason = unreadable(fields) ?? uncountable(starts);
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
  const failed: UnreadableJob[] = [];
  for (let left = 0; ; ) {
    const ids = await redis.lrange(key('active'), -left - PAGE, -left - 1);
    const found = (await Promise.all(ids.map(judge))).flat();
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

function unreadable(values: readonly (string | null)[]): string | undefined {
  for (const [index, value] of values.entries()) {
    if (value === null || value === '') continue;
    try {
      if (JSON.parse(value) === null && JSON_FIELDS[index] === 'opts') return "the job's opts is null: it must be a JSON object";
    } catch (error) {
      return `the job's ${JSON_FIELDS[index]} is ${describeJsonFault(value, error).message}`;
    }
  }
  return undefined;
}

/** How often the job was started, which BullMQ adds to while it fetches. */
function uncountable(starts: string | null | undefined): string | undefined {
  if (starts === null || starts === undefined || /^-?\d{1,15}$/.test(starts)) return undefined;
  return "the job's ats is not a whole number";
}

/** What lies under the key of a job may be no hash at all. */
function noRecord(error: Error): undefined {
  if (error.message.startsWith('WRONGTYPE')) return undefined;
  throw error;
}
