import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Redis as Client, Cluster, RedisOptions } from 'ioredis';
import type { RedisAddress } from '../connection/redis-url.ts';
import { readTlsFiles } from '../connection/tls-files.ts';
import { ioredis } from '../ioredis.ts';
import { type Answer, isDemoted, readSlots } from './primary-view.ts';

/**
 * Closes connections to a server that is no longer a primary. After a failover such a server may keep running, frozen or cut off
 * from its group: when it resumes, it confirms pending writes and loses them when it syncs with the new primary. A
 * call on a closed connection is sent to the new primary or fails, depending on the role of its client.
 */
export interface PrimaryWatch {
  /** Watches the connections of a client until it closes; `onDrop` gets the address of each abandoned server. */
  attach(redis: Client | Cluster, onDrop: (server: string) => void): void;
}

/** Poll interval. Sentinels share a failover within a second or two; Cluster nodes immediately. */
const ASK_EVERY_MS = 250;
const ASK_TIMEOUT_MS = 1_000;
/** Older answers are ignored. */
const ANSWER_TTL_MS = 2_000;
/** Most Cluster nodes that are polled. */
const MOST_MEMBERS = 6;

type Group = Extract<RedisAddress, { kind: 'sentinel' | 'cluster' }>;
type Reading = { readonly primaries: ReadonlySet<string>; readonly servers: ReadonlySet<string> };

const WATCHES = new Map<string, PrimaryWatch>();

/** Returns the watch shared by all clients of a group in this process; it closes with the last client. */
export function watchPrimaries(url: string, address: Group): PrimaryWatch {
  const watch = WATCHES.get(url) ?? openWatch(address, () => WATCHES.delete(url));
  WATCHES.set(url, watch);
  return watch;
}

function openWatch(address: Group, onClose: () => void): PrimaryWatch {
  const clients = new Map<Client | Cluster, (server: string) => void>();
  const members = new Map<string, Member>();
  const answers = new Map<string, Answer & { readonly at: number }>();
  /** Addresses that most members have reported as a primary. */
  const named = new Set<string>();
  const hosts = address.hosts.map(({ host, port }) => `${host}:${port}`);

  const judge = (): void => {
    const now = performance.now();
    const recent = [...answers.values()].filter(({ at }) => now - at <= ANSWER_TTL_MS);
    for (const { primaries } of recent) {
      for (const primary of primaries) if (!isDemoted(primary, recent)) named.add(primary);
    }
    const isOld = (primary: string) => named.has(primary) && isDemoted(primary, recent);
    for (const [client, onDrop] of clients) for (const server of drop(client, isOld)) onDrop(server);
  };
  const learn = (servers: ReadonlySet<string>): void => {
    for (const [name, member] of members) {
      if (hosts.includes(name) || servers.has(name)) continue;
      member.close();
      members.delete(name);
      answers.delete(name);
    }
    for (const name of servers) if (members.size < MOST_MEMBERS) ask(name);
  };
  const ask = (name: string): void => {
    if (members.has(name)) return;
    const onReading = ({ primaries, servers }: Reading): void => {
      answers.set(name, { from: name, primaries, at: performance.now() });
      if (address.kind === 'cluster') learn(servers);
      judge();
    };
    members.set(name, openMember(address, name, onReading));
  };
  const close = (): void => {
    onClose();
    for (const member of members.values()) member.close();
    members.clear();
  };

  return {
    attach(redis, onDrop) {
      if (clients.size === 0) for (const seat of hosts) ask(seat);
      clients.set(redis, onDrop);
      redis.once('end', () => {
        clients.delete(redis);
        if (clients.size === 0) close();
      });
    },
  };
}

interface Member {
  close(): void;
}

/** Polls one Sentinel or node; never keeps the process alive. */
function openMember(address: Group, name: string, onReading: (reading: Reading) => void): Member {
  const colon = name.lastIndexOf(':');
  const host = name.slice(0, colon);
  const redis = new ioredis.Redis({
    ...credentialsOf(address),
    host,
    port: Number(name.slice(colon + 1)),
    connectionName: 'sms-dispatch:group',
    connectTimeout: ASK_TIMEOUT_MS,
    commandTimeout: ASK_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    retryStrategy: () => ASK_TIMEOUT_MS,
  });
  redis.on('error', () => undefined);
  redis.on('connect', () => redis.stream.unref());
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    const reading = await (address.kind === 'sentinel' ? askSentinel(redis, address.name) : askNode(redis, host)).catch(() => undefined);
    if (closed) return;
    if (reading !== undefined) onReading(reading);
    timer = setTimeout(() => void look(), ASK_EVERY_MS).unref();
  };
  void look();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      redis.disconnect();
    },
  };
}

function credentialsOf(address: Group): Omit<RedisOptions, 'replyMapping'> {
  const { username, password, tls, tlsFiles = {} } = address;
  const own = address.kind === 'sentinel' ? { password: address.sentinelPassword } : { username, password };
  return {
    ...Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)),
    ...(tls ? { tls: readTlsFiles(tlsFiles) } : {}),
  };
}

async function askNode(redis: Client, host: string): Promise<Reading> {
  return readSlots(await redis.call('CLUSTER', 'SLOTS'), host);
}

async function askSentinel(redis: Client, group: string): Promise<Reading | undefined> {
  const reply = await redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', group);
  if (!Array.isArray(reply)) return undefined;
  const [host, port] = reply.map(String) as [string, string];
  // A connection knows the IP address of its peer, not its name.
  const addresses = isIP(host) > 0 ? [host] : (await lookup(host, { all: true })).map((found) => found.address);
  const primaries = new Set(addresses.map((found) => `${found}:${port}`));
  return { primaries, servers: primaries };
}

/** Closes a client's connections to former primaries and returns their addresses. */
function drop(redis: Client | Cluster, isOld: (address: string) => boolean): string[] {
  const connections = redis instanceof ioredis.Cluster ? redis.nodes('master') : [redis];
  const old = connections.filter((connection) => connection.stream?.destroyed === false && isOld(serverOf(connection, redis)));
  const servers = old.map((connection) => serverOf(connection, redis));
  for (const { stream } of old) stream.destroy();
  if (redis instanceof ioredis.Cluster && old.length > 0) redis.refreshSlotsCache();
  return servers;
}

/** Cluster nodes are identified by their announced address; a connection through Sentinel by its peer address. */
function serverOf({ options, stream }: Client, redis: Client | Cluster): string {
  if (redis instanceof ioredis.Cluster) return `${options.host}:${options.port}`;
  return `${stream.remoteAddress?.replace(/^::ffff:/, '')}:${stream.remotePort}`;
}
