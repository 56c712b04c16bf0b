import type { Clock } from '../../clock.ts';
import { createHistories } from '../../ledger/history/redis-histories.ts';
import { createUnknowns } from '../../ledger/unknown/unknowns.ts';
import { createUnknownResolver, type UnknownResolver } from '../../pipeline/unknown/unknown-resolver.ts';
import { connectRedis, type Redis } from '../../redis/connect.ts';
import { createKeys } from '../../redis/keys.ts';
import { withinDeadline } from '../../redis/unavailable.ts';
import { createMessageAgain } from '../jobs/message-jobs.ts';

export interface UnknownResolverOptions {
  /** URL, or a client that the caller owns and closes. */
  readonly redis: string | Redis;
  readonly prefix: string;
  readonly clock: Clock;
}

/** The resolver with its own connection. Every method throws RedisUnavailableError within 5 s if Redis is unreachable. */
export function openUnknownResolver({ redis, prefix, clock }: UnknownResolverOptions): UnknownResolver & { close(): Promise<void> } {
  const connection = typeof redis === 'string' ? connectRedis(redis, 'interactive') : redis;
  const keys = createKeys(prefix);
  const messages = createMessageAgain(connection, prefix);
  const resolver = createUnknownResolver({
    unknowns: createUnknowns(connection, keys),
    histories: createHistories(connection, keys),
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
