import { createLogger } from '../../../src/logger.ts';
import { createQueueWorker } from '../../../src/queue/worker/queue-worker.ts';
import { connectRedis } from '../../../src/redis/connect.ts';

/** Argument: url, prefix, queue, lock in ms. Takes jobs, says so, and never finishes one. */
const [url, prefix, queue, lockMs] = process.argv.slice(2) as [string, string, string, string];
createQueueWorker(
  queue,
  {
    shared: connectRedis(url, 'worker'),
    commands: connectRedis(url, 'commands'),
    prefix,
    concurrency: 5,
    lockMs: Number(lockMs),
    logger: createLogger('silent'),
  },
  {
    process: (job) => {
      process.send?.(job.id);
      return new Promise(() => undefined);
    },
    onUnreadable: async () => undefined,
  },
);
