import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectRedis } from '../../src/redis/connect.ts';
import type { RedisBinary } from '../../src/redis/probe-binary.ts';
import { findRedisBinary } from '../../src/redis/redis-binary.ts';
import { freePort } from './ports.ts';

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly dir: string;
  readonly process: ChildProcess;
  /** Ends the process with SIGKILL and leaves its files; {@link RedisServer.restart} brings it back on the same port. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

let binary: Promise<RedisBinary> | undefined;

/** The server program of this machine; where there is none, one is unpacked into `.cache`, once. */
export function localRedisBinary(): Promise<RedisBinary> {
  const dataDir = new URL('../../.cache', import.meta.url).pathname;
  binary ??= findRedisBinary({ dataDir, env: process.env, say: (line) => console.warn(line) });
  return binary;
}

/** A real redis-server of its own, with AOF, on a free loopback port; `args` come last and win. */
export async function startRedisServer(args: readonly string[] = []): Promise<RedisServer> {
  const { command, libraryPath } = await localRedisBinary();
  const port = await freePort();
  const dir = await mkdtemp(join(tmpdir(), 'sms-redis-'));
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--appendonly', 'yes', '--save', ''];
  const launch = async () => {
    const child = spawn(command, [...settings, '--maxmemory-policy', 'noeviction', ...args], {
      stdio: 'ignore',
      env: libraryPath === undefined ? {} : { LD_LIBRARY_PATH: libraryPath },
    });
    await Promise.race([answers(port), once(child, 'exit').then(() => Promise.reject(new Error(`redis-server ${args.join(' ')} ended`)))]);
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
    kill: () => end('SIGKILL'),
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
async function answers(port: number): Promise<void> {
  const redis = connectRedis(`redis://127.0.0.1:${port}`, 'commands');
  await redis.ping().catch(() => undefined);
  redis.disconnect();
}
