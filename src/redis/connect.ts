import type { Redis as Client, Cluster, RedisOptions } from 'ioredis';
import { duplicateCluster, openCluster } from './connection/cluster.ts';
import { explainFlushes, flushCalls, forgetArguments, gatherWrites } from './connection/pending-commands.ts';
import { parseRedisUrl, type RedisAddress } from './connection/redis-url.ts';
import { readTlsFiles } from './connection/tls-files.ts';
import { type PrimaryWatch, watchPrimaries } from './failover/primary-watch.ts';
import { classifyTrouble } from './fitness/trouble.ts';
import { ioredis } from './ioredis.ts';

/** A client of one server, found directly or through Sentinel, or of a Redis Cluster: all commands are the same. */
export type Redis = Client | Cluster;
export { redactUrl } from './connection/redis-url.ts';
export { withinDeadline } from './unavailable.ts';

/**
 * The purpose of a connection; it decides the behaviour during an outage.
 * - `worker`: for a BullMQ Worker, which waits on blocking reads and must recover by itself.
 * - `commands`: for ledger and caps inside a worker. A call waits for the end of an outage; one whose
 *   reply was lost is sent again, so every script must be idempotent and return the same answer.
 * - `interactive`: for callers that wait: producer, HTTP, CLI. An unreachable Redis fails the call immediately, a frozen
 *   one within {@link INTERACTIVE_COMMAND_TIMEOUT_MS}; calls are never repeated, and after recovery
 *   the next call succeeds.
 * - `probe`: one call that checks the state of Redis, such as loading; it connects once and fails immediately.
 */
export type Role = 'worker' | 'commands' | 'interactive' | 'probe';

/** Timeout of a call on an `interactive` connection. */
export const INTERACTIVE_COMMAND_TIMEOUT_MS = 4000;

/** Protocol version: replies keep the shapes that BullMQ and our code expect. */
type Options = Omit<RedisOptions, 'replyMapping'>;

/** Reconnect delay with jitter, so that instances do not reconnect simultaneously. */
const retryStrategy = (attempt: number) => Math.min(50 * 2 ** (attempt - 1), 1000) + Math.random() * 200;

const waiting: Options = {
  retryStrategy,
  connectTimeout: 5000,
  // Calls wait for the connection without a limit, as BullMQ requires for workers.
  maxRetriesPerRequest: null,
  // Detects a peer that vanished silently. Must exceed the longest blocking read, which is
  // BullMQ's 10 s. `commandTimeout` would work per call, but a worker then stops receiving after a partition.
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
    // Counts from the call, so it includes the wait for a connection.
    commandTimeout: INTERACTIVE_COMMAND_TIMEOUT_MS,
    // Each lost or refused connection fails all waiting calls, so that none runs after its caller got an error.
    maxRetriesPerRequest: 0,
    // Closes a silent connection after every call on it has timed out.
    socketTimeout: INTERACTIVE_COMMAND_TIMEOUT_MS + 1000,
  },
  probe: {
    retryStrategy: () => null,
    connectTimeout: INTERACTIVE_COMMAND_TIMEOUT_MS,
    commandTimeout: INTERACTIVE_COMMAND_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    // Otherwise ioredis would wait for a loading Redis instead of reporting it.
    enableReadyCheck: false,
  },
};

/**
 * A client of the Redis at `url`, connecting in the background. Close it with `quit()` or `disconnect()`.
 * `onError` is called once per fault until the connection is up again, not at every reconnect attempt, and for every
 * error reply about the state of the server.
 * Errors never contain the password or the arguments of the failed command;
 * {@link withinDeadline} removes them for a pipeline that a lost connection interrupted.
 * `onClient` receives the client and each duplicate, including those of BullMQ.
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
  // Called with every error reply, before the caller gets it.
  const handleError = (error: Error) => {
    forgetArguments(error, ...secrets);
    if (classifyTrouble(error) !== undefined) onError(error);
  };
  const options: Options = { ...roles[role], connectionName: `sms-dispatch:${role}` };
  if (address.kind === 'cluster') {
    const node: Options = {
      ...options,
      // A node that became a replica redirects to its primary: no reconnect needed.
      reconnectOnError: (error) => {
        handleError(error);
        return false;
      },
    };
    const retry = (attempt: number) => (role === 'probe' ? null : retryStrategy(attempt));
    const attach = role === 'probe' ? () => undefined : watched(watchPrimaries(url, address), onError);
    return openCluster(address, { node, resends: resends(role), retryStrategy: retry, attach }, onError, onClient);
  }
  options.reconnectOnError = (error) => {
    handleError(error);
    // After a failover the connection may lead to the old primary. 2 = reconnect and send the call again.
    if (!error.message.includes('READONLY')) return false;
    return resends(role) ? 2 : 1;
  };
  const redis =
    address.kind === 'sentinel'
      ? new ioredis.Redis({ ...options, ...throughSentinel(address, role) })
      : new ioredis.Redis(address.url, { ...options, ...(address.tlsFiles && { tls: readTlsFiles(address.tlsFiles) }) });
  if (redis.options.password) secrets.push(redis.options.password);
  const attach = address.kind === 'sentinel' && role !== 'probe' ? watched(watchPrimaries(url, address), onError) : () => undefined;
  return attend(redis, { role, secrets, onError, onClient, attach });
}

/**
 * A second client like `redis`. `again`: a call whose reply was lost is made again when the connection is back, else
 * it fails.
 */
export function duplicateRedis(redis: Redis, { again }: { readonly again: boolean }): Redis {
  if (redis instanceof ioredis.Cluster) return duplicateCluster(redis, again);
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
    // A frozen Sentinel is skipped.
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
  /** Starts the primary watch of its group. */
  readonly attach: (redis: Client) => void;
  readonly onClient: (client: Redis) => void;
}

/** The server closed the connection without an error: a restart, or an idle connection that was dropped. */
export class ConnectionLost extends Error {
  constructor(message = 'the connection was closed') {
    super(message);
    this.name = 'ConnectionLost';
  }
}

/** We closed the connection: another server is the primary now. */
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

/** BullMQ duplicates its client; duplicates get the same handlers. */
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
    // Until a Sentinel names the primary there is no connection whose loss would fail the waiting calls.
    if (!resends(role) && redis.options.sentinels && redis.status === 'connecting') flushCalls(redis);
    refusedByTls = classifyTrouble(error)?.kind.startsWith('tls_') ? error : undefined;
    if (refusedByTls !== undefined && !resends(role)) flushCalls(redis, refusedByTls);
    if (error.message === reported) return;
    reported = error.message;
    onError(error);
  });
  // A server that restarts closes without an error, and one that is loading lets clients wait without one.
  redis.on('reconnecting', () => {
    if (reported === undefined) onError(new ConnectionLost());
  });
  const duplicate = redis.duplicate.bind(redis);
  redis.duplicate = (override) => attend(duplicate(override), attendance);
  return redis;
}
