import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { spawnWatched } from '../../src/embedded/redis-process.ts';
import { localRedisBinary, type RedisServer, startRedisServer } from './redis-server.ts';
import { testPort } from './test-port.ts';
import { until } from './until.ts';

/** Runs `use` on a connection of its own to the server at `port`. */
export async function tell<T>(
  port: number,
  use: (redis: Redis) => Promise<T>,
  as?: string | { readonly username: string; readonly password: string },
): Promise<T> {
  const redis = new Redis(port, '127.0.0.1', typeof as === 'string' ? { password: as } : { ...as });
  redis.on('error', () => undefined);
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

export interface SentinelGroup {
  /** `redis+sentinel://…/mymaster`. */
  readonly url: string;
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  /** Resolves when the replica has all that the primary has confirmed. */
  inSync(): Promise<void>;
  /** Makes the replica the primary; resolves when the old one knows, until which it still takes writes, for nobody. */
  failOver(): Promise<void>;
  stop(): Promise<void>;
}

/** A primary, its replica in sync, and one Sentinel that watches them; all of it asks for `password` where one is given. */
export async function startSentinelGroup(password?: string): Promise<SentinelGroup> {
  const auth = password === undefined ? [] : ['--requirepass', password, '--masterauth', password];
  const primary = await startRedisServer(['--repl-diskless-sync-delay', '0', ...auth]);
  const replica = await startRedisServer(['--replicaof', '127.0.0.1', String(primary.port), '--repl-diskless-sync-delay', '0', ...auth]);
  await until(() => tell(replica.port, async (redis) => (await redis.info('replication')).includes('master_link_status:up'), password));

  const port = await testPort();
  const dir = await mkdtemp(join(tmpdir(), 'sms-sentinel-'));
  const conf = join(dir, 'sentinel.conf');
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${dir}`,
    `sentinel monitor mymaster 127.0.0.1 ${primary.port} 1`,
    'sentinel down-after-milliseconds mymaster 500',
    'sentinel failover-timeout mymaster 3000',
    ...(password === undefined ? [] : [`sentinel auth-pass mymaster ${password}`, `requirepass ${password}`]),
  ];
  await writeFile(conf, `${lines.join('\n')}\n`);
  const { child } = spawnWatched(await localRedisBinary(), [conf, '--sentinel']);
  const ask = <T>(...args: [string, ...string[]]) => tell(port, (redis) => redis.call('SENTINEL', ...args) as Promise<T>, password);
  await until(async () => (await ask<unknown[]>('REPLICAS', 'mymaster')).length === 1);
  const user = password === undefined ? '' : `:${password}@`;
  const query = password === undefined ? '' : `?sentinelPassword=${password}`;
  return {
    url: `redis+sentinel://${user}127.0.0.1:${port}/mymaster${query}`,
    primary,
    replica,
    inSync: async () =>
      void (await until(() =>
        tell(
          primary.port,
          async (redis) => {
            const info = await redis.info('replication');
            const [, reached] = /offset=(\d+)/.exec(info) ?? [];
            return reached !== undefined && info.includes(`master_repl_offset:${reached}\r\n`);
          },
          password,
        ),
      )),
    failOver: async () => {
      await until(() => ask('FAILOVER', 'mymaster'));
      await until(async () => (await ask<string[]>('GET-MASTER-ADDR-BY-NAME', 'mymaster'))[1] === String(replica.port), 20_000);
      // The Sentinel waits 8 s before it does the same.
      await tell(
        primary.port,
        async (redis) => {
          await redis.replicaof('127.0.0.1', replica.port);
          await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
        },
        password,
      );
    },
    stop: async () => {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
      await rm(dir, { recursive: true, force: true });
      await Promise.all([primary.stop(), replica.stop()]);
    },
  };
}

export interface RedisCluster {
  /** `redis+cluster://…`, naming the first node alone. */
  readonly url: string;
  /** The primaries, in the order of their slots. */
  readonly nodes: readonly RedisServer[];
  /** One of each primary, in the same order; none unless asked for. */
  readonly replicas: readonly RedisServer[];
  stop(): Promise<void>;
}

const SLOTS = 16_384;

/** As many primaries as asked for, each with its share of the slots. `args`: of every server. */
export async function startRedisCluster(
  size: number,
  { replicas: each = 0, args = [] }: { readonly replicas?: 0 | 1; readonly args?: readonly string[] } = {},
): Promise<RedisCluster> {
  const startNode = async () =>
    startRedisServer([
      ...['--cluster-enabled', 'yes', '--cluster-port', String(await testPort()), '--cluster-node-timeout', '2000'],
      ...['--repl-diskless-sync-delay', '0', ...args],
    ]);
  const nodes = await Promise.all(Array.from({ length: size }, startNode));
  const replicas = await Promise.all(Array.from({ length: size * each }, startNode));
  const all = [...nodes, ...replicas];
  const share = Math.ceil(SLOTS / size);
  const [first] = nodes as [RedisServer];
  await Promise.all(
    nodes.map((node, index) =>
      tell(node.port, (redis) => redis.call('CLUSTER', 'ADDSLOTSRANGE', index * share, Math.min(SLOTS, (index + 1) * share) - 1)),
    ),
  );
  await Promise.all(
    all.map((node) =>
      tell(node.port, async (redis) => {
        const [, bus] = ((await redis.config('GET', 'cluster-port')) as string[]) ?? [];
        if (node !== first) await tell(first.port, (one) => one.call('CLUSTER', 'MEET', '127.0.0.1', node.port, bus as string));
      }),
    ),
  );
  const everyNode = async (holds: (info: string, redis: Redis) => boolean | Promise<boolean>) => {
    for (const node of all)
      await until(() => tell(node.port, async (redis) => holds(String(await redis.call('CLUSTER', 'INFO')), redis)), 20_000);
  };
  await everyNode((info) => info.includes(`cluster_known_nodes:${all.length}`));
  await Promise.all(
    replicas.map(async (replica, index) => {
      const id = await tell((nodes[index] as RedisServer).port, (redis) => redis.call('CLUSTER', 'MYID') as Promise<string>);
      await until(() => tell(replica.port, (redis) => redis.call('CLUSTER', 'REPLICATE', id)));
      await until(() => tell(replica.port, async (redis) => (await redis.info('replication')).includes('master_link_status:up')), 20_000);
    }),
  );
  await everyNode(
    async (info, redis) =>
      info.includes('cluster_state:ok') &&
      String(await redis.call('CLUSTER', 'NODES')).match(/slave/g)?.length === (each ? size : undefined),
  );
  return {
    url: `redis+cluster://127.0.0.1:${first.port}`,
    nodes,
    replicas,
    stop: async () => void (await Promise.all(all.map((node) => node.stop()))),
  };
}

/**
 * Moves a slot while it is used, as `redis-cli --cluster reshard` does it: key by key, with a pause of `stepMs` after each
 * `batch` of keys, at which `onStep` is called.
 */
export async function migrateSlot(
  slot: number,
  from: RedisServer,
  to: RedisServer,
  others: readonly RedisServer[],
  { batch = 20, stepMs = 50, onStep = async () => undefined }: MigrationOptions = {},
): Promise<void> {
  const on = <T>(server: RedisServer, ...args: [string, ...(string | number)[]]) =>
    tell(server.port, (redis) => redis.call(...args) as Promise<T>);
  const [source, target] = await Promise.all([on<string>(from, 'CLUSTER', 'MYID'), on<string>(to, 'CLUSTER', 'MYID')]);
  await on(to, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', source);
  await on(from, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', target);
  for (;;) {
    const keys = await on<string[]>(from, 'CLUSTER', 'GETKEYSINSLOT', slot, batch);
    if (keys.length === 0) break;
    for (const key of keys) await on(from, 'MIGRATE', '127.0.0.1', to.port, key, 0, 5_000);
    await onStep();
    await pause(stepMs);
  }
  for (const server of [to, from, ...others]) await on(server, 'CLUSTER', 'SETSLOT', slot, 'NODE', target);
}

export interface MigrationOptions {
  readonly batch?: number;
  readonly stepMs?: number;
  readonly onStep?: () => Promise<unknown>;
}
