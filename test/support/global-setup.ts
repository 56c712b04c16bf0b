import { execFileSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import type { TestProject } from 'vitest/node';
import { redactUrl } from '../../src/redis/connect.ts';
import { dockerAnswers } from './docker.ts';
import { localRedisBinary, startRedisServer } from './redis-server.ts';
import { useTempRoot } from './temp-root.ts';

declare module 'vitest' {
  interface ProvidedContext {
    redisUrl: string;
  }
}

const PULL_WITHIN_MS = 90_000;

interface SharedRedis {
  readonly url: string;
  readonly origin: string;
  stop(): Promise<unknown>;
}

/** Builds once (tests that start processes run what users run) and gives every test file one real Redis. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (process.env.NO_BUILD === undefined) execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
  const removeTemp = useTempRoot('sms-tests');
  // Many tests start servers of their own; where none is installed, it is unpacked here and not by each worker.
  await localRedisBinary();
  const redis = await sharedRedis();
  console.warn(`\n=== tests run on ${redis.origin}: ${redactUrl(redis.url)} ===\n`);
  project.provide('redisUrl', redis.url);
  return async () => {
    await redis.stop();
    removeTemp();
  };
}

/** REDIS_URL, else a container where a Docker engine answers, else a server of this machine. */
async function sharedRedis(): Promise<SharedRedis> {
  const given = process.env.REDIS_URL;
  if (given !== undefined) return { url: given, origin: 'the Redis of REDIS_URL', stop: async () => undefined };
  if (await dockerAnswers(process.env)) {
    try {
      return await Promise.race([containerRedis(), tooSlow()]);
    } catch (error) {
      console.warn(`\n=== Docker answers but runs no Redis (${(error as Error).message}): a local one instead ===`);
    }
  }
  const server = await startRedisServer();
  return { url: server.url, origin: 'a Redis server of this machine (no Docker engine in use)', stop: server.stop };
}

/** Pulling the image is the engine's affair and may take for ever. */
async function tooSlow(): Promise<never> {
  await pause(PULL_WITHIN_MS, undefined, { ref: false });
  throw new Error(`no container within ${PULL_WITHIN_MS / 1000} s`);
}

async function containerRedis(): Promise<SharedRedis> {
  const { GenericContainer } = await import('testcontainers');
  const container = await new GenericContainer('redis:7-alpine')
    .withCommand(['redis-server', '--appendonly', 'yes', '--save', '', '--maxmemory-policy', 'noeviction'])
    .withExposedPorts(6379)
    .withStartupTimeout(60_000)
    .start();
  const url = `redis://${container.getHost()}:${container.getMappedPort(6379)}`;
  return { url, origin: 'a container of redis:7-alpine', stop: () => container.stop() };
}
