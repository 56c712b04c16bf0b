import { setTimeout as pause } from 'node:timers/promises';
import type { Job } from 'bullmq';
import { maskNumbers } from '../../alert/phone.ts';
import type { Logger } from '../../logger.ts';
import { clockOf } from '../../redis/clock/redis-clock.ts';
import { duplicateRedis, type Redis, withinDeadline } from '../../redis/connect.ts';
import { levelFor } from '../../redis/unavailable.ts';
import { KEEP } from '../names.ts';
import { createFetchWatch, LOOK_EVERY_MS } from './fetch-watch.ts';
import { isOfScript } from './guarded-backend.ts';
import { inJobSpan } from './in-job-span.ts';
import { failUnreadableJobs, type UnreadableJob } from './janitor.ts';
import { ReadableWorker } from './readable-worker.ts';
import { describePoison, type JobMove, judgeStalls, settleJob } from './settle.ts';

export interface QueueWorkerDeps {
  /** Of all workers of the process; for its blocking reads each makes a duplicate. */
  readonly shared: Redis;
  /** Everything else. */
  readonly commands: Redis;
  readonly prefix: string;
  readonly concurrency: number;
  /** How long a job is this worker's without a sign of life. */
  readonly lockMs: number;
  readonly logger: Logger;
  /** How often it is checked that the worker fetches; only for tests. */
  readonly lookEveryMs?: number;
}

export interface QueueWorker {
  isRunning(): boolean;
  /** The queue from which it has stopped fetching, although it has room for more jobs. */
  notFetching(): string | undefined;
  /** Takes no new job and waits for those in flight; with none in flight it does not wait for a Redis that is away. */
  close(): Promise<void>;
  /** Those in flight may not begin anything new. */
  abort(): void;
}

interface Handlers {
  /** Says where the job goes now; one that throws comes back later. */
  process(job: Job, signal: AbortSignal): Promise<JobMove>;
  onUnreadable(job: UnreadableJob): Promise<void>;
  /** Ends a job that is given no further worker; left out: it is dead, and no record of it needs an end. */
  onPoison?(job: Job, signal: AbortSignal): Promise<JobMove>;
  /** How many completed jobs are remembered, for how many seconds; left out: none. */
  readonly keepCompleted?: { readonly age: number; readonly count: number };
}

/** A job whose worker died is looked for this often; two looks after its lock has run out it is back in the queue. */
const STALLED_INTERVAL_MS = 5_000;
/** @param lockMs as `worker.lock` */
export function stalledIntervalOf(lockMs: number): number {
  return Math.min(STALLED_INTERVAL_MS, lockMs);
}

/** Our own trouble passes: until then a job waits this long, costing it nothing. */
const TROUBLE_DELAY_MS = 5_000;
const LEAVING_DELAY_MS = 1_000;
/** A suspect waits so long while another one runs. */
const SUSPECT_DELAY_MS = 2_000;
/** Ample for those fetched together with it to be out of its way. */
const SUSPECT_HEAD_START_MS = 200;
/** Ample for telling a Redis that is there how a job ended. */
const LAST_WORDS_MS = 2_000;

/** A BullMQ worker that survives bad jobs and bad times; what to do with a job is the handler's. */
export function createQueueWorker(queue: string, deps: QueueWorkerDeps, handlers: Handlers): QueueWorker {
  const { shared, commands, prefix, logger } = deps;
  const { process, onUnreadable, onPoison, keepCompleted = KEEP.removeOnComplete } = handlers;
  const clock = clockOf(commands);
  const after = (ms: number): JobMove => ({ kind: 'delay', until: new Date(clock.now().getTime() + ms) });

  let running = 0;
  let aborted = false;
  let suspectRuns = false;
  /** The newest run of each job here. BullMQ's own signals are lost when it hands us a job again that we still have. */
  const runs = new Map<string, AbortController>();

  /** It is somebody else's now: the run may finish the call that it is in and begin nothing new. */
  const callOff = (jobId: string): void => {
    const run = runs.get(jobId);
    if (run === undefined || run.signal.aborted) return;
    logger.warn({ queue, jobId }, 'lost the lock of a job in flight: its run is called off');
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
        logger.error({ queue, jobId: job.id, stalls: stalledCounter }, 'a job is given no further worker: too many died over it');
        return onPoison?.(job, signal) ?? Promise.resolve({ kind: 'failed', reason: describePoison(stalledCounter) });
    }
  };

  const moveOf = async (job: Job, signal: AbortSignal): Promise<JobMove> => {
    // Fetched while we were already leaving: for somebody else, and not at once, or we would fetch it again.
    if (aborted) return after(LEAVING_DELAY_MS);
    try {
      return await handle(job, signal);
    } catch (error) {
      if (!signal.aborted)
        logger[levelFor(error, 'error')]({ err: error, queue, jobId: job.id }, 'a job could not be finished; it comes back');
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
      await settleJob(job, token, move, clock, (refusal) =>
        logger[levelFor(refusal, 'warn')]({ err: refusal, queue, jobId: job.id }, 'Redis refuses to take a job back; trying again'),
      );
    } finally {
      running -= 1;
      fetching.asked();
      if (runs.get(id) === run) runs.delete(id);
    }
  };

  const sweep = createSweep(async () => {
    for (const job of await failUnreadableJobs(commands, prefix, queue, clock.now())) {
      logger.warn({ queue, jobId: job.jobId, reason: job.reason }, 'unreadable job taken off the queue');
      await onUnreadable(job);
    }
  }, logger);

  const fetching = createFetchWatch();
  const open = (connection: Redis): ReadableWorker => {
    const options = {
      connection,
      prefix,
      concurrency: deps.concurrency,
      lockDuration: deps.lockMs,
      stalledInterval: stalledIntervalOf(deps.lockMs),
      // Never: a job that BullMQ itself buries would have no outcome in the ledger. `stalls.ts` bounds it.
      maxStalledCount: 1_000_000,
      runRetryDelay: 1_000,
      // Shorter than a worker may be without asking for work.
      maximumRateLimitDelay: 10_000,
      ...KEEP,
      removeOnComplete: keepCompleted,
    };
    const opened = new ReadableWorker(queue, processor, commands, options, {
      onAsk: () => {
        // One that was replaced may still ask, for nothing.
        if (opened === worker) fetching.asked();
      },
      onUnreadable: sweep,
      onEndedPlainly: (jobId, why) => logger.warn({ queue, jobId, reason: why }, 'job ended without BullMQ'),
    });
    opened.on('error', (error) => {
      if (isOfRecord(error)) sweep();
      // The stack is BullMQ's own. That a lock was lost is said where its run is aborted.
      else if (!/could not renew lock/.test(error.message))
        logger[levelFor(error, 'warn')]({ queue, reason: maskNumbers(error.message) }, 'queue worker');
    });
    opened.on('lockRenewalFailed', (ids: string[]) => {
      for (const id of ids) callOff(id);
    });
    opened.on('stalled', (jobId) => logger.warn({ queue, jobId }, 'took over a job from a worker that is gone'));
    return opened;
  };
  let worker = open(shared);
  /** The end of each worker that no longer fetched; it finishes the jobs that it has. */
  const replaced: Promise<void>[] = [];
  const connections: Redis[] = [];
  let closing = false;

  /** Whatever it is that the worker waits for: another one with connections of its own does not. */
  const replace = async (): Promise<void> => {
    const key = `${prefix}:${queue}:meta`;
    const serves = await withinDeadline(commands.exists(key), LAST_WORDS_MS).then(
      () => true,
      () => false,
    );
    // While Redis is away there is nothing to fetch, and a new connection is no better.
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
    // BullMQ waits for ever when it is to end while one of its connections is being made anew. With no job in flight nothing
    // is lost by leaving: one whose end Redis was not told is taken over, and whoever does so asks the ledger first.
    close: async () => {
      closing = true;
      clearInterval(looking);
      const ended = Promise.all([worker.close(), ...replaced]);
      await Promise.race([ended, quietFor(LAST_WORDS_MS, () => running > 0)]);
      for (const connection of connections) connection.disconnect();
    },
  };
}

/** What BullMQ throws on a job whose record cannot be read; its scripts, on a counter that is no number. */
function isOfRecord(error: Error): boolean {
  return error instanceof SyntaxError || error instanceof TypeError || isOfScript(error);
}

/** Resolves once nobody has been busy for so long. */
async function quietFor(ms: number, busy: () => boolean): Promise<void> {
  let since = performance.now();
  while (performance.now() - since < ms) {
    await pause(50);
    if (busy()) since = performance.now();
  }
}

/** One sweep at a time; a request during one leads to another after it. */
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
      .catch((error: unknown) => logger.warn({ err: error }, 'could not sweep unreadable jobs'))
      .finally(() => {
        running = false;
        if (!again) return;
        again = false;
        sweep();
      });
  };
}
