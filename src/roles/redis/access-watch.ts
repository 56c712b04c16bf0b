import type { Logger } from '../../logger.ts';
import { type AccessFinding, type AccessOptions, checkAccess } from '../../redis/access/access.ts';
import type { Redis } from '../../redis/connect.ts';
import type { Cleanup } from '../role-context.ts';

export interface AccessWatch {
  /** Missing permissions, or why Redis rejects calls; at most a few seconds old. Rejects when Redis does not answer. */
  read(): Promise<readonly AccessFinding[]>;
  /** Missing permissions that the last check found. */
  denied(): readonly AccessFinding[];
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
  let findings: readonly AccessFinding[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<readonly AccessFinding[]> | undefined;

  const look = async (): Promise<readonly AccessFinding[]> => {
    const answer = await checkAccess(redis, options);
    readAt = performance.now();
    // A Redis that rejects calls does not say whether it would permit them.
    const unsure = answer.some(isTrouble) && !answer.some(isDenial);
    const found = unsure ? [...findings.filter(isDenial), ...answer] : answer;
    for (const finding of found) {
      const { problem, hint } = finding;
      if (findings.some((known) => known.problem === problem)) continue;
      logger.error(
        { problem, hint },
        isDenial(finding) ? 'Redis denies a permission that this process needs' : 'Redis rejects calls of this process',
      );
    }
    if (findings.some(isDenial) && !found.some(isDenial)) logger.info('Redis permissions restored');
    if (findings.some(isTrouble) && !found.some(isTrouble)) logger.info('Redis accepts calls of this process again');
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
  return { read, denied: () => findings.filter(isDenial) };
}

function isDenial({ kind }: AccessFinding): boolean {
  return kind === 'no_permission';
}

function isTrouble(finding: AccessFinding): boolean {
  return !isDenial(finding);
}
