import { setTimeout as pause } from 'node:timers/promises';
import type { Job } from 'bullmq';
import { logSafeId, maskNumbers } from '../../alert/phone/phone.ts';
import type { Logger } from '../../logger.ts';
import { clockOf } from '../../redis/clock/redis-clock.ts';
import { duplicateRedis, type Redis, withinDeadline } from '../../redis/connect.ts';
import { isUnavailable, levelFor } from '../../redis/unavailable.ts';
import { KEEP } from '../names.ts';
import { createFetchWatch, LOOK_EVERY_MS } from './fetch-watch.ts';
import { isOfScript } from './guarded-backend.ts';
import { inJobSpan } from './in-job-span.ts';
import { ReadableWorker } from './readable-worker.ts';
import { describePoison, type JobMove, judgeStalls, retryUntilStored, settleJob } from './settle.ts';
import { failUnreadableJobs, type UnreadableJob } from './unreadable-jobs.ts';

export interface QueueWorkerDeps {
  /** Connection shared by all workers of the process; each duplicates it for blocking reads. */
  readonly shared: Redis;
  /** Connection for all other commands. */
  readonly commands: Redis;
  readonly prefix: string;
  readonly concurrency: number;
  /** Lock duration of a job without renewal. */
  readonly lockMs: number;
  readonly logger: Logger;
  /** Interval of the check that the worker fetches; only for tests. */
  readonly lookEveryMs?: number;
}

export interface QueueWorker {
  isRunning(): boolean;
  /** The queue that the worker stopped fetching from although it has free capacity. */
  notFetching(): string | undefined;
  /** Stops fetching and waits for jobs in flight; with none it does not wait for an unreachable Redis. */
  close(): Promise<void>;
  /** Aborts the runs in flight before their next step. */
  abort(): void;
}

interface Handlers {
  /** Processes a job and returns its next state; a job whose handler throws is retried later. */
  process(job: Job, signal: AbortSignal): Promise<JobMove>;
  onUnreadable(job: UnreadableJob): Promise<void>;
  /** Handles a job that stalled too often; absent: the job fails, and no ledger entry needs an outcome. */
  onPoison?(job: Job, signal: AbortSignal): Promise<JobMove>;
  /** How many completed jobs are kept, and for how many seconds; absent: none. */
  readonly keepCompleted?: { readonly age: number; readonly count: number };
}

/** Interval of the stalled check; two checks after its lock expired, a job of a crashed worker is queued again. */
const STALLED_INTERVAL_MS = 5_000;
/** @param lockMs as `worker.lock` */
export function stalledIntervalOf(lockMs: number): number {
  return Math.min(STALLED_INTERVAL_MS, lockMs);
}

/** Delay of a job after an error of ours; it costs no attempt. */
const TROUBLE_DELAY_MS = 5_000;
const LEAVING_DELAY_MS = 1_000;
/** Delay of a suspect job while another suspect runs. */
const SUSPECT_DELAY_MS = 2_000;
/** Ample for the jobs fetched together with it to finish. */
const SUSPECT_HEAD_START_MS = 200;
/** Ample for recording the end of a job while Redis is reachable. */
const LAST_WORDS_MS = 2_000;

/** A BullMQ worker that tolerates broken jobs and outages; the handler decides what happens to a job. */
export function createQueueWorker(queue: string, deps: QueueWorkerDeps, handlers: Handlers): QueueWorker {
  const { shared, commands, prefix, logger } = deps;
  const { process, onUnreadable, onPoison, keepCompleted = KEEP.removeOnComplete } = handlers;
  const clock = clockOf(commands);
  /** Other producers choose their own job ids, and some use a phone number. */
  const factsOf = (jobId: string | undefined) => ({ queue, jobId: logSafeId(String(jobId)) });
  const after = (ms: number): JobMove => ({ kind: 'delay', until: new Date(clock.now().getTime() + ms) });

  let running = 0;
  let aborted = false;
  let suspectRuns = false;
  /** The newest run of each job in this process. BullMQ loses its own signal when it delivers a job that is still running here. */
  const runs = new Map<string, AbortController>();

  /** Another worker owns the job now: the run may finish its current call and start nothing else. */
  const callOff = (jobId: string): void => {
    const run = runs.get(jobId);
    if (run === undefined || run.signal.aborted) return;
    logger.warn(factsOf(jobId), 'job lock lost; aborting this run');
    run.abort('lock lost');
  };

  const runSuspect = async (job: Job, signal: AbortSignal): Promise<JobMove> => {
    if (suspectRuns) return after(SUSPECT_DELAY_MS * (0.5 + Math.random()));
    suspectRuns = true;
    try {
      await pause(SUSPECT_HEAD_START_MS);
      return await process(job, signal);
    } finally {
      suspectRuns = false;
    }
  };

  const handle = (job: Job, signal: AbortSignal): Promise<JobMove> => {
    const { stalledCounter } = job;
    switch (judgeStalls(stalledCounter)) {
      case 'none':
        return process(job, signal);
      case 'suspect':
        return runSuspect(job, signal);
      case 'poison':
        logger.error({ ...factsOf(job.id), stalls: stalledCounter }, 'job failed: it stalled too often');
        return onPoison?.(job, signal) ?? Promise.resolve({ kind: 'failed', reason: describePoison(stalledCounter) });
    }
  };

  const moveOf = async (job: Job, signal: AbortSignal): Promise<JobMove> => {
    // Fetched during shutdown: delayed for another worker, or this one would fetch it again.
    if (aborted) return after(LEAVING_DELAY_MS);
    try {
      return await handle(job, signal);
    } catch (error) {
      if (!signal.aborted) logger[levelFor(error, 'error')]({ err: error, ...factsOf(job.id) }, 'job run failed; it is retried later');
      return after(signal.aborted ? 0 : TROUBLE_DELAY_MS * (0.5 + Math.random()));
    }
  };

  const processor = async (job: Job, token: string | undefined) => {
    const id = String(job.id);
    const run = new AbortController();
    callOff(id);
    runs.set(id, run);
    running += 1;
    try {
      const move = await inJobSpan(queue, job, () => moveOf(job, run.signal));
      await settleJob(job, token, move, clock, (refusal) => {
        // Another job may have taken a key of the queue; the sweep gives it back.
        if (isOfScript(refusal)) sweep();
        logger[levelFor(refusal, 'warn')]({ ...factsOf(job.id), reason: reasonOf(refusal) }, 'job move rejected by Redis; retrying');
      });
    } finally {
      running -= 1;
      fetching.asked();
      if (runs.get(id) === run) runs.delete(id);
    }
  };

  /** Records the outcome of an unreadable job; it is only then taken off the queue. */
  const record = (job: UnreadableJob): Promise<void> =>
    retryUntilStored(
      () =>
        onUnreadable(job).catch((error: unknown) => {
          if (isUnavailable(error)) throw error;
          logger.error({ err: error, ...factsOf(job.jobId) }, 'outcome of an unreadable job not recorded');
        }),
      (error) =>
        logger[levelFor(error, 'warn')](
          { ...factsOf(job.jobId), reason: reasonOf(error) },
          'outcome of an unreadable job rejected by Redis; retrying',
        ),
    );
  const sweep = createSweep(async () => {
    await failUnreadableJobs(commands, prefix, queue, () => clock.now(), {
      record: async (job) => {
        logger.warn({ ...factsOf(job.jobId), reason: job.reason }, 'unreadable job taken off the queue');
        await record(job);
      },
      onError: (error) => logger[levelFor(error, 'warn')]({ queue, reason: reasonOf(error) }, 'unreadable job left for the next sweep'),
    });
  }, logger);

  const fetching = createFetchWatch();
  const open = (connection: Redis): ReadableWorker => {
    const options = {
      connection,
      prefix,
      concurrency: deps.concurrency,
      lockDuration: deps.lockMs,
      stalledInterval: stalledIntervalOf(deps.lockMs),
      // Never: a job that BullMQ fails by itself would have no outcome in the ledger. `judgeStalls` bounds the count.
      maxStalledCount: 1_000_000,
      runRetryDelay: 1_000,
      // Shorter than the longest time between two fetches.
      maximumRateLimitDelay: 10_000,
      ...KEEP,
      removeOnComplete: keepCompleted,
    };
    const opened = new ReadableWorker(queue, processor, commands, options, {
      onAsk: () => {
        // A replaced worker may still have a fetch open, which is ignored.
        if (opened === worker) fetching.asked();
      },
      onUnreadable: sweep,
      onEndedPlainly: (jobId, why) => logger.warn({ ...factsOf(jobId), reason: maskNumbers(why) }, 'job ended without BullMQ'),
    });
    opened.on('error', (error) => {
      if (isOfRecord(error)) sweep();
      // The stack is BullMQ's own. A lost lock is logged where its run is aborted.
      else if (!/could not renew lock/.test(error.message))
        logger[levelFor(error, 'warn')]({ queue, reason: reasonOf(error) }, 'queue worker error');
    });
    opened.on('lockRenewalFailed', (ids: string[]) => {
      for (const id of ids) callOff(id);
    });
    opened.on('stalled', (jobId) => logger.warn(factsOf(jobId), 'recovered a stalled job'));
    return opened;
  };
  let worker = open(shared);
  /** Closing of each replaced worker; it finishes its jobs. */
  const replaced: Promise<void>[] = [];
  const connections: Redis[] = [];
  let closing = false;

  /** Replaces a stuck worker by one with its own connections. */
  const replace = async (): Promise<void> => {
    const key = `${prefix}:${queue}:meta`;
    const serves = await withinDeadline(commands.exists(key), LAST_WORDS_MS).then(
      () => true,
      () => false,
    );
    // While Redis is unreachable a new connection does not help.
    if (!serves || closing || fetching.isFetching()) return;
    logger.error({ queue }, 'worker stopped fetching jobs; replacing it');
    replaced.push(worker.close().catch((error: unknown) => logger.debug({ err: error, queue }, 'replaced worker did not close cleanly')));
    const connection = duplicateRedis(shared, { again: true });
    connections.push(connection);
    worker = open(connection);
  };
  const looking = setInterval(() => {
    if (fetching.look(running >= deps.concurrency)) void replace();
  }, deps.lookEveryMs ?? LOOK_EVERY_MS);
  looking.unref();

  return {
    isRunning: () => worker.isRunning() && !worker.closing,
    notFetching: () => (fetching.isFetching() ? undefined : queue),
    abort: () => {
      aborted = true;
      for (const run of runs.values()) run.abort('shutting down');
    },
    // BullMQ's close never returns while one of its connections is reconnecting. With no job in flight nothing
    // is lost by leaving: a job whose end was not recorded is recovered by another worker, which asks the ledger first.
    close: async () => {
      closing = true;
      clearInterval(looking);
      const ended = Promise.all([worker.close(), ...replaced]);
      await Promise.race([ended, quietFor(LAST_WORDS_MS, () => running > 0)]);
      for (const connection of connections) connection.disconnect();
    },
  };
}

/** The message of an error of Redis or BullMQ; its stack would show only their code. */
function reasonOf(error: unknown): string {
  return maskNumbers(error instanceof Error ? error.message : String(error));
}

/** Errors of BullMQ, or its scripts, on an unreadable job or a counter that is not a number. */
function isOfRecord(error: Error): boolean {
  return error instanceof SyntaxError || error instanceof TypeError || isOfScript(error);
}

/** Resolves after no suspect has been running for this long. */
async function quietFor(ms: number, busy: () => boolean): Promise<void> {
  let since = performance.now();
  while (performance.now() - since < ms) {
    await pause(50);
    if (busy()) since = performance.now();
  }
}

/** Runs one sweep at a time; a request during a sweep starts another one after it. */
function createSweep(run: () => Promise<void>, logger: Logger): () => void {
  let running = false;
  let again = false;
  return function sweep(): void {
    if (running) {
      again = true;
      return;
    }
    running = true;
    void run()
      .catch((error: unknown) => logger.warn({ err: error }, 'sweep of unreadable jobs failed'))
      .finally(() => {
        running = false;
        if (!again) return;
        again = false;
        sweep();
      });
  };
}
