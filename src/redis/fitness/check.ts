import { connectRedis, isCluster, type Redis } from '../connect.ts';
import { withinDeadline } from '../unavailable.ts';
import { isNewEnough, MIN_VERSION } from '../version.ts';
import { classifyTrouble, type Trouble } from './trouble.ts';

/** A problem of the Redis server that its operator must know. */
export interface RedisFinding {
  /** `fault`: alerts would be lost or nothing would work, so do not start. `warning`: it works, with less safety. */
  readonly level: 'fault' | 'warning';
  readonly problem: string;
  /** The fix: a command where one exists. */
  readonly hint: string;
}

/**
 * Checks whether a Redis is fit for use; empty = no findings. Reads only INFO, since managed
 * services forbid CONFIG.
 * @throws RedisUnavailableError when it does not answer
 */
export async function checkRedis(redis: Redis): Promise<RedisFinding[]> {
  try {
    const info = await withinDeadline(redis.info());
    const database = await judgeDatabase(redis);
    return [...(database === undefined ? [] : [database]), ...judgeServer(parseInfo(info), isCluster(redis))];
  } catch (error) {
    const refusal = explainRefusal(error);
    if (refusal === undefined) throw error;
    return [refusal];
  }
}

/**
 * Finding for a database number that the server does not have: ioredis would use database 0, which may
 * belong to another system.
 */
async function judgeDatabase(redis: Redis): Promise<RedisFinding | undefined> {
  const db = 'db' in redis.options ? (redis.options.db ?? 0) : 0;
  if (db === 0) return undefined;
  try {
    await withinDeadline(redis.select(db));
    return undefined;
  } catch (error) {
    if (!NO_DATABASE.test((error as Error).message)) throw error;
    const hint = 'use a lower number in the URL, or raise "databases" in redis.conf and restart Redis';
    return { level: 'fault', problem: `this Redis has no database ${db}`, hint };
  }
}

/** The URL names a database that the server does not have. */
export class NoDatabaseError extends Error {
  readonly problem: string;
  readonly hint: string;

  constructor({ problem, hint }: RedisFinding) {
    super(`${problem}: ${hint}`);
    this.name = 'NoDatabaseError';
    this.problem = problem;
    this.hint = hint;
  }
}

/** @throws NoDatabaseError when the server has no database of the number that the URL names */
export async function requireDatabase(redis: Redis): Promise<void> {
  const fault = await judgeDatabase(redis);
  if (fault !== undefined) throw new NoDatabaseError(fault);
}

/** Checks the database of a URL before it is used. @throws RedisUnavailableError when the server does not answer */
export async function requireDatabaseOf(url: string): Promise<void> {
  const redis = connectRedis(url, 'interactive');
  try {
    await requireDatabase(redis);
  } finally {
    redis.disconnect();
  }
}

const NO_DATABASE = /DB index is out of range|invalid DB index/i;

/**
 * Rejects a Redis that is not fit for use.
 * @throws Error naming every fault and its remedy
 */
export async function requireFitRedis(redis: Redis, onWarning: (warning: RedisFinding) => void): Promise<void> {
  const findings = await checkRedis(redis);
  for (const finding of findings) if (finding.level === 'warning') onWarning(finding);
  requireNoFault(findings);
}

/** Fails if any finding is a fault. @throws Error naming every fault and its remedy */
export function requireNoFault(findings: readonly RedisFinding[]): void {
  const faults = findings.filter(({ level }) => level === 'fault');
  if (faults.length > 0) throw new Error(faults.map(({ problem, hint }) => `${problem}. ${hint}`).join('\n'));
}

/** Name → value of https://redis.io/docs/latest/commands/info/ */
export type ServerInfo = Readonly<Record<string, string | undefined>>;

export function parseInfo(text: string): ServerInfo {
  return Object.fromEntries(
    text
      .split(/\r?\n/)
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1)];
      }),
  );
}

/** Product and version: `Redis 7.0.15`, `Valkey 8.1.1`. */
export function describeServer(info: ServerInfo): string {
  return info.valkey_version === undefined ? `Redis ${info.redis_version ?? '(unknown version)'}` : `Valkey ${info.valkey_version}`;
}

/** @param asCluster the client follows a cluster's redirections */
export function judgeServer(info: ServerInfo, asCluster = false): RedisFinding[] {
  const findings: (RedisFinding | false)[] = [
    // Valkey reports the Redis version that it is compatible with next to its own.
    !isNewEnough(info.redis_version ?? '') && {
      level: 'fault',
      problem: `${describeServer(info)} is too old: ${MIN_VERSION} or newer is needed`,
      hint: `upgrade it, or run one beside it: docker run -d -p 127.0.0.1:6380:6379 redis:7 redis-server --appendonly yes, then set REDIS_URL=redis://127.0.0.1:6380`,
    },
    info.redis_mode === 'sentinel' && {
      level: 'fault',
      problem: 'this is a Sentinel, which keeps no data',
      hint: 'name the Sentinels and their group: REDIS_URL=redis+sentinel://host1:26379,host2:26379/mymaster',
    },
    info.role !== undefined &&
      info.role !== 'master' &&
      info.redis_mode !== 'sentinel' && {
        level: 'fault',
        problem: 'this Redis is a read-only replica',
        hint: `point REDIS_URL at its primary, ${info.master_host ?? 'unknown host'}:${info.master_port ?? '6379'}`,
      },
    info.cluster_enabled === '1' &&
      !asCluster && {
        level: 'fault',
        problem: 'this Redis is a node of a cluster, and the URL is that of a single server',
        hint: 'name some of its nodes: REDIS_URL=redis+cluster://host1:6379,host2:6379',
      },
    judgePolicy(info.maxmemory_policy),
    judgePersistence(info.aof_enabled),
  ];
  return findings.filter((finding) => finding !== false);
}

function judgePolicy(policy: string | undefined): RedisFinding | false {
  if (policy === 'noeviction') return false;
  const hint = 'redis-cli CONFIG SET maxmemory-policy noeviction (and the same in redis.conf; a managed Redis has it among its parameters)';
  if (policy === undefined)
    return { level: 'warning', problem: 'this Redis does not report its maxmemory-policy; it must be noeviction', hint };
  return {
    level: 'fault',
    problem: `maxmemory-policy is ${policy}: a full Redis silently evicts alerts, caps and the record of sent messages`,
    hint,
  };
}

function judgePersistence(aofEnabled: string | undefined): RedisFinding | false {
  if (aofEnabled === '1') return false;
  return {
    level: 'warning',
    problem:
      aofEnabled === undefined
        ? 'this Redis does not report whether it keeps an append-only file'
        : 'appendonly is off: a crash of Redis loses the alerts since its last snapshot, and messages already sent may be sent again',
    hint: 'redis-cli CONFIG SET appendonly yes (and the same in redis.conf; a managed Redis has it among its parameters)',
  };
}

const REFUSALS: readonly Trouble['kind'][] = [
  'no_auth',
  'wrong_password',
  'no_permission',
  'protected',
  'tls_untrusted',
  'tls_expired',
  'tls_name',
  'tls_client',
];

/** Finding for an error by which the server refuses the connection; `undefined` for any other error. */
export function explainRefusal(error: unknown): RedisFinding | undefined {
  const trouble = error instanceof Error ? classifyTrouble(error) : undefined;
  if (trouble === undefined || !REFUSALS.includes(trouble.kind)) return undefined;
  return { level: 'fault', problem: `this Redis ${trouble.problem}`, hint: trouble.hint };
}
