import { execFileSync } from 'node:child_process';
import type { TestProject } from 'vitest/node';
import { type RedisServer, startRedisServer } from './redis-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    redisUrl: string;
  }
}

/** Builds once (tests that start processes run what users run) and gives every test file one real Redis. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (process.env.NO_BUILD === undefined) execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
  const given = process.env.REDIS_URL;
  const server: RedisServer | undefined = given === undefined ? await startRedisServer() : undefined;
  project.provide('redisUrl', given ?? (server as RedisServer).url);
  return async () => server?.stop();
}
