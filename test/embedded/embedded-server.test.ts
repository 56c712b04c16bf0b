import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DirectoryInUseError, type EmbeddedServer, endOrphan, startEmbeddedServer } from '../../src/embedded/embedded-server.ts';
import { writeServerNote } from '../../src/embedded/redis-process.ts';
import { connectRedis, type Redis } from '../../src/redis/connect.ts';
import { askServer } from '../../src/redis/connection/ping.ts';
import { allWritten, localRedisBinary, startRedisServer } from '../support/redis-server.ts';
import { until } from '../support/until.ts';

let dataDir: string;
let said: string[];
const clean: (() => unknown)[] = [];

beforeEach(async () => {
  said = [];
  dataDir = await mkdtemp(join(tmpdir(), 'sms-embedded-'));
});
afterEach(async () => {
  for (const step of clean.splice(0).reverse()) await step();
  await rm(dataDir, { recursive: true, force: true });
});

async function start(): Promise<EmbeddedServer> {
  const server = await startEmbeddedServer({ binary: await localRedisBinary(), dataDir, say: (line) => said.push(line) });
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= server.stop();
    return stopping;
  };
  clean.push(stop);
  return { ...server, stop };
}

/** Runs `work` with a client of the server at `url`. */
async function at<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = connectRedis(url, 'interactive');
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

const portOf = (url: string) => Number(new URL(url).port);
const isGone = async (url: string) => (await askServer(portOf(url))) === 'gone';
const pidOf = async (redis: Redis) => Number(/process_id:(\d+)/.exec(await redis.info('server'))?.[1]);

interface Told {
  readonly url?: string;
  readonly serverPid?: number;
  readonly interrupted?: true;
  readonly failed?: string;
}

/** Another process that owns the embedded server of `dataDir`, as leader of a group, like a command in a terminal. */
async function otherProcess(): Promise<{ child: ChildProcess; told: Told[]; exit: Promise<unknown> }> {
  const script = fileURLToPath(new URL('../../dist/test/support/embedded-owner.js', import.meta.url));
  const child = spawn(process.execPath, [script, dataDir], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const exit = once(child, 'exit');
  clean.push(() => child.kill('SIGKILL'));
  const told: Told[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => told.push(JSON.parse(line) as Told));
  await until(() => told.length > 0);
  return { child, told, exit };
}

describe('an embedded server', () => {
  it('is a Redis on a loopback port, with an append-only file that only its owner may read', async () => {
    const { url, dir, port } = await start();
    expect(url).toBe(`redis://127.0.0.1:${port}`);
    expect(dir).toMatch(/\/redis$/);
    expect((await stat(dir)).mode & 0o077).toBe(0);
    await at(url, async (redis) => {
      const settings = await redis.config('GET', 'bind', 'append*', 'maxmemory-policy', 'save', 'dir');
      expect(settings).toEqual(expect.arrayContaining(['127.0.0.1', 'yes', 'everysec', 'noeviction', dir]));
      expect(settings).toContain('');
    });
  });

  it('keeps its data over a restart', async () => {
    const first = await start();
    await at(first.url, (redis) => redis.set('kept', 'yes'));
    await first.stop();
    expect(await isGone(first.url)).toBe(true);
    const second = await start();
    expect(await at(second.url, (redis) => redis.get('kept'))).toBe('yes');
  });

  it('comes back on the same port, data and all, when it is killed, and says so', async () => {
    const { url } = await start();
    const client = connectRedis(url, 'commands');
    clean.push(() => client.disconnect());
    await client.set('kept', 'yes');
    await allWritten(url);
    process.kill(await pidOf(client), 'SIGKILL');
    await until(() => said.length > 0);
    expect(await client.get('kept')).toBe('yes');
    expect(said).toEqual(['embedded Redis ended unexpectedly (signal SIGKILL); restarting it']);
  });

  it('can be stopped while it is down, and then stays down', async () => {
    const server = await start();
    process.kill(await at(server.url, pidOf), 'SIGKILL');
    await until(() => said.length > 0);
    await server.stop();
    expect(await isGone(server.url)).toBe(true);
    await start();
  });

  it('says why when it cannot start', async () => {
    await mkdir(join(dataDir, 'redis/appendonlydir'), { recursive: true });
    await writeFile(join(dataDir, 'redis/appendonlydir/appendonly.aof.manifest'), 'nonsense\n');
    await expect(start()).rejects.toThrow(/redis-server did not start \(exit code 1\): .*Invalid AOF manifest file format/s);
  });
});

describe('a data directory', () => {
  it('serves one of two that start at the same moment', async () => {
    const outcomes = await Promise.allSettled([start(), start()]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find((outcome) => outcome.status === 'rejected')?.reason).toBeInstanceOf(DirectoryInUseError);
  });

  it('is refused while another process uses it, naming that one, and free once it has ended', async () => {
    const { child, told, exit } = await otherProcess();
    const refusal = await start().catch((error: Error) => error);
    expect(refusal).toBeInstanceOf(DirectoryInUseError);
    expect(refusal).toMatchObject({ message: expect.stringContaining(`process ${child.pid}`) });
    const [{ url = '' } = {}] = told;
    await at(url, (redis) => redis.set('kept', 'yes'));

    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
    const mine = await start();
    expect(await at(mine.url, (redis) => redis.get('kept'))).toBe('yes');
  });

  it('is whole after its owner was killed, and nothing of the owner remains', async () => {
    const { child, told, exit } = await otherProcess();
    const [{ url = '', serverPid = 0 } = {}] = told;
    await at(url, (redis) => redis.set('kept', 'yes'));
    expect(await groupLives(serverPid)).toBe(process.platform === 'linux');
    child.kill('SIGKILL');
    await exit;
    // The server leads the group that its watcher is in.
    await until(async () => !(await groupLives(serverPid)));

    const mine = await start();
    expect(await at(mine.url, (redis) => redis.get('kept'))).toBe('yes');
  });

  it('is taken over immediately from an owner that was just killed', async () => {
    const { child, told, exit } = await otherProcess();
    const [{ url = '' } = {}] = told;
    await at(url, (redis) => redis.set('kept', 'yes'));
    child.kill('SIGKILL');
    await exit;
    const mine = await start();
    expect(await at(mine.url, (redis) => redis.get('kept'))).toBe('yes');
  });

  it('is taken over from a server that outlived its owner', async () => {
    const dir = join(dataDir, 'redis');
    await mkdir(dir);
    const orphan = await startRedisServer(['--dir', dir]);
    clean.push(orphan.stop);
    await writeServerNote(dir, { port: orphan.port });
    await at(orphan.url, (redis) => redis.set('kept', 'yes'));

    const mine = await start();
    expect(mine.port).not.toBe(orphan.port);
    expect(orphan.process.exitCode).toBe(0);
    expect(await at(mine.url, (redis) => redis.get('kept'))).toBe('yes');
  });

  it('is refused, with the way out, while such a server is frozen', async () => {
    const dir = join(dataDir, 'redis');
    await mkdir(dir);
    const orphan = await startRedisServer(['--dir', dir]);
    clean.push(orphan.stop);
    await writeServerNote(dir, { port: orphan.port, pid: orphan.process.pid });
    orphan.process.kill('SIGSTOP');
    await expect(endOrphan(dir, 100)).rejects.toThrow(`kill -9 ${orphan.process.pid}`);
    expect(JSON.parse(await readFile(join(dir, 'server.json'), 'utf8'))).toMatchObject({ port: orphan.port });
  });

  it('costs no stranger its Redis that happens to have the port of ours', async () => {
    const stranger = await startRedisServer();
    clean.push(stranger.stop);
    await mkdir(join(dataDir, 'redis'));
    await writeServerNote(join(dataDir, 'redis'), { port: stranger.port });
    const mine = await start();
    expect(await at(stranger.url, (redis) => redis.ping())).toBe('PONG');
    expect(mine.port).not.toBe(stranger.port);
  });
});

describe('Ctrl-C in a terminal', () => {
  it('reaches the owner but not its Redis, which ends with the owner', async () => {
    const { child, told, exit } = await otherProcess();
    const [{ url = '', serverPid = 0 } = {}] = told;
    process.kill(-(child.pid as number), 'SIGINT');
    await until(() => told.some(({ interrupted }) => interrupted));
    expect(await at(url, (redis) => redis.ping())).toBe('PONG');

    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
    await until(async () => !(await groupLives(serverPid)));
  });
});

/** True while a process of this group runs; the dead that nobody has buried yet do not count. */
async function groupLives(leader: number): Promise<boolean> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  // pid (name) state parent group …
  const members = stats.map((text) => /\) (\S) \d+ (\d+) /.exec(text)).filter((fields) => fields?.[2] === String(leader));
  return members.some((fields) => fields?.[1] !== 'Z');
}
