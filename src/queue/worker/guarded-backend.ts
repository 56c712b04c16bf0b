import type { BackendFactory, RedisQueueBackend } from 'bullmq';
import type { Clock } from '../../clock.ts';
import type { Redis } from '../../redis/connect.ts';
import { defineScript } from '../../redis/define-script.ts';
import { isUnavailable } from '../../redis/unavailable.ts';
import { backendBy } from './guarded-scripts.ts';
import { isOwnKey, unreadableIn } from './unreadable-jobs.ts';

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
 * @param commands the connection on which its scripts are sent in batches with ours
 */
export function guardedBackend(
  commands: Redis,
  clock: Clock,
  prefix: string,
  { onUnreadable, onEndedPlainly }: GuardHooks,
): BackendFactory<RedisQueueBackend> {
  return (name, opts, options) => {
    const backend = backendBy(clock, commands)(name, opts, options);
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
      try {
        const answer = await execute(redis as never, command, args);
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
      return answer;
    };
    return backend;
  };
}

/** A script stopped on what it found; Redis is there and takes writes. */
export function isOfScript(error: unknown): boolean {
  return error instanceof Error && /^(?:ERR|WRONGTYPE) /.test(error.message) && !isUnavailable(error);
}
