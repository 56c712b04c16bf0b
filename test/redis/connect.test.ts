import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { inspect } from 'node:util';
import type { Redis } from 'ioredis';
import { describe, expect, it, type TestContext } from 'vitest';
import { connectRedis, type Role } from '../../src/redis/connect.ts';
import { asUnavailable, RedisUnavailableError, withinDeadline } from '../../src/redis/unavailable.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { testPort } from '../support/test-port.ts';
import { until } from '../support/until.ts';

// Most of the time here is waiting, so the tests wait side by side and each cleans up after itself.
async function ownServer({ onTestFinished }: TestContext, ...args: string[]): Promise<RedisServer> {
  const server = await startRedisServer(args);
  onTestFinished(server.stop);
  return server;
}

function open({ onTestFinished }: TestContext, url: string, role: Role, onError?: (error: Error) => void): Redis {
  const redis = connectRedis(url, role, onError) as Redis;
  onTestFinished(() => redis.disconnect());
  return redis;
}

/** Outcome and duration of a call, in ms. */
async function timed<T>(work: Promise<T>): Promise<{ value?: T; error?: unknown; ms: number }> {
  const start = performance.now();
  try {
    return { value: await work, ms: performance.now() - start };
  } catch (error) {
    return { error, ms: performance.now() - start };
  }
}

describe.concurrent('a door', () => {
  it('fails immediately on a closed port, and works as soon as a server is there', async (t) => {
    const server = await ownServer(t);
    await server.kill();
    const redis = open(t, server.url, 'interactive');
    const { error, ms } = await timed(withinDeadline(redis.ping()));
    expect(error).toBeInstanceOf(RedisUnavailableError);
    expect(ms).toBeLessThan(1500);

    await server.restart();
    await until(() => redis.ping().then((answer) => answer === 'PONG'));
  });

  it('fails within 4 s on a server that froze under it, and works when that wakes up', async (t) => {
    const server = await ownServer(t);
    const redis = open(t, server.url, 'interactive');
    await redis.ping();
    server.process.kill('SIGSTOP');
    for (const { error, ms } of await Promise.all([timed(redis.set('a', 1)), timed(redis.get('a'))])) {
      expect(error).toMatchObject({ message: 'Command timed out' });
      expect(asUnavailable(error)).toBeInstanceOf(RedisUnavailableError);
      expect(ms).toBeLessThan(5000);
    }
    server.process.kill('SIGCONT');
    await until(() => redis.ping().then((answer) => answer === 'PONG'));
  });

  it('fails within 4 s on a server that was frozen before it came', async (t) => {
    const server = await ownServer(t);
    server.process.kill('SIGSTOP');
    const redis = open(t, server.url, 'interactive');
    const { error, ms } = await timed(redis.ping());
    expect(error).toMatchObject({ message: 'Command timed out' });
    expect(ms).toBeLessThan(5000);

    server.process.kill('SIGCONT');
    await until(() => redis.ping().then((answer) => answer === 'PONG'));
  });

  it('never serves later what it refused: a call that failed during an outage is not sent when Redis is back', async (t) => {
    const server = await ownServer(t);
    const redis = open(t, server.url, 'interactive');
    await redis.ping();
    await server.kill();
    const calls = await Promise.all(Array.from({ length: 20 }, (_, index) => timed(redis.set(`key-${index}`, 1))));
    expect(calls.every(({ error }) => error !== undefined)).toBe(true);

    await server.restart();
    await until(() => redis.ping().then((answer) => answer === 'PONG'));
    expect(await redis.dbsize()).toBe(0);
  });
});

describe.concurrent.each(['commands', 'worker'] as const)('a connection for %s', (role) => {
  it('waits through an outage, however many attempts it takes, and then answers', async (t) => {
    const server = await ownServer(t);
    let faults = 0;
    const redis = open(t, server.url, role, () => faults++);
    await redis.set('kept', 'yes');
    await server.kill();
    const waiting = redis.get('kept');
    await until(() => faults > 0 && redis.status === 'reconnecting');
    await server.restart();
    expect(await waiting).toBe('yes');
  });

  it('leaves a server that has gone silent for 12 s and finds one that answers', { timeout: 120_000 }, async (t) => {
    const server = await ownServer(t);
    const proxy = await silencingProxy(server.port);
    t.onTestFinished(proxy.close);
    const redis = open(t, `redis://127.0.0.1:${proxy.port}`, role);
    await redis.set('kept', 'yes');
    proxy.silence();
    const { value, ms } = await timed(redis.get('kept'));
    expect(value).toBe('yes');
    expect(ms).toBeGreaterThan(11_000);
    expect(ms).toBeLessThan(15_000);
  });
});

it.concurrent('reports each fault once an outage, not at each attempt', async (t) => {
  const server = await ownServer(t);
  const faults: string[] = [];
  const redis = open(t, server.url, 'commands', (error) => faults.push(error.message));
  await redis.ping();
  let closes = 0;
  redis.on('close', () => closes++);
  for (const outage of [1, 2]) {
    closes = 0;
    await server.kill();
    await until(() => closes >= 4);
    // That the connection was closed, and why there is no other.
    expect(faults).toHaveLength(2 * outage);
    await server.restart();
    await redis.ping();
  }
});

it.concurrent('leaves a primary that was demoted and sends the refused call again', async (t) => {
  const server = await ownServer(t);
  const admin = open(t, server.url, 'commands');
  const redis = open(t, server.url, 'commands');
  await redis.ping();
  await admin.replicaof('127.0.0.1', String(await testPort()));
  let reconnects = 0;
  redis.on('reconnecting', () => reconnects++);
  const write = redis.set('key', 'value');
  await until(() => reconnects > 0);
  await admin.replicaof('NO', 'ONE');
  expect(await write).toBe('OK');
});

it.concurrent('reports a replica to an interactive caller immediately', async (t) => {
  const server = await ownServer(t, '--replicaof', '127.0.0.1', '1');
  const redis = open(t, server.url, 'interactive');
  await expect(withinDeadline(redis.set('key', 'value'))).rejects.toThrow(/not available: READONLY/);
});

describe.concurrent('errors', () => {
  it('contain neither the password nor the arguments of the failed command, for every listener', async (t) => {
    const server = await ownServer(t, '--requirepass', 'right');
    const heard: Error[] = [];
    const redis = open(t, server.url.replace('//', '//:hunter2@'), 'interactive', (error) => heard.push(error));
    const duplicate = redis.duplicate();
    t.onTestFinished(() => duplicate.disconnect());
    let fromDuplicate = 0;
    duplicate.on('error', (error) => {
      fromDuplicate = heard.push(error);
    });
    await redis.ping().catch((error) => heard.push(error));
    await until(() => heard.length >= 3 && fromDuplicate > 0);
    expect(heard[0]?.message).toContain('WRONGPASS');
    for (const error of heard) expect(inspect(error, { depth: null, showHidden: true })).not.toContain('hunter2');

    const admin = open(t, server.url.replace('//', '//:right@'), 'commands');
    await admin.set('number', 'x');
    const failure = await admin.lpush('number', '+12025550123').catch((error: Error) => error);
    expect(failure).toMatchObject({ message: expect.stringContaining('WRONGTYPE') });
    expect(Object.keys(failure as Error)).not.toContain('command');
  });

  it('name a server that repeats the password without repeating it', async (t) => {
    const server = createServer((socket) =>
      socket.on('data', () => socket.write("-ERR unknown command 'AUTH', with args beginning with: 'hunter2'\r\n".repeat(10))),
    ).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.onTestFinished(() => void server.close());
    const heard: string[] = [];
    open(t, `redis://:hunter2@127.0.0.1:${(server.address() as { port: number }).port}`, 'interactive', (error) =>
      heard.push(error.message),
    );
    await until(() => heard.length > 0);
    expect(heard[0]).toContain("'***'");
  });
});

/** A TCP proxy that can stop passing anything on for the connections it has, as a network does that drops packets. */
async function silencingProxy(target: number): Promise<{ port: number; silence(): void; close(): void }> {
  const pairs = new Set<() => void>();
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    client.pipe(upstream).pipe(client);
    pairs.add(() => {
      client.unpipe(upstream);
      upstream.unpipe(client);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as { port: number }).port,
    silence: () => {
      for (const cut of pairs) cut();
      pairs.clear();
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
