import Bottleneck from 'bottleneck';
import { duplicateRedis, type Redis } from '../../redis/connect.ts';
import { limiterKeys, withoutPrefix } from '../caps/bottleneck-lua.ts';

/** A limiter that publishes its capacity below our prefix: its id begins with it. */
export class PrefixedLimiter extends Bottleneck {
  // bottleneck has these but does not declare them.
  declare readonly id: string;
  declare readonly _store: { readonly clientId: string };

  override channel(): string {
    return this.id;
  }
  channel_client(): string {
    return `${this.id}_${this._store.clientId}`;
  }
}

interface Shared {
  readonly connection: Bottleneck.IORedisConnection;
  users: number;
}

interface PacerConnection {
  readonly connection: Bottleneck.IORedisConnection;
  /** Closes both sockets after the last user has released them. */
  release(): Promise<void>;
}

/** Two sockets shared by all pacers of one client: bottleneck needs one for its subscription and one for commands. */
const shared = new WeakMap<Redis, Shared>();

export function acquirePacerConnection(redis: Redis): PacerConnection {
  const entry = shared.get(redis) ?? { connection: connect(redis), users: 0 };
  shared.set(redis, entry);
  entry.users += 1;
  let released = false;
  return {
    connection: entry.connection,
    async release() {
      if (released) return;
      released = true;
      entry.users -= 1;
      if (entry.users > 0) return;
      shared.delete(redis);
      await entry.connection.disconnect(false);
    },
  };
}

function connect(redis: Redis): Bottleneck.IORedisConnection {
  // A command whose reply was lost must not be sent again: bottleneck would count the slot twice and free it once.
  // Without the repetition, such a slot returns when it expires.
  const client = duplicateRedis(redis, { again: false });
  const define = client.defineCommand.bind(client);
  client.defineCommand = (name, definition) => define(name, { ...definition, lua: patchBottleneckLua(definition.lua) });
  // bottleneck creates its subscriber this way; unlike commands, it may and must retry until it is subscribed.
  client.duplicate = (() => {
    const subscriber = duplicateRedis(redis, { again: true });
    const unsubscribe = subscriber.unsubscribe.bind(subscriber);
    // bottleneck does not await this promise, and a connection that closes meanwhile has nothing left to unsubscribe.
    subscriber.unsubscribe = (...channels: unknown[]) => unsubscribe(...(channels as string[])).catch(() => 0);
    return subscriber;
  }) as typeof client.duplicate;
  const connection = new Bottleneck.IORedisConnection({ client });
  const scriptArgs: ScriptArgs = (_name, id, args, done) => {
    const keys = limiterKeys(id);
    return [keys.length, ...keys, ...args, done];
  };
  return Object.assign(connection, { __scriptArgs__: scriptArgs });
}

/** How bottleneck asks its connection for the arguments of one of its scripts. */
type ScriptArgs = (name: string, id: string, args: readonly unknown[], done: unknown) => unknown[];

/**
 * Corrects bottleneck 2.19.5, whose scripts are unchanged since 2019, in four points:
 * - Redis 7 puts `ERR ` before the text of `redis.error_reply`, and bottleneck no longer recognises its own errors, by
 * which it detects lost keys (https://github.com/SGrondin/bottleneck/issues/205). A table with `err` is passed through
 * unchanged.
 * - Now is the time of the calling process, so that replicas with different clocks delay each other. The Redis clock is
 * the same for all; bottleneck only receives durations.
 * - A `minTime` with a fraction, which most rates need, results in a TTL with a fraction, which Redis rejects.
 * - Its channels begin with `b_`, outside our prefix, where a Redis user with narrow permissions may not publish.
 */
export function patchBottleneckLua(lua: string): string {
  return withoutPrefix(lua)
    .replace(/redis\.error_reply\(((?:[^()]|\([^()]*\))*)\)/g, '{ err = $1 }')
    .replace(
      'local now = tonumber(ARGV[1])',
      "local redis_time = redis.call('time')\nlocal now = redis_time[1] * 1000 + math.floor(redis_time[2] / 1000)",
    )
    .replace('local ttl = (nextRequest + groupTimeout) - now', 'local ttl = math.ceil((nextRequest + groupTimeout) - now)');
}
