import type { Clock } from '../../clock.ts';
import { createTraces } from '../../ledger/history/redis-traces.ts';
import { createUnknowns } from '../../ledger/unknown/unknowns.ts';
import { createUnknownResolver, type UnknownResolver } from '../../pipeline/unknown/unknown-resolver.ts';
import { connectRedis, type Redis } from '../../redis/connect.ts';
import { createKeys } from '../../redis/keys.ts';
import { withinDeadline } from '../../redis/unavailable.ts';
import { createMessageAgain } from '../jobs/message-jobs.ts';

export interface UnknownResolverOptions {
  /** URL, or a client of the caller's, which stays the caller's to close. */
  readonly redis: string | Redis;
  readonly prefix: string;
  readonly clock: Clock;
}

/** The resolver on a connection of its own. Every method throws RedisUnavailableError within 5 s when Redis is away. */
export function openUnknownResolver({ redis, prefix, clock }: UnknownResolverOptions): UnknownResolver & { close(): Promise<void> } {
  const connection = typeof redis === 'string' ? connectRedis(redis, 'interactive') : redis;
  const keys = createKeys(prefix);
  const messages = createMessageAgain(connection, prefix);
  const resolver = createUnknownResolver({
    unknowns: createUnknowns(connection, keys),
    traces: createTraces(connection, keys),
    add: messages.add,
    clock,
  });
  return {
    list: (limit) => withinDeadline(resolver.list(limit)),
    resolve: (messageId, word) => withinDeadline(resolver.resolve(messageId, word)),
    close: async () => {
      await messages.close();
      if (typeof redis === 'string') connection.disconnect();
    },
  };
}
