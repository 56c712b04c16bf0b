import type { Clock } from '../../clock.ts';
import { createTraces } from '../../ledger/history/redis-traces.ts';
import { createUnknowns } from '../../ledger/unknown/unknowns.ts';
import { createUnknownDesk, type UnknownDesk } from '../../pipeline/unknown/unknown-desk.ts';
import { connectRedis, type Redis } from '../../redis/connect.ts';
import { createKeys } from '../../redis/keys.ts';
import { withinDeadline } from '../../redis/unavailable.ts';
import { createMessageAgain } from '../jobs/message-jobs.ts';

export interface UnknownDeskOptions {
  /** URL, or a client of the caller's, which stays the caller's to close. */
  readonly redis: string | Redis;
  readonly prefix: string;
  readonly clock: Clock;
}

/** The desk on a connection of its own. Every method throws RedisUnavailableError within 5 s when Redis is away. */
export function openUnknownDesk({ redis, prefix, clock }: UnknownDeskOptions): UnknownDesk & { close(): Promise<void> } {
  const connection = typeof redis === 'string' ? connectRedis(redis, 'interactive') : redis;
  const keys = createKeys(prefix);
  const messages = createMessageAgain(connection, prefix);
  const desk = createUnknownDesk({
    unknowns: createUnknowns(connection, keys),
    traces: createTraces(connection, keys),
    add: messages.add,
    clock,
  });
  return {
    list: (limit) => withinDeadline(desk.list(limit)),
    resolve: (messageId, word) => withinDeadline(desk.resolve(messageId, word)),
    close: async () => {
      await messages.close();
      if (typeof redis === 'string') connection.disconnect();
    },
  };
}
