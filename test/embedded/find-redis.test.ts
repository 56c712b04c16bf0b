import { access, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FoundRedis, findRedis, locateRedis } from '../../src/embedded/find-redis.ts';
import { writeServerNote } from '../../src/embedded/redis-process.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { RedisUnavailableError } from '../../src/redis/unavailable.ts';
import { CACHE_DIR, type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { testPort } from '../support/test-port.ts';
import { until } from '../support/until.ts';

let dataDir: string;
let said: string[];
const clean: (() => unknown)[] = [];

beforeEach(async () => {
  said = [];
  dataDir = await mkdtemp(join(tmpdir(), 'sms-find-'));
  // Where no server is installed, the tests have unpacked one already.
  await symlink(join(CACHE_DIR, 'redis-server'), join(dataDir, 'redis-server'));
});
afterEach(async () => {
  for (const step of clean.splice(0).reverse()) await step();
  await rm(dataDir, { recursive: true, force: true });
});

async function ownServer(...args: string[]): Promise<RedisServer> {
  const server = await startRedisServer(args);
  clean.push(server.stop);
  return server;
}

async function find(where: { url?: string; localPort: number }): Promise<FoundRedis> {
  const found = await findRedis({ ...where, dataDir, env: process.env, say: (line) => said.push(line) });
  clean.push(found.stop);
  return found;
}

async function answers(url: string): Promise<boolean> {
  const redis = connectRedis(url, 'interactive');
  return redis
    .ping()
    .then(
      () => true,
      () => false,
    )
    .finally(() => redis.disconnect());
}

/** Nothing was started: an embedded server would have made its directory. */
const nothingStarted = () =>
  access(join(dataDir, 'redis')).then(
    () => false,
    () => true,
  );

describe('the Redis that start uses', () => {
  it('is waited for while it loads its data, and said so', async () => {
    const slow = await ownServer('--key-load-delay', '400');
    const admin = connectRedis(slow.url, 'commands');
    clean.push(() => admin.disconnect());
    await admin.pipeline(Array.from({ length: 8000 }, (_, index) => ['set', `filler-${index}`, 'x'])).exec();
    await slow.kill();
    const loaded = slow.restart();
    await until(() => {
      const probe = connectRedis(slow.url, 'probe');
      return probe
        .ping()
        .then(
          () => false,
          ({ message }) => message.startsWith('LOADING'),
        )
        .finally(() => probe.disconnect());
    });
    expect(await find({ localPort: slow.port })).toMatchObject({ url: slow.url, source: 'local' });
    await loaded;
    expect(said[0]).toBe(`Redis at ${slow.url} is loading its data; waiting`);
    expect(await nothingStarted()).toBe(true);
  });

  it('is the configured one, named without its password, and left running', async () => {
    const configured = await ownServer('--requirepass', 'hunter2');
    const local = await ownServer();
    const url = configured.url.replace('//', '//:hunter2@');
    const found = await find({ url, localPort: local.port });
    expect(found).toMatchObject({ url, source: 'configured' });
    expect(said).toEqual([`Redis: ${configured.url.replace('//', '//:***@')}, as configured`]);
    await found.stop();
    expect(await answers(url)).toBe(true);
    expect(await nothingStarted()).toBe(true);
  });

  it('is never another one when the configured one is down: an immediate error says which and why', async () => {
    const local = await ownServer();
    const port = await testPort();
    const start = performance.now();
    const failure = find({ url: `redis://app:hunter2@127.0.0.1:${port}`, localPort: local.port });
    await expect(failure).rejects.toThrow(RedisUnavailableError);
    await expect(failure).rejects.toThrow(`redis://app:***@127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}`);
    expect(performance.now() - start).toBeLessThan(2000);
    expect(await nothingStarted()).toBe(true);
  });

  it('is never another one when the configured one is frozen: an error within 5 s', async () => {
    const configured = await ownServer();
    configured.process.kill('SIGSTOP');
    const start = performance.now();
    await expect(find({ url: configured.url, localPort: 1 })).rejects.toThrow(RedisUnavailableError);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it('is never another one when the configured one wants a password: the error says so in words', async () => {
    const configured = await ownServer('--requirepass', 'right');
    await expect(find({ url: configured.url, localPort: 1 })).rejects.toThrow(/this Redis requires a password; put it into the URL/);
  });

  it('is otherwise one of this machine, left running', async () => {
    const local = await ownServer();
    const found = await find({ localPort: local.port });
    expect(found).toMatchObject({ url: local.url, source: 'local' });
    expect(said).toEqual([`Redis: ${local.url}, which runs on this machine`]);
    await found.stop();
    expect(await answers(local.url)).toBe(true);
  });

  it('is otherwise an embedded one, said to be for one machine, and ended by stop', async () => {
    const found = await find({ localPort: await testPort() });
    expect(found.source).toBe('embedded');
    expect(await answers(found.url)).toBe(true);
    expect(said.at(-1)).toMatch(/^Redis: embedded \S+ [\d.]+ at redis:\/\/127\.0\.0\.1:\d+, data in \S+\/redis \(for one machine only; /);
    await found.stop();
    expect(await answers(found.url)).toBe(false);
  });

  it.each([
    ['refuses us without a password', async () => (await ownServer('--requirepass', 'right')).port],
    [
      'is frozen',
      async () => {
        const local = await ownServer();
        local.process.kill('SIGSTOP');
        return local.port;
      },
    ],
  ])('is an embedded one where that of this machine %s', async (_, localPort) => {
    expect((await find({ localPort: await localPort() })).source).toBe('embedded');
  });
});

describe('the Redis that a command beside it uses', () => {
  it('is the configured one, untried', async () => {
    expect(await locateRedis({ url: 'redis://elsewhere', dataDir })).toBe('redis://elsewhere');
  });

  it('is the embedded one while it runs, even beside one of this machine, and that one afterwards', async () => {
    const embedded = await find({ localPort: await testPort() });
    const { port, url } = await ownServer();
    expect(await locateRedis({ dataDir, localPort: port })).toBe(embedded.url);
    await embedded.stop();
    expect(await locateRedis({ dataDir, localPort: port })).toBe(url);
  });

  it('is never a stranger that has got the port of an embedded one that crashed', async () => {
    const stranger = await ownServer();
    const local = await ownServer();
    await mkdir(join(dataDir, 'redis'));
    await writeServerNote(join(dataDir, 'redis'), { port: stranger.port });
    expect(await locateRedis({ dataDir, localPort: local.port })).toBe(local.url);
  });

  it('is unavailable when there is none', async () => {
    const localPort = await testPort();
    await expect(locateRedis({ dataDir, localPort })).rejects.toThrow(`nothing answers on 127.0.0.1:${localPort}`);
  });
});
