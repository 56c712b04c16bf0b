import type { Logger } from '../logger.ts';
import { type AccessOptions, checkAccess } from '../redis/access/access.ts';
import type { Redis } from '../redis/connect.ts';
import type { RedisFinding } from '../redis/fitness/check.ts';
import type { Cleanup } from './role-context.ts';

export interface AccessWatch {
  /** Missing permissions, at most a few seconds old. Rejects when Redis does not answer. */
  read(): Promise<readonly RedisFinding[]>;
  /** Result of the last check. */
  known(): readonly RedisFinding[];
}

export interface AccessWatchDeps extends AccessOptions {
  readonly redis: Redis;
  readonly logger: Logger;
}

const LOOK_EVERY_MS = 10_000;
/** A result younger than this is reused, however often the supervisor probes. */
const FRESH_MS = 3_000;

/** Checks every ten seconds, and on request, whether Redis allows what this process needs; logs each change once. */
export function watchAccess({ redis, logger, ...options }: AccessWatchDeps, cleanups: Cleanup[]): AccessWatch {
  let findings: readonly RedisFinding[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<readonly RedisFinding[]> | undefined;

  const look = async (): Promise<readonly RedisFinding[]> => {
    const found = await checkAccess(redis, options);
    readAt = performance.now();
    for (const { problem, hint } of found) {
      if (!findings.some((known) => known.problem === problem))
        logger.error({ problem, hint }, 'Redis denies a permission that this process needs');
    }
    if (findings.length > 0 && found.length === 0) logger.info('Redis permissions restored');
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
  cleanups.push(async () => clearInterval(looking));
  return { read, known: () => findings };
}
