import type { Logger } from '../logger.ts';
import { type AccessOptions, checkAccess } from '../redis/access/access.ts';
import type { Redis } from '../redis/connect.ts';
import type { RedisFinding } from '../redis/fitness/check.ts';
import type { Closer } from './ground.ts';

export interface AccessWatch {
  /** What is missing, at most a few seconds old. Rejects when Redis does not answer. */
  read(): Promise<readonly RedisFinding[]>;
  /** As of the last look. */
  known(): readonly RedisFinding[];
}

export interface AccessWatchDeps extends AccessOptions {
  readonly redis: Redis;
  readonly logger: Logger;
}

const LOOK_EVERY_MS = 10_000;
/** What was found is not asked for again within this time, however often a probe of the supervisor comes. */
const FRESH_MS = 3_000;

/** Looks every ten seconds, and when asked, whether this process may use Redis as it must; logs each change once. */
export function watchAccess({ redis, logger, ...options }: AccessWatchDeps, closers: Closer[]): AccessWatch {
  let findings: readonly RedisFinding[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<readonly RedisFinding[]> | undefined;

  const look = async (): Promise<readonly RedisFinding[]> => {
    const found = await checkAccess(redis, options);
    readAt = performance.now();
    for (const { problem, remedy } of found) {
      if (!findings.some((known) => known.problem === problem)) logger.error({ problem, remedy }, 'Redis refuses what this process needs');
    }
    if (findings.length > 0 && found.length === 0) logger.info('Redis allows what this process needs again');
    findings = found;
    return found;
  };
  const read = async () => {
    if (performance.now() - readAt < FRESH_MS) return findings;
    reading ??= look().finally(() => {
      reading = undefined;
    });
    return reading;
  };
  const looking = setInterval(() => void read().catch(() => undefined), LOOK_EVERY_MS);
  looking.unref();
  closers.push(async () => clearInterval(looking));
  return { read, known: () => findings };
}
