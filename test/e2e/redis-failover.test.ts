import type { Redis } from 'ioredis';
import { describe, expect, it, type TestContext } from 'vitest';
import { createProducer } from '../../src/index.ts';
import { migrateSlot, startRedisCluster, startSentinelGroup, tell } from '../support/redis-groups.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { call, launch, metrics, post, type SystemProcess, settled, total, trace } from '../support/system.ts';
import { until } from '../support/until.ts';
import { startHttpVendor } from '../support/vendors/http-vendor.ts';

const PHONES = 100;
const critical = (index: number) => ({
  id: `a-${index}`,
  severity: 'critical',
  to: `+60123456${String(100 + (index % PHONES))}`,
  text: 'x',
});

interface Bench {
  readonly system: SystemProcess;
  /** The phones that the vendor was asked to text, in order, with repetitions. */
  readonly asked: string[];
  /** Lets the vendor answer, which it does not do before. */
  answer(): void;
}

async function open({ onTestFinished }: TestContext, redisUrl: string, held: boolean): Promise<Bench> {
  const asked: string[] = [];
  let answer: () => void = () => undefined;
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  if (!held) answer();
  const vendor = await startHttpVendor(async ({ body }) => {
    asked.push((JSON.parse(body) as { to: string }).to);
    await answered;
    return { status: 200, body: '{}' };
  });
  onTestFinished(() => vendor.close());
  const config = `
providers: { only: { type: http, url: "${vendor.url}", timeout: 20s, body: { to: "{to}", text: "{text}" } } }
routes: [{ name: default, dedupeFor: 0, providers: [only] }]
caps: { perRecipient: [], perHour: off }
worker: { concurrency: 4 }
`;
  const system = await launch({ config, redisUrl, onEnd: onTestFinished });
  return { system, asked, answer };
}

interface Group {
  readonly url: string;
  readonly primary: RedisServer;
  readonly replica: RedisServer;
}

const GROUPS: Readonly<Record<string, (t: TestContext) => Promise<Group>>> = {
  'behind Sentinels': async (t) => {
    const group = await startSentinelGroup();
    t.onTestFinished(() => group.stop());
    return group;
  },
  'of a Redis Cluster': async (t) => {
    const cluster = await startRedisCluster(3, { replicas: 1 });
    t.onTestFinished(() => cluster.stop());
    const owner = await ownerIn(cluster.nodes);
    return {
      url: cluster.url,
      primary: owner,
      replica: cluster.replicas[cluster.nodes.indexOf(owner)] as RedisServer,
    };
  },
};

async function slotOf(server: RedisServer): Promise<number> {
  return Number(await tell(server.port, (redis) => redis.cluster('KEYSLOT', '{sms}')));
}

async function ownerIn(nodes: readonly RedisServer[]): Promise<RedisServer> {
  const slot = await slotOf(nodes[0] as RedisServer);
  return nodes[Math.floor(slot / Math.ceil(16_384 / nodes.length))] as RedisServer;
}

describe.concurrent('a primary', { timeout: 360_000 }, () => {
  it.each(Object.entries(GROUPS))(
    '%s that is frozen, replaced and wakes confirms nothing that is lost then: each text leaves once',
    async (_, start) => {
      const ends: (() => Promise<void> | void)[] = [];
      const t = { onTestFinished: (end: () => Promise<void> | void) => void ends.push(end) } as unknown as TestContext;
      try {
        const { url, primary, replica } = await start(t);
        const { system, asked, answer } = await open(t, url, true);
        const ids = await post(
          system.url,
          Array.from({ length: 8 }, (_, index) => critical(index)),
        );
        await until(() => asked.length === 4, 20_000);
        await until(() => replicates(primary), 20_000);
        primary.process.kill('SIGSTOP');
        answer();
        await until(async () => (await tell(replica.port, (redis) => redis.info('replication'))).includes('role:master'), 40_000);
        // What is on its way to the old one is written to the new one, before the old one can confirm it.
        await until(() => system.output().includes('Redis primary replaced'), 20_000);
        await until(() => tell(replica.port, someAccepted), 20_000);
        primary.process.kill('SIGCONT');
        for (const id of ids) await settled(system.url, id, ['accepted'], 40_000);
        expect(asked.toSorted()).toEqual(Array.from({ length: 8 }, (_, index) => critical(index).to));
      } finally {
        for (const end of ends.reverse()) await end();
      }
    },
  );
});

describe('a replica that becomes the primary without what was confirmed last', { timeout: 360_000 }, () => {
  it.each(Object.entries(GROUPS).flatMap(([name, start]) => [true, false].map((held) => [name, held, start] as const)))(
    '%s costs no alert, and no text leaves twice (while the provider is being called: %s)',
    async (_, held, start) => {
      const ends: (() => Promise<void> | void)[] = [];
      const t = { onTestFinished: (end: () => Promise<void> | void) => void ends.push(end) } as unknown as TestContext;
      try {
        const { url, primary, replica } = await start(t);
        const { system, asked, answer } = await open(t, url, held);
        const alerts = Array.from({ length: 4 }, (_, index) => critical(index));
        const ids = await post(system.url, alerts);
        await until(() => asked.length === alerts.length, 20_000);
        if (!held) for (const id of ids) await settled(system.url, id, ['accepted'], 40_000);
        // The most that a failover can lose: the replica holds nothing.
        await tell(replica.port, async (redis) => {
          await redis.config('SET', 'replica-read-only', 'no');
          await redis.flushall();
        });
        await primary.kill();
        await until(() => system.output().includes('Redis lost sends in a failover'), 60_000);
        answer();
        for (const id of ids) await settled(system.url, id, ['accepted'], 60_000);
        expect(asked.toSorted()).toEqual(alerts.map(({ to }) => to));
        const histories = await Promise.all(ids.map((id) => trace(system.url, id)));
        expect(histories.flatMap(({ messages }) => messages).map(({ attempts }) => attempts.length)).toEqual([1, 1, 1, 1]);
        const scrape = await metrics(system.url);
        expect([total([scrape], 'sms_messages_total'), total([scrape], 'sms_message_outcomes_total')]).toEqual([4, 4]);
      } finally {
        for (const end of ends.reverse()) await end();
      }
    },
  );
});

async function someAccepted(redis: Redis): Promise<boolean> {
  const entries = await redis.keys('{sms}:message:*');
  return (await Promise.all(entries.map((key) => redis.hget(key, 'state')))).includes('accepted');
}

async function replicates(primary: RedisServer): Promise<boolean> {
  const info = await tell(primary.port, (redis) => redis.info('replication'));
  const [, reached] = /offset=(\d+)/.exec(info) ?? [];
  return reached !== undefined && info.includes(`master_repl_offset:${reached}\r\n`);
}

describe.concurrent('a Redis Cluster', { timeout: 480_000 }, () => {
  it('that moves our slot while it is used, its scripts flushed, answers 202 or 503 and loses nothing', async (t) => {
    const cluster = await startRedisCluster(3);
    t.onTestFinished(() => cluster.stop());
    const { system, asked } = await open(t, cluster.url, false);
    const client = createProducer({ redis: cluster.url });
    t.onTestFinished(() => client.close());
    const owner = await ownerIn(cluster.nodes);
    const [other, third] = cluster.nodes.filter((node) => node !== owner) as [RedisServer, RedisServer];

    const statuses = new Set<number>();
    const errors = new Set<string>();
    let next = 0;
    let moving = true;
    const taken: string[] = [];
    const raise = async (take: (alert: ReturnType<typeof critical>) => Promise<boolean>) => {
      while (moving || taken.length < 20) {
        const alert = critical(next++);
        await until(() => take(alert), 60_000, 100);
        taken.push(alert.id);
      }
    };
    const raising = [
      raise(async (alert) => {
        const { status } = await call(`${system.url}/v1/alerts`, { body: alert });
        statuses.add(status);
        return status === 202;
      }),
      raise((alert) =>
        client.enqueue(alert as never).then(
          () => true,
          ({ name }: Error) => {
            errors.add(name);
            return false;
          },
        ),
      ),
    ];
    await until(() => taken.length > 5, 20_000);
    const flush = () => Promise.all([owner, other].map(({ port }) => tell(port, (redis) => redis.script('FLUSH'))));
    await migrateSlot(await slotOf(owner), owner, other, [third], { batch: 10, stepMs: 100, onStep: flush });
    moving = false;
    await Promise.all(raising);

    for (const id of taken) await settled(system.url, id, ['accepted'], 60_000);
    expect([...statuses].filter((status) => ![202, 503].includes(status))).toEqual([]);
    expect([...errors].filter((name) => name !== 'RedisUnavailableError')).toEqual([]);
    expect(asked).toHaveLength(taken.length);
  });
});
