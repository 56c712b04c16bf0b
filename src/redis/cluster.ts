import { Cluster, type RedisOptions } from 'ioredis';
import { flushCalls, forgetArguments, gatherWrites } from './pending-commands.ts';
import type { RedisAddress } from './redis-url.ts';
import { readTlsFiles } from './tls-files.ts';

export interface ClusterRole {
  /** Of the connection to each node. */
  readonly node: Omit<RedisOptions, 'replyMapping'>;
  /** A call whose node is lost goes to whoever has its keys then, however often that takes; else it fails. */
  readonly resends: boolean;
  readonly retryStrategy: (attempt: number) => number | null;
  /** Has the primaries of the cluster watched. */
  readonly attach: (cluster: Cluster) => void;
}

/** Long enough for the nodes to agree on a new primary (`cluster-node-timeout` is 15 s by default), asked every 200 ms. */
const FAILOVER = { retryDelayOnFailover: 200, retryDelayOnClusterDown: 200, maxRedirections: 150 } as const;
/**
 * For the blocking reads of a BullMQ worker, which makes its next read by itself: a read must fail before BullMQ's own watchdog
 * (block timeout + 1 s) gives it up, closes a client that still repeats it, and waits for it without a limit.
 */
const BLOCKING = { retryDelayOnFailover: 100, retryDelayOnClusterDown: 100, maxRedirections: 16 } as const;
const NO_FAILOVER = { retryDelayOnFailover: 0, retryDelayOnClusterDown: 0, maxRedirections: 16 } as const;

/** A client of the Redis Cluster of which `seats` are some nodes. */
export function openCluster(
  address: Extract<RedisAddress, { kind: 'cluster' }>,
  { node, resends, retryStrategy, attach }: ClusterRole,
  onError: (error: Error) => void,
  onClient: (client: Cluster) => void,
): Cluster {
  const { hosts, username, password, tls, tlsFiles = {} } = address;
  const cluster = new Cluster([...hosts], {
    redisOptions: {
      ...node,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(tls ? { tls: readTlsFiles(tlsFiles) } : {}),
    },
    clusterRetryStrategy: retryStrategy,
    ...(resends ? FAILOVER : NO_FAILOVER),
    // A certificate is made out to a name, and nodes tell each other's addresses.
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

/** BullMQ duplicates the client it is given, for its blocking reads; duplicates are attended too. */
function attendCluster(cluster: Cluster, attendance: Attendance): Cluster {
  const { resends, password, onError, onClient, attach } = attendance;
  attach(cluster);
  onClient(cluster);
  let reported: string | undefined;
  const report = (error: Error) => {
    // What the client says of itself is less than what a node said.
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
  // What waits for the first connection is not given up by itself, and no caller who was told "no" may be served later.
  if (!resends) cluster.on('close', () => flushCalls(cluster));
  const duplicate = cluster.duplicate.bind(cluster);
  cluster.duplicate = (hosts, options) => {
    const twin = duplicate(hosts, resends ? Object.assign({}, BLOCKING, options) : options);
    return attendCluster(twin, { ...attendance, resends: twin.options.retryDelayOnFailover !== NO_FAILOVER.retryDelayOnFailover });
  };
  return cluster;
}
