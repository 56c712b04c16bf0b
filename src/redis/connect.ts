import { Redis as Client, Cluster, type RedisOptions } from 'ioredis';
import { duplicateCluster, openCluster } from './cluster.ts';
import { type PrimaryWatch, watchPrimaries } from './failover/primary-watch.ts';
import { classifyTrouble } from './fitness/trouble.ts';
import { explainFlushes, flushCalls, forgetArguments, gatherWrites } from './pending-commands.ts';
import { parseRedisUrl, type RedisAddress } from './redis-url.ts';
import { readTlsFiles } from './tls-files.ts';

/** A client of one server, found directly or through Sentinel, or of a Redis Cluster: all commands are the same. */
export type Redis = Client | Cluster;
export { redactUrl } from './redis-url.ts';
export { withinDeadline } from './unavailable.ts';

/**
 * What a connection is for decides how it meets an outage.
 * - `worker`: handed to a BullMQ Worker, which waits on blocking reads and must come back by itself.
 * - `commands`: the ledger and the caps inside a worker. A call waits through an outage and then goes through; one whose
 *   reply was lost is sent again, so that every script must answer a second time as it did the first.
 * - `interactive`: somebody waits for the answer: producer, HTTP, CLI. A Redis that is down fails the call at once, a frozen
 *   one within {@link INTERACTIVE_COMMAND_TIMEOUT_MS}; nothing is sent again behind the caller's back, and once Redis is back
 *   the next call works.
 * - `probe`: one call that finds out how Redis is, loading or refusing included; it fails at once and connects once.
 */
export type Role = 'worker' | 'commands' | 'interactive' | 'probe';

/** The longest that a call on a `interactive` may take. */
export const INTERACTIVE_COMMAND_TIMEOUT_MS = 4000;

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
  worker: {
    ...waiting,
    // A blocking read that has no reply 500 ms after its own timeout counts as one without a job, however its connection is. Else
    // BullMQ gives it up 1 s after its timeout and waits for that connection to close, which a frozen node of a cluster never does.
    blockingTimeout: 10_000,
    blockingTimeoutGrace: 500,
  },
  // No auto-pipelining: with EVALSHA it cost a third to a half of the throughput, and a connection lost in the middle of
  // a pipeline rejects calls that would otherwise wait. What it is for, gatherWrites does.
  commands: waiting,
  interactive: {
    retryStrategy,
    connectTimeout: INTERACTIVE_COMMAND_TIMEOUT_MS,
    // Counts from the call, so that time spent in the queue of a connection still coming up is in it.
    commandTimeout: INTERACTIVE_COMMAND_TIMEOUT_MS,
    // Each lost or refused connection fails whatever waits for it, so that no caller who was told "no" is served later.
    maxRetriesPerRequest: 0,
    // Drops a connection that has gone silent, after every call on it has already failed.
    socketTimeout: INTERACTIVE_COMMAND_TIMEOUT_MS + 1000,
  },
  probe: {
    retryStrategy: () => null,
    connectTimeout: INTERACTIVE_COMMAND_TIMEOUT_MS,
    commandTimeout: INTERACTIVE_COMMAND_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    // Else a Redis that loads its data would be silent instead of saying so.
    enableReadyCheck: false,
  },
};

/**
 * A client of the Redis at `url`, connecting in the background. Close it with `quit()` or `disconnect()`.
 * `onError` hears of each fault once until the connection is up again, not at every attempt to reconnect, and of every
 * reply by which Redis refuses to serve.
 * What the server or the connection reports never carries the password, nor the arguments of the command that failed;
 * {@link withinDeadline} sees to it for a pipeline that a lost connection cut in two.
 * `onClient` receives the client and each duplicate that is made of it, by BullMQ too.
 * @throws Error when `url` is not the address of a Redis
 */
export function connectRedis(
  url: string,
  role: Role,
  onError: (error: Error) => void = () => undefined,
  onClient: (client: Redis) => void = () => undefined,
): Redis {
  const address = parseRedisUrl(url);
  const secrets = secretsOf(address);
  // Called with every error reply, before anyone else sees it.
  const hear = (error: Error) => {
    forgetArguments(error, ...secrets);
    if (classifyTrouble(error) !== undefined) onError(error);
  };
  const options: Options = { ...roles[role], connectionName: `sms-dispatch:${role}` };
  if (address.kind === 'cluster') {
    const node: Options = {
      ...options,
      // A node that became a replica says where its primary is: nothing to connect to anew.
      reconnectOnError: (error) => {
        hear(error);
        return false;
      },
    };
    const retry = (attempt: number) => (role === 'probe' ? null : retryStrategy(attempt));
    const attach = role === 'probe' ? () => undefined : watched(watchPrimaries(url, address), onError);
    return openCluster(address, { node, resends: resends(role), retryStrategy: retry, attach }, onError, onClient);
  }
  options.reconnectOnError = (error) => {
    hear(error);
    // After a failover we may be left talking to the old primary. 2 = connect anew and send the call again.
    if (!error.message.includes('READONLY')) return false;
    return resends(role) ? 2 : 1;
  };
  const redis =
    address.kind === 'sentinel'
      ? new Client({ ...options, ...throughSentinel(address, role) })
      : new Client(address.url, { ...options, ...(address.tlsFiles && { tls: readTlsFiles(address.tlsFiles) }) });
  if (redis.options.password) secrets.push(redis.options.password);
  const attach = address.kind === 'sentinel' && role !== 'probe' ? watched(watchPrimaries(url, address), onError) : () => undefined;
  return attend(redis, { role, secrets, onError, onClient, attach });
}

/**
 * A second client like `redis`. `again`: a call whose reply was lost is made again when the connection is back, else
 * it fails.
 */
export function duplicateRedis(redis: Redis, { again }: { readonly again: boolean }): Redis {
  if (redis instanceof Cluster) return duplicateCluster(redis, again);
  return redis.duplicate({ lazyConnect: false, maxRetriesPerRequest: again ? null : 0 });
}

export function isCluster(redis: Redis): boolean {
  return redis.isCluster;
}

function resends(role: Role): boolean {
  return role === 'worker' || role === 'commands';
}

function secretsOf(address: RedisAddress): string[] {
  if (address.kind === 'server') return [];
  const { password } = address;
  return [password, address.kind === 'sentinel' ? address.sentinelPassword : undefined].filter((secret) => secret !== undefined);
}

function throughSentinel(address: Extract<RedisAddress, { kind: 'sentinel' }>, role: Role): Options {
  const { hosts, name, db, username, password, sentinelPassword, tls, tlsFiles = {} } = address;
  const secured = readTlsFiles(tlsFiles);
  return {
    sentinels: [...hosts],
    name,
    db,
    sentinelRetryStrategy: role === 'probe' ? () => null : retryStrategy,
    // A frozen one is left for the next.
    sentinelCommandTimeout: 2000,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
    ...(tls ? { tls: secured, sentinelTLS: secured, enableTLSForSentinelMode: true } : {}),
  };
}

interface Attendance {
  readonly role: Role;
  readonly secrets: readonly string[];
  readonly onError: (error: Error) => void;
  /** Has the primary of its group watched. */
  readonly attach: (redis: Client) => void;
  readonly onClient: (client: Redis) => void;
}

/** By the other side, and without a word: a restart, or no more than an idle connection that was tidied away. */
export class ConnectionLost extends Error {
  constructor(message = 'the connection was closed') {
    super(message);
    this.name = 'ConnectionLost';
  }
}

/** By us: another server has taken its place as the primary. */
export class PrimaryReplaced extends ConnectionLost {
  readonly server: string;

  constructor(server: string) {
    super(`${server} is no longer the primary`);
    this.name = 'PrimaryReplaced';
    this.server = server;
  }
}

function watched({ attach }: PrimaryWatch, onError: (error: Error) => void): (redis: Redis) => void {
  return (redis) => attach(redis, (server) => onError(new PrimaryReplaced(server)));
}

/** BullMQ duplicates the client it is given; duplicates are attended too. */
function attend(redis: Client, attendance: Attendance): Client {
  const { role, secrets, onError, onClient, attach } = attendance;
  gatherWrites(redis);
  attach(redis);
  onClient(redis);
  let reported: string | undefined;
  let refusedByTls: Error | undefined;
  if (!resends(role)) explainFlushes(redis, () => refusedByTls);
  redis.on('ready', () => {
    reported = undefined;
    refusedByTls = undefined;
  });
  redis.on('error', (error: Error) => {
    forgetArguments(error, ...secrets);
    // As long as no Sentinel tells where to connect, there is no connection whose loss would fail the calls that wait for it.
    if (!resends(role) && redis.options.sentinels && redis.status === 'connecting') flushCalls(redis);
    refusedByTls = classifyTrouble(error)?.kind.startsWith('tls_') ? error : undefined;
    if (refusedByTls !== undefined && !resends(role)) flushCalls(redis, refusedByTls);
    if (error.message === reported) return;
    reported = error.message;
    onError(error);
  });
  // A server that ends or restarts closes without an error; one that is loading then keeps us waiting without one.
  redis.on('reconnecting', () => {
    if (reported === undefined) onError(new ConnectionLost());
  });
  const duplicate = redis.duplicate.bind(redis);
  redis.duplicate = (override) => attend(duplicate(override), attendance);
  return redis;
}
