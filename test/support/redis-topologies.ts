import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnWatched } from '../../src/embedded/redis-process.ts';
import type { RedisUser } from '../../src/redis/access/permissions.ts';
import { migrateSlot, startRedisCluster, tell } from './redis-groups.ts';
import { localRedisBinary, type RedisServer, startRedisServer } from './redis-server.ts';
import { testPort } from './test-port.ts';
import { until } from './until.ts';

/** A process of a Redis group that a test takes away and brings back. */
export type GroupMember = Pick<RedisServer, 'port' | 'process' | 'kill' | 'restart'>;

/** A Redis group as it is run in production. */
export interface Topology {
  /** As the default user, who may do everything. */
  readonly url: string;
  /** As one of the ACL users that the servers know. */
  readonly urlOf: (user: GroupUser) => string;
  /** By the part that each plays when the group is new; `primary` owns the keys of the prefix `{sms}`. */
  readonly members: Readonly<Record<string, GroupMember>>;
  /** Moves the slot of our keys to another primary while it is used; the scripts are flushed again and again meanwhile. */
  readonly migrate?: () => Promise<void>;
  /** Asks the group to make a replica the primary, as before planned work on it; left out: there is no replica. */
  readonly failOver?: () => Promise<void>;
  stop(): Promise<void>;
}

/** An ACL user that every server of a group knows; `rules` as of `ACL SETUSER`, without the password. */
export interface GroupUser {
  readonly name: string;
  readonly password: string;
  readonly rules: readonly string[];
}

const userArgs = (users: readonly GroupUser[]): string[] =>
  users.flatMap(({ name, password, rules }) => ['--user', name, `>${password}`, ...rules]);
const userOf = (user: GroupUser | undefined) => (user === undefined ? '' : `${user.name}:${user.password}@`);

/** The users of deploy/redis/users.acl, which have the smallest permissions that each role needs. */
export function smallestUsers(): Readonly<Record<RedisUser, GroupUser>> {
  const users = readFileSync('deploy/redis/users.acl', 'utf8')
    .trim()
    .split('\n')
    .map((line): [string, GroupUser] => {
      const [, name = '', ...rules] = line.split(' ');
      const password = rules.find((rule) => rule.startsWith('>'))?.slice(1) ?? '';
      return [name.replace(/^sms-/, ''), { name, password, rules: rules.filter((rule) => !rule.startsWith('>')) }];
    });
  return Object.fromEntries(users) as Record<RedisUser, GroupUser>;
}

const DOWN_AFTER_MS = 2_000;

/** One primary, two replicas and three Sentinels with a quorum of two. */
export async function startSentinelTrio(users: readonly GroupUser[] = []): Promise<Topology> {
  const common = ['--repl-diskless-sync-delay', '0', ...userArgs(users)];
  const primary = await startRedisServer(common);
  const replicas = await Promise.all([1, 2].map(() => startRedisServer(['--replicaof', '127.0.0.1', String(primary.port), ...common])));
  await until(() => tell(primary.port, async (redis) => (await redis.info('replication')).match(/state=online/g)?.length === 2), 20_000);
  const sentinels = await Promise.all([1, 2, 3].map(() => startSentinel(primary.port)));
  for (const { port } of sentinels) {
    await until(() => tell(port, async (redis) => knowsAll((await redis.call('SENTINEL', 'MASTER', 'mymaster')) as string[])), 20_000);
  }
  const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',');
  const urlOf = (user?: GroupUser) => `redis+sentinel://${userOf(user)}${hosts}/mymaster`;
  return {
    url: urlOf(),
    urlOf,
    members: { primary, replica: replicas[0] as RedisServer, sentinel: sentinels[0] as GroupMember },
    failOver: () => tell((sentinels[0] as GroupMember).port, async (redis) => void (await redis.call('SENTINEL', 'FAILOVER', 'mymaster'))),
    stop: async () => {
      await Promise.all(sentinels.map((sentinel) => sentinel.stop()));
      await Promise.all([primary, ...replicas].map((server) => server.stop()));
    },
  };
}

function knowsAll(master: readonly string[]): boolean {
  const field = (name: string) => master[master.indexOf(name) + 1];
  return field('num-slaves') === '2' && field('num-other-sentinels') === '2';
}

async function startSentinel(primaryPort: number): Promise<GroupMember & { stop(): Promise<void> }> {
  const port = await testPort();
  const dir = await mkdtemp(join(tmpdir(), 'sms-sentinel-'));
  const conf = join(dir, 'sentinel.conf');
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${dir}`,
    `sentinel monitor mymaster 127.0.0.1 ${primaryPort} 2`,
    `sentinel down-after-milliseconds mymaster ${DOWN_AFTER_MS}`,
    'sentinel failover-timeout mymaster 10000',
  ];
  await writeFile(conf, `${lines.join('\n')}\n`);
  const binary = await localRedisBinary();
  const launch = () => spawnWatched(binary, [conf, '--sentinel']).child;
  let child = launch();
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  };
  return {
    port,
    get process() {
      return child;
    },
    kill,
    restart: async () => {
      child = launch();
    },
    stop: async () => {
      await kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** A Redis Cluster of three primaries, each with a replica where `replicas` is 1. */
export async function startClusterTopology(replicas: 0 | 1, users: readonly GroupUser[] = []): Promise<Topology> {
  const cluster = await startRedisCluster(3, { replicas, args: userArgs(users) });
  const slot = await tell(cluster.nodes[0]?.port as number, (redis) => redis.cluster('KEYSLOT', '{sms}'));
  const owner = cluster.nodes[Math.floor(Number(slot) / Math.ceil(16_384 / 3))] as RedisServer;
  const other = cluster.nodes.find((node) => node !== owner) as RedisServer;
  const replica = cluster.replicas[cluster.nodes.indexOf(owner)];
  const urlOf = (user?: GroupUser) => `redis+cluster://${userOf(user)}${cluster.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`;
  return {
    url: urlOf(),
    urlOf,
    members: { primary: owner, other, ...(replica === undefined ? {} : { replica }) },
    migrate: () => {
      const flush = () => Promise.all([owner, other].map(({ port }) => tell(port, (redis) => redis.script('FLUSH'))));
      const third = cluster.nodes.filter((node) => node !== owner && node !== other);
      return migrateSlot(Number(slot), owner, other, third, { onStep: flush });
    },
    ...(replica === undefined
      ? {}
      : { failOver: () => tell(replica.port, async (redis) => void (await redis.call('CLUSTER', 'FAILOVER'))) }),
    stop: cluster.stop,
  };
}

export const TOPOLOGIES: Readonly<Record<string, (users?: readonly GroupUser[]) => Promise<Topology>>> = {
  cluster33: (users) => startClusterTopology(1, users),
  cluster3: (users) => startClusterTopology(0, users),
  sentinel: startSentinelTrio,
};
