import { setTimeout as pause } from 'node:timers/promises';
import type { Job } from 'bullmq';
import type { Logger } from '../logger.ts';
import type { Redis } from '../redis/connect.ts';
import { failUnreadableJobs, type UnreadableJob } from './janitor.ts';
import { KEEP } from './names.ts';
import { ReadableWorker } from './readable-worker.ts';
import { type JobMove, settleJob } from './settle.ts';

export interface QueueWorkerDeps {
  /** Blocking reads: the worker's own. */
  readonly blocking: Redis;
  /** Everything else. */
  readonly commands: Redis;
  readonly prefix: string;
  readonly concurrency: number;
  /** How long a job is this worker's without a sign of life. */
  readonly lockMs: number;
  readonly logger: Logger;
}

export interface QueueWorker {
  isRunning(): boolean;
  /** Takes no new job and waits for those in flight; with none in flight it does not wait for a Redis that is away. */
  close(): Promise<void>;
  /** Those in flight may not begin anything new. */
  abort(): void;
}

interface Handlers {
  /** Says where the job goes now; one that throws comes back later. */
  process(job: Job, signal: AbortSignal): Promise<JobMove>;
  onUnreadable(job: UnreadableJob): Promise<void>;
}

/** A job whose worker died is looked for this often; two looks after its lock has run out it is back in the queue. */
const STALLED_INTERVAL_MS = 5_000;
/** Our own trouble passes: until then a job waits this long, costing it nothing. */
const TROUBLE_DELAY_MS = 5_000;
const LEAVING_DELAY_MS = 1_000;
/** Ample for telling a Redis that is there how a job ended. */
const LAST_WORDS_MS = 2_000;

/** A BullMQ worker that survives bad jobs and bad times; what to do with a job is the handler's. */
export function createQueueWorker(queue: string, deps: QueueWorkerDeps, { process, onUnreadable }: Handlers): QueueWorker {
  const { blocking, commands, prefix, logger } = deps;

  let running = 0;
  let aborted = false;

  const moveOf = async (job: Job, signal: AbortSignal): Promise<JobMove> => {
    // Fetched while we were already leaving: for somebody else, and not at once, or we would fetch it again.
    if (aborted) return { kind: 'delay', until: new Date(Date.now() + LEAVING_DELAY_MS) };
    try {
      return await process(job, signal);
    } catch (error) {
      if (!signal.aborted) logger.error({ err: error, queue, jobId: job.id }, 'a job could not be finished; it comes back');
      return { kind: 'delay', until: new Date(Date.now() + (signal.aborted ? 0 : TROUBLE_DELAY_MS * (0.5 + Math.random()))) };
    }
  };

  // BullMQ hands a signal only to a processor that declares it.
  const processor = async (job: Job, token: string | undefined, signal?: AbortSignal) => {
    running += 1;
    try {
      await settleJob(job, token, await moveOf(job, signal as AbortSignal), (refusal) =>
        logger.warn({ err: refusal, queue, jobId: job.id }, 'Redis refuses to take a job back; trying again'),
      );
    } finally {
      running -= 1;
    }
  };

  const worker = new ReadableWorker(queue, processor, {
    connection: blocking,
    prefix,
    concurrency: deps.concurrency,
    lockDuration: deps.lockMs,
    stalledInterval: Math.min(STALLED_INTERVAL_MS, deps.lockMs),
    // Never: a job that BullMQ itself buries would have no outcome in the ledger.
    maxStalledCount: 1_000_000,
    runRetryDelay: 1_000,
    ...KEEP,
  });

  const sweep = createSweep(async () => {
    for (const job of await failUnreadableJobs(commands, prefix, queue, new Date())) {
      logger.warn({ queue, ...job }, 'unreadable job: moved to the failed set');
      await onUnreadable(job);
    }
  }, logger);

  worker.on('error', (error) => {
    if (error instanceof SyntaxError) sweep();
    else logger.warn({ err: error, queue }, 'queue worker');
  });
  worker.on('lockRenewalFailed', (ids: string[]) => {
    for (const id of ids) worker.cancelJob(id, 'lock lost');
  });
  worker.on('stalled', (jobId) => logger.warn({ queue, jobId }, 'took over a job from a worker that is gone'));

  return {
    isRunning: () => worker.isRunning() && !worker.closing,
    abort: () => {
      aborted = true;
      worker.cancelAllJobs('shutting down');
    },
    // BullMQ waits for ever when it is to end while one of its connections is being made anew. With no job in flight nothing
    // is lost by leaving: one whose end Redis was not told is taken over, and whoever does so asks the ledger first.
    close: () => Promise.race([worker.close(), quietFor(LAST_WORDS_MS, () => running > 0)]),
  };
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
