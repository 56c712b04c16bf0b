import type { Message } from '../../pipeline/message.ts';
import type { Redis } from '../../redis/connect.ts';
import { MESSAGE_AGAIN_JOB, MESSAGE_QUEUE, PRIORITY } from '../names.ts';
import { openQueueToRead } from '../open-queue.ts';

/** Puts messages that had ended on their queue once more; one that waits there is not put there twice. */
export function createMessageAgain(redis: Redis, prefix: string) {
  const queue = openQueueToRead(MESSAGE_QUEUE, redis, prefix);
  return {
    add: async (message: Message): Promise<void> => {
      const priority = PRIORITY[message.severity];
      await queue.add(MESSAGE_AGAIN_JOB, message, { jobId: message.id, ...(priority === 0 ? {} : { priority }) });
    },
    close: () => queue.close(),
  };
}
