import type { Cluster, RedisOptions } from 'ioredis';
import { ioredis } from '../ioredis.ts';
import { flushCalls, forgetArguments, gatherWrites } from './pending-commands.ts';
import type { RedisAddress } from './redis-url.ts';
import { readTlsFiles } from './tls-files.ts';

export interface ClusterRole {
  /** Options of the connection to each node. */
  readonly node: Omit<RedisOptions, 'replyMapping'>;
  /** A call whose node is lost is sent to the new owner of its keys, as often as needed; else it fails. */
  readonly resends: boolean;
  readonly retryStrategy: (attempt: number) => number | null;
  /** Starts the primary watch for a client. */
  readonly attach: (cluster: Cluster) => void;
}

/** Retries of 200 ms, enough for the nodes to elect a new primary (`cluster-node-timeout` is 15 s by default). */
const FAILOVER = { retryDelayOnFailover: 200, retryDelayOnClusterDown: 200, maxRedirections: 150 } as const;
/**
 * Timeout of a BullMQ worker's blocking reads, which the worker repeats by itself: a read must fail before BullMQ's watchdog
 * (block timeout + 1 s) closes a client that still repeats it and waits for that without a limit.
 */
const BLOCKING = { retryDelayOnFailover: 100, retryDelayOnClusterDown: 100, maxRedirections: 16 } as const;
const NO_FAILOVER = { retryDelayOnFailover: 0, retryDelayOnClusterDown: 0, maxRedirections: 16 } as const;

/** A client of the Redis Cluster that the nodes in `hosts` belong to. */
export function openCluster(
  address: Extract<RedisAddress, { kind: 'cluster' }>,
  { node, resends, retryStrategy, attach }: ClusterRole,
  onError: (error: Error) => void,
  onClient: (client: Cluster) => void,
): Cluster {
  const { hosts, username, password, tls, tlsFiles = {} } = address;
  const cluster = new ioredis.Cluster([...hosts], {
    redisOptions: {
      ...node,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(tls ? { tls: readTlsFiles(tlsFiles) } : {}),
    },
    clusterRetryStrategy: retryStrategy,
    ...(resends ? FAILOVER : NO_FAILOVER),
    // Certificates hold a host name, but nodes announce IP addresses.
    ...(tls ? { dnsLookup: (host, done) => done(null, host) } : {}),
  });
  return attendCluster(cluster, { resends, password, onError, onClient, attach });
}

/** A second client like `cluster`; `resends` as in {@link ClusterRole}. */
export function duplicateCluster(cluster: Cluster, resends: boolean): Cluster {
  return cluster.duplicate([], { lazyConnect: false, ...(resends ? FAILOVER : NO_FAILOVER) });
}

interface Attendance extends Pick<ClusterRole, 'resends' | 'attach'> {
  readonly password: string | undefined;
  readonly onError: (error: Error) => void;
  readonly onClient: (client: Cluster) => void;
}

/** BullMQ duplicates its client for blocking reads; duplicates get the same handlers. */
function attendCluster(cluster: Cluster, attendance: Attendance): Cluster {
  const { resends, password, onError, onClient, attach } = attendance;
  attach(cluster);
  onClient(cluster);
  let reported: string | undefined;
  const report = (error: Error) => {
    // The client's own error says less than that of a node.
    const cause = error.name === 'ClusterAllFailedError' ? (error as Error & { lastNodeError?: Error }).lastNodeError : error;
    const fault = cause ?? error;
    forgetArguments(fault, ...(password === undefined ? [] : [password]));
    if (fault.message === reported) return;
    reported = fault.message;
    onError(fault);
  };
  cluster.on('ready', () => {
    reported = undefined;
  });
  cluster.on('+node', gatherWrites);
  cluster.on('node error', report);
  cluster.on('error', report);
  // ioredis does not fail calls that wait for the first connection, and a call that failed for its caller must not run later.
  if (!resends) cluster.on('close', () => flushCalls(cluster));
  const duplicate = cluster.duplicate.bind(cluster);
  cluster.duplicate = (hosts, options) => {
    const twin = duplicate(hosts, resends ? Object.assign({}, BLOCKING, options) : options);
    return attendCluster(twin, { ...attendance, resends: twin.options.retryDelayOnFailover !== NO_FAILOVER.retryDelayOnFailover });
  };
  return cluster;
}
