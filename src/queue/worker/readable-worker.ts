import type { Job, JobJson, LockManager, Processor, Worker, WorkerOptions } from 'bullmq';
import { describeJsonFault } from '../../alert/parse/describe-issues.ts';
import { Unreadable } from '../../alert/parse/parse-alert.ts';
import type { Clock } from '../../clock.ts';
import { clockOf, onWallClock } from '../../redis/clock/redis-clock.ts';
import type { Redis } from '../../redis/connect.ts';
import { defineScript, noReply } from '../../redis/define-script.ts';
import { bullmq } from '../bullmq.ts';
import { type GuardHooks, guardedBackend } from './guarded-backend.ts';

/** A time in the past: due at the next check. Not 0, which BullMQ reads as "not known yet". */
const DUE = 1;

/**
 * Renews the lock of each running job at each check, every quarter of the lock duration. BullMQ compares the time of the last
 * renewal with the wall clock and renews nothing for an hour after that was set back by one hour.
 */
class SteadyLocks extends bullmq.LockManager {
  override trackJob(...[jobId, token, , createController]: Parameters<LockManager['trackJob']>): ReturnType<LockManager['trackJob']> {
    return super.trackJob(jobId, token, DUE, createController);
  }

  protected override async extendLocks(jobIds: string[]): Promise<void> {
    for (const id of jobIds) {
      const tracked = this.trackedJobs.get(id);
      if (tracked !== undefined) tracked.ts = DUE;
    }
    await super.extendLocks(jobIds);
  }
}

/**
 * Keeps the data of a repeatable job of BullMQ 5. There the producer writes each firing from the data of the last one; a
 * worker of BullMQ 6 takes them from the scheduler, which such a job has never written.
 */
const keepDataScript = defineScript(new URL('keep-data.lua', import.meta.url), {
  keys: ['scheduler'],
  args: { data: 'string' },
  reply: noReply,
});

/** Completion is rejected for a flow parent whose children have not all succeeded, although it ran. */
const CHILDREN: readonly unknown[] = [bullmq.ErrorCode.JobPendingChildren, bullmq.ErrorCode.JobHasFailedChildren];

const FLOW_FAILURES = new WeakMap<Job, string>();

/** Why BullMQ would have failed the job without giving it to a processor, such as that a child of its flow failed. */
export function flowFailureOf(job: Job): string | undefined {
  return FLOW_FAILURES.get(job);
}

/** The options that BullMQ only copies into a job; from others it computes something, which may throw. */
function harmlessOf(opts: JobJson['opts']): JobJson['opts'] {
  const { repeat, telemetry } = opts as { readonly repeat?: unknown; readonly telemetry?: unknown };
  return { ...(repeat !== undefined && { repeat }), ...(telemetry !== undefined && { telemetry }) } as JobJson['opts'];
}

/** A job of ours never comes near it, and no phone number is as short. */
const MOST_COUNT = 999_999;

/** A counter of a job's record, which another client may have set to anything; it is repeated in logs, traces and reasons. */
function boundCount(count: number): number {
  return Number.isNaN(count) ? 0 : Math.min(Math.max(count, 0), MOST_COUNT);
}

export interface WorkerHooks extends GuardHooks {
  /** Called when the worker fetches or gets a job. */
  onAsk(): void;
}

/**
 * A worker for jobs of any BullMQ client.
 *
 * - Stock BullMQ throws on job data that is not JSON before it has a job that it could fail: the job stalls and comes
 *   back for ever. This one passes such a job to the processor, which fails it with a reason.
 * - Stock BullMQ also throws on options that it cannot use, such as a parent whose `queue` cannot be converted to a string. Here
 *   the job runs without them.
 * - In stock BullMQ a job's own `removeOnComplete` and `removeOnFail` win, and `removeOnFail: 5` removes the failed jobs of
 *   all producers but five. Here only the worker decides what is kept.
 * - A job whose next firing cannot be scheduled is processed all the same.
 * - Delayed jobs are promoted by Redis' clock, as far as `commands` knows it, instead of that of the process.
 * - A flow parent that is to fail since a child failed is handed to the processor, which records its end.
 */
export class ReadableWorker extends bullmq.Worker {
  readonly #commands: Redis;
  readonly #clock: Clock;
  readonly #onAsk: () => void;

  constructor(queue: string, processor: Processor, commands: Redis, options: WorkerOptions, { onAsk, ...hooks }: WorkerHooks) {
    const clock = clockOf(commands);
    super(queue, processor, { ...options, autorun: false }, guardedBackend(commands, clock, options.prefix ?? 'bull', hooks));
    this.#clock = clock;
    this.#commands = commands;
    this.#onAsk = onAsk;
    // Like `autorun`, but after the fields above are set.
    void this.run().catch((error: Error) => this.emit('error', error));
  }

  protected override createLockManager(): void {
    const { lockRenewTime = 0, lockDuration = 0, name } = this.opts;
    this.lockManager = new SteadyLocks(this as ConstructorParameters<typeof SteadyLocks>[0], {
      lockRenewTime,
      lockDuration,
      workerId: this.id,
      ...(name === undefined ? {} : { workerName: name }),
    });
  }

  protected override getBlockTimeout(blockUntil: number): number {
    this.#onAsk();
    return super.getBlockTimeout(blockUntil === 0 ? 0 : onWallClock(blockUntil, this.#clock));
  }

  protected override moveToActive(token: string, name?: string): Promise<Job> {
    this.#onAsk();
    return super.moveToActive(token, name);
  }

  protected override createJob(data: JobJson, jobId: string): Job {
    const job = this.#readJob(data, jobId);
    delete job.opts.removeOnComplete;
    delete job.opts.removeOnFail;
    // BullMQ compares them, which throws for some objects, and no run of ours costs an attempt.
    job.opts.attempts = 0;
    delete job.opts.stackTraceLimit;
    job.attemptsStarted = boundCount(job.attemptsStarted);
    job.attemptsMade = boundCount(job.attemptsMade);
    job.stalledCounter = boundCount(job.stalledCounter);
    if (job.deferredFailure) {
      FLOW_FAILURES.set(job, job.deferredFailure);
      job.deferredFailure = '';
    }
    return job;
  }

  #readJob(data: JobJson, jobId: string): Job {
    try {
      return super.createJob(data, jobId);
    } catch (error) {
      const harmless = { ...data, opts: harmlessOf(data.opts) };
      if (isJson(data.data)) return super.createJob(harmless, jobId);
      const job = super.createJob({ ...harmless, data: '{}' }, jobId);
      job.data = new Unreadable(`the job data is ${describeJsonFault(data.data, error).message}`, data.data);
      return job;
    }
  }

  protected override async nextJobFromJobData(data?: JobJson, jobId?: string, token?: string): Promise<Job> {
    this.#onAsk();
    if (data?.repeatJobKey !== undefined && data.data !== '{}') {
      await keepDataScript(this.#commands, {
        keys: { scheduler: this.toKey(`repeat:${data.repeatJobKey}`) },
        args: { data: data.data },
      }).catch((error: Error) => this.emit('error', error));
    }
    const job = (await super.nextJobFromJobData(data, jobId, token)) as Job | undefined;
    if (job !== undefined || !data || jobId === undefined) return job as Job;
    const unscheduled = this.createJob(data, jobId);
    if (token !== undefined) unscheduled.token = token;
    return unscheduled;
  }

  protected override async handleCompleted(...args: Parameters<Worker['handleCompleted']>): Promise<Job> {
    try {
      return await super.handleCompleted(...args);
    } catch (error) {
      if (!CHILDREN.includes((error as { code?: unknown }).code)) throw error;
      const key = this.toKey(args[1].id as string);
      await this.#commands.del(`${key}:dependencies`, `${key}:unsuccessful`);
      return super.handleCompleted(...args);
    }
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text || '{}');
    return true;
  } catch {
    return false;
  }
}
