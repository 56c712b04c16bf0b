import type { Workers } from '../../overview/overview.ts';
import type { Redis } from '../../redis/connect.ts';
import { ALERT_QUEUE, MESSAGE_QUEUE } from '../names.ts';
import { openQueueToRead } from '../open-queue.ts';

/**
 * Counts the workers of each role by their connection names; `null` if Redis does not list its clients. The list covers
 * all databases; workers of another database, such as a rehearsal, do not count.
 */
export function createWorkerCounts(redis: Redis, prefix: string) {
  const [alerts, messages] = [ALERT_QUEUE, MESSAGE_QUEUE].map((name) => openQueueToRead(name, redis, prefix)) as [Queue, Queue];
  const isOurs = ({ db }: Record<string, string>) => !('db' in redis.options) || db === undefined || Number(db) === (redis.options.db ?? 0);
  const count = async (queue: Queue) => (await queue.getWorkers()).filter(isOurs).length;
  return {
    async read(): Promise<Workers | null> {
      const [routers, dispatchers] = await Promise.all([count(alerts), count(messages)]).catch((error: unknown) => {
        // Some managed services forbid CLIENT LIST; an unreachable Redis fails the other readings as well.
        if (error instanceof Error && error.name === 'ReplyError') return [undefined, undefined];
        throw error;
      });
      return routers === undefined || dispatchers === undefined ? null : { routers, dispatchers };
    },
    close: () => Promise.all([alerts.close(), messages.close()]),
  };
}

type Queue = ReturnType<typeof openQueueToRead>;
