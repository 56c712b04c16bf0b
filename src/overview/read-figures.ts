import type { Config } from '../config/config.ts';
import { readHourUsage } from '../limit/caps/cap-usage.ts';
import { isCluster, type Redis } from '../redis/connect.ts';
import { classifyTrouble } from '../redis/fitness/trouble.ts';
import type { Keys } from '../redis/keys.ts';
import { type CapFigures, type RedisFigures, readRedisFigures } from './figures.ts';

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

/**
 * The usage of the caps over all recipients that the config sets; empty where it sets none. With simulated providers alone
 * it is that of the trial, which counts by itself. Rejects when Redis does.
 */
export async function readCaps(redis: Redis, keys: Keys, { caps, providers }: Pick<Config, 'caps' | 'providers'>): Promise<CapFigures[]> {
  if (caps.perHour === undefined) return [];
  const isTrial = [...providers.values()].every(({ type }) => type === 'simulated');
  return [{ cap: 'per_hour', used: await readHourUsage(redis, keys, isTrial), ...caps.perHour }];
}
