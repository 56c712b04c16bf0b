import { execFileSync } from 'node:child_process';
import type { TestProject } from 'vitest/node';
import { redactUrl } from '../../src/redis/connect.ts';
import { dockerAnswers } from './docker.ts';
import { startRedisServer } from './redis-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    redisUrl: string;
  }
}

interface SharedRedis {
  readonly url: string;
  readonly origin: string;
  stop(): Promise<unknown>;
}

/** Builds once (tests that start processes run what users run) and gives every test file one real Redis. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (process.env.NO_BUILD === undefined) execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
  const redis = await sharedRedis();
  console.warn(`\n=== tests run on ${redis.origin}: ${redactUrl(redis.url)} ===\n`);
  project.provide('redisUrl', redis.url);
  return async () => {
    await redis.stop();
  };
}

/** REDIS_URL, else a container where a Docker engine answers, else a server of this machine. */
async function sharedRedis(): Promise<SharedRedis> {
  const given = process.env.REDIS_URL;
  if (given !== undefined) return { url: given, origin: 'the Redis of REDIS_URL', stop: async () => undefined };
  if (await dockerAnswers(process.env)) {
    try {
      return await containerRedis();
    } catch (error) {
      console.warn(`\n=== Docker answers but runs no Redis (${(error as Error).message}): a local one instead ===`);
    }
  }
  const server = await startRedisServer();
  return { url: server.url, origin: 'a Redis server of this machine (no Docker engine in use)', stop: server.stop };
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
