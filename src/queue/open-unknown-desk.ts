import type { Clock } from '../clock.ts';
import { createTraces } from '../ledger/redis-traces.ts';
import { createUnknowns } from '../ledger/unknowns.ts';
import { createUnknownDesk, type UnknownDesk } from '../pipeline/unknown-desk.ts';
import { connectRedis } from '../redis/connect.ts';
import { createKeys } from '../redis/keys.ts';
import { withinDeadline } from '../redis/unavailable.ts';
import { createMessageAgain } from './message-again.ts';

export interface UnknownDeskOptions {
  readonly redis: string;
  readonly prefix: string;
  readonly clock: Clock;
}

/** The desk on a connection of its own. Every method throws RedisUnavailableError within 5 s when Redis is away. */
export function openUnknownDesk({ redis, prefix, clock }: UnknownDeskOptions): UnknownDesk & { close(): Promise<void> } {
  const connection = connectRedis(redis, 'door');
  const keys = createKeys(prefix);
  const messages = createMessageAgain(connection, prefix);
  const desk = createUnknownDesk({
    unknowns: createUnknowns(connection, keys),
    traces: createTraces(connection, keys),
    add: messages.add,
    clock,
  });
  return {
    list: () => withinDeadline(desk.list()),
    resolve: (messageId, word) => withinDeadline(desk.resolve(messageId, word)),
    close: async () => {
      await messages.close();
      connection.disconnect();
    },
  };
}
