import type { Caps } from '../config/config.ts';
import { readHourUsage } from '../limit/cap-usage.ts';
import type { Redis } from '../redis/connect.ts';
import type { Keys } from '../redis/keys.ts';
import type { CapFigures } from './cap-figures.ts';

/** Of the caps over all recipients that the config sets; empty where it sets none. Rejects when Redis does. */
export async function readCaps(redis: Redis, keys: Keys, { perHour }: Caps): Promise<CapFigures[]> {
  return perHour === undefined ? [] : [{ cap: 'per_hour', used: await readHourUsage(redis, keys), ...perHour }];
}
