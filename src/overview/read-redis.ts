import { isCluster, type Redis } from '../redis/connect.ts';
import { classifyTrouble } from '../redis/fitness/trouble.ts';
import { type RedisFigures, readRedisFigures } from './redis-figures.ts';

/**
 * What Redis tells of itself; `undefined` where that says nothing about the whole, as of one node of a Cluster, or where INFO is
 * forbidden or has another name, as some managed services have it.
 * @throws Error when Redis is away
 */
export async function readRedis(redis: Redis): Promise<RedisFigures | undefined> {
  if (isCluster(redis)) return undefined;
  try {
    return readRedisFigures(await redis.info());
  } catch (error) {
    if (error instanceof Error && isForbidden(error)) return undefined;
    throw error;
  }
}

function isForbidden(error: Error): boolean {
  return classifyTrouble(error)?.kind === 'no_permission' || /\bunknown command\b/i.test(error.message);
}
