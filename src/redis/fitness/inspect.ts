import { type AccessOptions, checkAccess } from '../access/access.ts';
import { connectRedis, isCluster, redactUrl } from '../connect.ts';
import { withinDeadline } from '../unavailable.ts';
import { checkRedis, describeServer, parseInfo, type RedisFinding } from './check.ts';

/** Report about a Redis server for `doctor`. */
export interface RedisInspection {
  /** The URL without the password. */
  readonly address: string;
  /** `Redis 7.0.15`. */
  readonly server: string;
  /** Faults and warnings of {@link checkRedis}. */
  readonly findings: readonly RedisFinding[];
  /** Round-trip time, median of five. */
  readonly latencyMs: number;
  /** How far this machine's clock is ahead of Redis' clock; `undefined` if unknown, as in a Cluster. */
  readonly clockAheadMs: number | undefined;
}

const ROUNDS = 5;

/**
 * @param access permissions that the caller's user needs
 * @throws RedisUnavailableError when it does not answer
 */
export async function inspectRedis(url: string, access?: AccessOptions): Promise<RedisInspection> {
  const address = redactUrl(url);
  const redis = connectRedis(url, 'interactive');
  try {
    const found = await checkRedis(redis);
    const refused = access === undefined || found.some(({ level }) => level === 'fault') ? [] : await checkAccess(redis, access);
    const findings = [...found, ...refused];
    // A server that refuses the connection cannot be inspected further.
    const info = await withinDeadline(redis.info()).then(parseInfo, () => ({}));
    const rounds: number[] = [];
    let clockAheadMs: number | undefined;
    for (let round = 0; round < ROUNDS; round += 1) {
      const startedAt = performance.now();
      const sentAt = Date.now();
      const time = isCluster(redis) ? undefined : await withinDeadline(redis.time()).catch(() => undefined);
      if (time === undefined) await withinDeadline(redis.ping()).catch(() => undefined);
      const tookMs = performance.now() - startedAt;
      rounds.push(tookMs);
      if (time !== undefined) clockAheadMs = sentAt + tookMs / 2 - (Number(time[0]) * 1000 + Number(time[1]) / 1000);
    }
    const latencyMs = rounds.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] as number;
    return { address, server: describeServer(info), findings, latencyMs, clockAheadMs };
  } finally {
    redis.disconnect();
  }
}
