import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { findRedisBinary } from '../../src/embedded/find-redis.ts';
import { spawnWatched } from '../../src/embedded/redis-process.ts';
import type { RedisBinary } from '../../src/embedded/run.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { withinDeadline } from '../../src/redis/unavailable.ts';
import { testPort } from './test-port.ts';
import { until } from './until.ts';

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly dir: string;
  readonly process: ChildProcess;
  /**
   * Ends the process with SIGKILL, with all that it has confirmed in its files; {@link RedisServer.restart} brings it
   * back on the same port.
   */
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Below the root of the project, where tests are run. */
export const CACHE_DIR = resolve('.cache');

let binary: Promise<RedisBinary> | undefined;

/** The server program of this machine; where there is none, one is unpacked into `.cache`, once. */
export function localRedisBinary(): Promise<RedisBinary> {
  binary ??= findRedisBinary({ dataDir: CACHE_DIR, env: process.env, say: (line) => console.warn(line) });
  return binary;
}

/**
 * A real redis-server of its own, with AOF, on a free loopback port; `args` come last and win. It never outlives the tests.
 * @param env what its environment holds, such as a moved clock's
 */
export async function startRedisServer(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<RedisServer> {
  const binary = await localRedisBinary();
  const assignments = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const program = assignments.length === 0 ? binary : { ...binary, command: '/usr/bin/env' };
  const words = assignments.length === 0 ? [] : [...assignments, binary.command];
  const port = await testPort();
  const dir = await mkdtemp(join(tmpdir(), 'sms-redis-'));
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--appendonly', 'yes', '--save', ''];
  const launch = async () => {
    const { child, gone } = spawnWatched(program, [...words, ...settings, '--maxmemory-policy', 'noeviction', ...args]);
    const failure = await Promise.race([answers(port), gone]);
    if (failure !== undefined) throw new Error(`redis-server ${args.join(' ')} ended with ${failure}`);
    return child;
  };
  let child = await launch();
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGCONT');
    child.kill(signal);
    await exit;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    dir,
    get process() {
      return child;
    },
    kill: async () => {
      await allWritten(`redis://127.0.0.1:${port}`);
      await end('SIGKILL');
    },
    restart: async () => {
      child = await launch();
    },
    stop: async () => {
      await end('SIGTERM');
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Resolves once the server talks to us; a demand for a password is talk as well. */
async function answers(port: number): Promise<undefined> {
  const redis = connectRedis(`redis://127.0.0.1:${port}`, 'commands');
  await redis.ping().catch(() => undefined);
  redis.disconnect();
}

/**
 * Resolves when all that the Redis at `url` has confirmed is in its file, or when it does not answer. While the disk is
 * slow to sync, Redis confirms writes up to 2 s before it hands them over, so that a SIGKILL could take some with it:
 * https://redis.io/docs/latest/operate/oss_and_stack/management/optimization/latency/#latency-due-to-aof-and-disk-io
 */
export async function allWritten(url: string): Promise<void> {
  const redis = connectRedis(url, 'interactive');
  await until(async () => {
    const info = await withinDeadline(redis.info('persistence'), 1000).catch(() => 'aof_enabled:0');
    return info.includes('aof_enabled:0') || info.includes('aof_buffer_length:0\r\n');
  });
  redis.disconnect();
}
