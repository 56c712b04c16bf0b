import { describe, expect, it, type TestContext } from 'vitest';
import { startRedisCluster, startSentinelGroup, tell } from '../support/redis-groups.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { call, launch, post, runToEnd, type SystemProcess, settled } from '../support/system.ts';
import { testPort } from '../support/test-port.ts';
import { until } from '../support/until.ts';
import { type FakeTwilio, startFakeTwilio } from '../support/vendors/twilio.ts';

const account = { accountSid: `AC${'e'.repeat(32)}`, authToken: 'the-token-of-the-redis-faults' };

const phone = (index: number) => `+6012345${String(1000 + index)}`;
const criticals = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({
    id: `number-${from + index}`,
    severity: 'critical',
    to: phone(from + index),
    text: `number ${from + index}`,
  }));

interface Bench {
  readonly system: SystemProcess;
  readonly vendor: FakeTwilio;
  /** Posts criticals and waits until each was taken by the vendor. */
  send(from: number, count: number): Promise<void>;
  /** Each phone that the vendor was asked to text, in order, with its repetitions. */
  asked(): string[];
  /** Lines of the log at `warn` and above about Redis itself; a busy machine causes others, such as a blocked event loop. */
  complaints(): { msg: string; hint?: string }[];
}

/** Everything in one process, two texts at a time, paced, on the Redis at `redisUrl`. */
async function open({ onTestFinished }: TestContext, redisUrl: string): Promise<Bench> {
  const vendor = await startFakeTwilio(account);
  onTestFinished(() => vendor.close());
  const config = `
providers:
  only: { type: twilio, accountSid: ${account.accountSid}, authToken: ${account.authToken}, from: "+15005550006", baseUrl: "${vendor.url}", maxPerSecond: 200 }
routes: [{ name: default, providers: [only] }]
worker: { concurrency: 2 }
`;
  const system = await launch({ config, redisUrl, onEnd: onTestFinished });
  return {
    system,
    vendor,
    send: async (from, count) => {
      // A door that has just found Redis again may still answer 503 once; the same ids may be posted again.
      for (const id of await until(() => post(system.url, criticals(from, count)), 20_000))
        await settled(system.url, id, ['accepted'], 20_000);
    },
    // A slow machine may also make it ask for the status of a text, which is a request without a number.
    asked: () => vendor.requests.flatMap(({ form }) => form.To ?? []),
    complaints: () =>
      system
        .output()
        .split('\n')
        .filter((line) => /^\{"level":"(?:warn|error|fatal)"/.test(line))
        .map((line) => JSON.parse(line) as { msg: string; hint?: string })
        // A machine with other work may stop a process for a while.
        .filter(({ msg }) => msg.startsWith('Redis')),
  };
}

/** The vendor takes what it is sent and says so when the returned function is called, and from then on at once. */
function holdAnswers(vendor: FakeTwilio): () => void {
  let release: () => void = () => undefined;
  const released = new Promise<undefined>((resolve) => {
    release = () => resolve(undefined);
  });
  vendor.respondWith(() => released);
  return release;
}

async function ownServer({ onTestFinished }: TestContext, ...args: string[]): Promise<RedisServer> {
  const server = await startRedisServer(args);
  onTestFinished(() => server.stop());
  return server;
}

const wellAgain = (system: SystemProcess, times = 1) =>
  until(() => system.output().split('Redis connection recovered').length > times, 20_000);

/** How often this Redis has given the answer `word`. */
const refusals = (server: RedisServer, word: string) =>
  tell(server.port, async (redis) => Number(new RegExp(`errorstat_${word}:count=(\\d+)`).exec(await redis.info('errorstats'))?.[1] ?? 0));

const FAULTS = [
  {
    word: 'OOM',
    line: 'is full and rejects writes',
    begin: (server: RedisServer) => tell(server.port, (redis) => redis.config('SET', 'maxmemory', '1')),
    end: (server: RedisServer) => tell(server.port, (redis) => redis.config('SET', 'maxmemory', '0')),
  },
  {
    word: 'READONLY',
    line: 'is a read-only replica',
    begin: (server: RedisServer) => tell(server.port, async (redis) => redis.replicaof('127.0.0.1', String(await testPort()))),
    end: (server: RedisServer) => tell(server.port, (redis) => redis.replicaof('NO', 'ONE')),
  },
];

describe.concurrent('Redis', { timeout: 240_000 }, () => {
  it('that is full, and later is demoted, lets no text leave; then each leaves once, and none that was answered meanwhile again', async (t) => {
    const server = await ownServer(t);
    const { system, vendor, asked, complaints } = await open(t, server.url);
    for (const [round, { word, line, begin, end }] of FAULTS.entries()) {
      const alerts = criticals(round * 8, 8);
      const done = asked().length;
      const answer = holdAnswers(vendor);
      const ids = await post(system.url, alerts);
      await until(() => asked().length === done + 2);

      await begin(server);
      answer();
      await until(() => system.output().includes(line));
      const { status, headers } = await call(`${system.url}/v1/alerts`, { body: criticals(90, 1) });
      expect(status).toBe(503);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      const before = await refusals(server, word);
      await until(async () => (await refusals(server, word)) > before + 10);
      expect(asked()).toHaveLength(done + 2);
      expect(complaints()).toHaveLength(round + 1);
      expect(complaints()[round]).toMatchObject({ msg: expect.stringContaining(line), hint: expect.any(String) });

      await end(server);
      await wellAgain(system, round + 1);
      for (const id of ids) {
        const { messages } = await settled(system.url, id, ['accepted'], 30_000);
        expect(messages[0]?.attempts).toMatchObject([{ result: 'accepted' }]);
      }
      expect(asked().slice(done).toSorted()).toEqual(alerts.map(({ to }) => to));
    }
    expect(complaints()).toHaveLength(FAULTS.length);
  });

  it('that loses its scripts receives them again; that gets another password keeps existing connections; after a disconnect the fault is logged, and work resumes when the password is valid again', async (t) => {
    const server = await ownServer(t, '--requirepass', 'first-word');
    const { system, send, complaints } = await open(t, server.url.replace('//', '//:first-word@'));
    const admin = <T>(password: string, ...args: [string, ...string[]]) =>
      tell(server.port, (redis) => redis.call(...args) as Promise<T>, password);
    await send(0, 2);
    await admin('first-word', 'CONFIG', 'SET', 'requirepass', 'second-word');
    await send(2, 1);
    // Sent to it again without a word.
    await admin('second-word', 'SCRIPT', 'FLUSH');
    await send(3, 1);
    expect(complaints()).toEqual([]);
    await admin('second-word', 'CLIENT', 'KILL', 'SKIPME', 'yes');
    await until(() => system.output().includes('refuses the user name or password'));
    expect((await call(`${system.url}/v1/alerts`, { body: criticals(4, 1) })).status).toBe(503);

    await admin('second-word', 'CONFIG', 'SET', 'requirepass', 'first-word');
    await wellAgain(system);
    await send(5, 5);
    expect(complaints()).toMatchObject([{ msg: expect.stringContaining('refuses the user name or password') }]);
    expect(system.output()).not.toMatch(/(?:first|second)-word/);
  });

  it('that comes back with much to load is waited for', async (t) => {
    // Slow to load, so that a few thousand keys are much.
    const server = await ownServer(t, '--key-load-delay', '500', '--loading-process-events-interval-bytes', '1024');
    const { system, send } = await open(t, server.url);
    await send(0, 2);
    await tell(server.port, (redis) => redis.pipeline(Array.from({ length: 6000 }, (_, index) => ['set', `filler-${index}`, 'x'])).exec());
    await server.kill();
    const loaded = server.restart();
    await until(() => system.output().includes('is loading its data'));
    await loaded;
    await wellAgain(system);
    await send(2, 3);
  });

  it('that refuses our password at the start is reported in words, with exit code 1 and without repeating it', async ({
    onTestFinished,
  }) => {
    const server = await startRedisServer(['--requirepass', 'the-word']);
    onTestFinished(() => server.stop());
    const config = 'providers: { desk: { type: simulated } }\nroutes: [{ name: default, providers: [desk] }]\n';
    const redisUrl = server.url.replace('//', '//:not-the-word@');
    const { code, output } = await runToEnd({ config, redisUrl, onEnd: onTestFinished });
    expect(code).toBe(1);
    expect(output).toContain('refuses the user name or password');
    expect(output).not.toContain('the-word');
  });
});

describe.concurrent('Redis behind Sentinels', { timeout: 240_000 }, () => {
  it('that fails over is followed: each text leaves once, those answered meanwhile too', async (t) => {
    const group = await startSentinelGroup('sentinel-word');
    t.onTestFinished(() => group.stop());
    const { system, vendor, asked } = await open(t, group.url);
    const answer = holdAnswers(vendor);
    const ids = await post(system.url, criticals(0, 8));
    await until(() => asked().length === 2);
    await group.inSync();
    await group.failOver();
    answer();
    for (const id of ids) await settled(system.url, id, ['accepted'], 30_000);
    expect(asked().toSorted()).toEqual(criticals(0, 8).map(({ to }) => to));
    expect(system.output()).not.toContain('sentinel-word');
  });
});

describe.concurrent('a Redis Cluster', { timeout: 240_000 }, () => {
  it('carries everything, loses the node with all our keys, and goes on when that is back', async (t) => {
    const cluster = await startRedisCluster(3);
    t.onTestFinished(() => cluster.stop());
    const { system, send, asked } = await open(t, cluster.url);
    await send(0, 5);
    const sizes = await Promise.all(cluster.nodes.map(({ port }) => tell(port, (redis) => redis.dbsize())));
    expect(sizes.filter((size) => size > 0)).toHaveLength(1);
    const home = cluster.nodes[sizes.findIndex((size) => size > 0)] as RedisServer;

    await home.kill();
    await until(async () => (await call(`${system.url}/v1/alerts`, { body: criticals(5, 1) })).status === 503);
    await home.restart();
    await wellAgain(system);
    await send(6, 5);
    expect(asked().toSorted()).toEqual([...criticals(0, 5), ...criticals(6, 5)].map(({ to }) => to));
  });
});
