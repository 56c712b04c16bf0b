import { createLogger } from '../../../src/logger.ts';
import { createQueueWorker } from '../../../src/queue/worker/queue-worker.ts';
import { connectRedis } from '../../../src/redis/connect.ts';

/** Argument: url, prefix, queue, lock in ms. Finishes jobs and says so; the one named poison kills it, and so does one that cannot be read. */
const [url, prefix, queue, lockMs] = process.argv.slice(2) as [string, string, string, string];
createQueueWorker(
  queue,
  {
    shared: connectRedis(url, 'worker'),
    commands: connectRedis(url, 'commands'),
    prefix,
    concurrency: 10,
    lockMs: Number(lockMs),
    logger: createLogger('silent'),
  },
  {
    process: async (job) => {
      if (job.id === 'poison') process.kill(process.pid, 'SIGKILL');
      process.send?.(job.id);
      return { kind: 'complete' };
    },
    onUnreadable: async () => void process.kill(process.pid, 'SIGKILL'),
  },
);
