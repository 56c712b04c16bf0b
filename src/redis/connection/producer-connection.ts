import type { Redis as Client } from 'ioredis';
import { connectRedis, isCluster, type Redis } from '../connect.ts';
import { requireDatabase } from '../fitness/check.ts';
import { RedisUnavailableError, withinDeadline } from '../unavailable.ts';

export interface ProducerConnection {
  readonly redis: Redis;
  /**
   * Makes one call after checking that the server has the database of the URL. A connection that was idle and no longer
   * responds, such as after a firewall timeout, is replaced first.
   * @throws RedisUnavailableError when the check or the call takes too long
   */
  call<T>(work: () => Promise<T>): Promise<T>;
}

/** A connection that responded within this time is not checked. */
const TRUSTED_MS = 1000;
/** Timeout of the check. */
const SILENT_MS = 1000;
const RECONNECT_MS = 2500;

/**
 * The connection of a producer. It does not keep the process alive between calls: each call has a timer that
 * does. The connections of a Redis Cluster do, until they are closed.
 * @param key of the workers' prefix; it need not exist
 */
export function openProducerConnection(url: string, key: string): ProducerConnection {
  const redis = connectRedis(url, 'interactive');
  if (isCluster(redis)) return callersConnection(redis);
  const client = redis as Client;
  letProcessEnd(client);
  const hasDatabase = onceAtMost(() => requireDatabase(client));
  let answeredAt = Number.NEGATIVE_INFINITY;
  let checking: Promise<void> | undefined;

  const check = async (): Promise<void> => {
    if (client.status === 'ready' && !(await answers(client, key))) {
      const reconnected = nextReady(client);
      // Not `disconnect`, which waits for the peer to close.
      client.stream.destroy();
      if (!(await reconnected)) throw new RedisUnavailableError('no connection');
    }
  };

  const ready = async (): Promise<void> => {
    if (performance.now() - answeredAt > TRUSTED_MS) {
      checking ??= check().finally(() => {
        checking = undefined;
      });
      await checking;
    }
    await hasDatabase();
  };

  return {
    redis,
    async call(work) {
      let refused = false;
      // A call that failed for its caller must not run later.
      const begin = () => (refused ? Promise.reject(new RedisUnavailableError('no connection')) : work());
      try {
        const result = await withinDeadline(ready().then(begin));
        answeredAt = performance.now();
        return result;
      } catch (error) {
        refused = true;
        answeredAt = Number.NEGATIVE_INFINITY;
        throw error;
      }
    },
  };
}

/** A client that the caller owns: its options decide how it reconnects and whether it keeps the process alive. */
export function callersConnection(redis: Redis): ProducerConnection {
  const hasDatabase = onceAtMost(() => requireDatabase(redis));
  return { redis, call: (work) => withinDeadline(hasDatabase().then(work)) };
}

/** Caches a successful result; repeats the call after a failure. */
function onceAtMost(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work().catch((error: unknown) => {
      done = undefined;
      throw error;
    });
    return done;
  };
}

/** An error reply counts as an answer. */
async function answers(client: Client, key: string): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const silent = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, SILENT_MS, false);
  });
  const asked = client.exists(key).then(
    () => true,
    (error: Error) => error.name === 'ReplyError',
  );
  return Promise.race([asked, silent]).finally(() => clearTimeout(timer));
}

/** @returns whether it became ready in time */
function nextReady(client: Client): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (isReady: boolean) => () => {
      clearTimeout(timer);
      client.off('ready', onReady);
      resolve(isReady);
    };
    const onReady = settle(true);
    const timer = setTimeout(settle(false), RECONNECT_MS);
    client.on('ready', onReady);
  });
}

function letProcessEnd(client: Client): void {
  const unref = () => client.stream?.unref();
  // The socket exists one turn after the client starts to connect.
  client.on('connecting', () => setImmediate(unref));
  client.on('connect', unref);
  client.on('reconnecting', () => (client as unknown as { reconnectTimeout: NodeJS.Timeout | null }).reconnectTimeout?.unref());
}
