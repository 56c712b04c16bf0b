import { Redis, type RedisOptions } from 'ioredis';
import { forgetArguments } from './forget-arguments.ts';
import { gatherWrites } from './gather-writes.ts';
import { checkRedisUrl } from './redis-url.ts';

export type { Redis } from 'ioredis';
export { redactUrl } from './redis-url.ts';
export { withinDeadline } from './unavailable.ts';

/**
 * What a connection is for decides how it meets an outage.
 * - `worker`: handed to a BullMQ Worker, which waits on blocking reads and must come back by itself.
 * - `commands`: the ledger and the caps inside a worker. A call waits through an outage and then goes through; one whose
 *   reply was lost is sent again, so that every script must answer a second time as it did the first.
 * - `door`: somebody waits for the answer: producer, HTTP, CLI. A Redis that is down fails the call at once, a frozen
 *   one within {@link DOOR_COMMAND_TIMEOUT_MS}; nothing is sent again behind the caller's back, and once Redis is back
 *   the next call works.
 */
export type Role = 'worker' | 'commands' | 'door';

/** The longest that a call on a `door` may take. */
export const DOOR_COMMAND_TIMEOUT_MS = 4000;

/** Replies keep the shapes that BullMQ and we expect. */
type Options = Omit<RedisOptions, 'replyMapping'>;

/** Every instance tries again soon, and not all of them in the same moment. */
const retryStrategy = (attempt: number) => Math.min(50 * 2 ** (attempt - 1), 1000) + Math.random() * 200;

const waiting: Options = {
  retryStrategy,
  connectTimeout: 5000,
  // Calls wait for the connection however long it takes; BullMQ insists on it for workers.
  maxRetriesPerRequest: null,
  // A peer that is gone without a word is noticed by its silence. It must exceed the longest blocking read, which is
  // BullMQ's 10 s. `commandTimeout` would do it per call, but leaves a worker deaf after a partition.
  socketTimeout: 12_000,
};

const roles: Record<Role, Options> = {
  worker: waiting,
  // No auto-pipelining: with EVALSHA it cost a third to a half of the throughput, and a connection lost in the middle of
  // a pipeline rejects calls that would otherwise wait. What it is for, gatherWrites does.
  commands: waiting,
  door: {
    retryStrategy,
    connectTimeout: DOOR_COMMAND_TIMEOUT_MS,
    // Counts from the call, so that time spent in the queue of a connection still coming up is in it.
    commandTimeout: DOOR_COMMAND_TIMEOUT_MS,
    // Each lost or refused connection fails whatever waits for it, so that no caller who was told "no" is served later.
    maxRetriesPerRequest: 0,
    // Drops a connection that has gone silent, after every call on it has already failed.
    socketTimeout: DOOR_COMMAND_TIMEOUT_MS + 1000,
  },
};

/**
 * A client of the Redis at `url`, connecting in the background. Close it with `quit()` or `disconnect()`.
 * `onError` hears of each fault once until the connection is up again, not at every attempt to reconnect.
 * What the server or the connection reports never carries the password, nor the arguments of the command that failed;
 * {@link withinDeadline} sees to it for a pipeline that a lost connection cut in two.
 * @throws Error when `url` is not the address of a Redis
 */
export function connectRedis(url: string, role: Role, onError: (error: Error) => void = () => undefined): Redis {
  checkRedisUrl(url);
  const options: Options = {
    ...roles[role],
    connectionName: `sms-dispatch:${role}`,
    reconnectOnError: (error) => {
      // Called with every error reply, before anyone else sees it.
      forgetArguments(error, redis.options.password);
      // After a failover we may be left talking to the old primary. 2 = connect anew and send the call again.
      if (!error.message.includes('READONLY')) return false;
      return role === 'door' ? 1 : 2;
    },
  };
  const redis: Redis = new Redis(url, options);
  return attend(redis, onError);
}

/** BullMQ duplicates the client it is given; duplicates are attended too. */
function attend(redis: Redis, onError: (error: Error) => void): Redis {
  gatherWrites(redis);
  let reported: string | undefined;
  redis.on('ready', () => {
    reported = undefined;
  });
  redis.on('error', (error: Error) => {
    forgetArguments(error, redis.options.password);
    if (error.message === reported) return;
    reported = error.message;
    onError(error);
  });
  const duplicate = redis.duplicate.bind(redis);
  redis.duplicate = (override) => attend(duplicate(override), onError);
  return redis;
}
