import type { Config } from '../config/config.ts';
import { readHourUsage } from '../limit/caps/cap-usage.ts';
import type { Redis } from '../redis/connect.ts';
import type { Keys } from '../redis/keys.ts';
import type { CapFigures } from './cap-figures.ts';

/**
 * The usage of the caps over all recipients that the config sets; empty where it sets none. With simulated providers alone
 * it is that of the trial, which counts by itself. Rejects when Redis does.
 */
export async function readCaps(redis: Redis, keys: Keys, { caps, providers }: Pick<Config, 'caps' | 'providers'>): Promise<CapFigures[]> {
  if (caps.perHour === undefined) return [];
  const isTrial = [...providers.values()].every(({ type }) => type === 'simulated');
  return [{ cap: 'per_hour', used: await readHourUsage(redis, keys, isTrial), ...caps.perHour }];
}
