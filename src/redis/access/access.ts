import { connectRedis, isCluster, type Redis } from '../connect.ts';
import { defineScript } from '../define-script.ts';
import type { RedisFinding } from '../fitness/check.ts';
import { classifyTrouble, type Denial, denialIn, type Trouble } from '../fitness/trouble.ts';
import type { Keys } from '../keys.ts';
import { isUnavailable, withinDeadline } from '../unavailable.ts';
import { commandsOf, type RedisUser, usesChannels } from './permissions.ts';
import { type ProbeCall, probeCalls } from './probe-calls.ts';

export interface AccessOptions {
  readonly user: RedisUser;
  readonly keys: Keys;
  /** Names of the queues that the role uses. */
  readonly queues: readonly string[];
}

export interface AccessFinding extends RedisFinding {
  /** `no_permission`, or why Redis rejects calls now. */
  readonly kind: Trouble['kind'];
}

/** Returns the number and the error of each call that failed. */
const tryScript = defineScript(new URL('try-calls.lua', import.meta.url), {
  keys: ['probe'],
  args: { calls: 'string' },
  reply: (failed) => failed as (number | string)[],
});

/**
 * Probes the permissions of `user`: each command, each key family, scripts, a blocking read. Takes two round trips and
 * leaves no keys. Returns the missing permissions with the rule that grants them, or why Redis accepts no writes.
 * @throws RedisUnavailableError when Redis does not answer
 */
export async function checkAccess(redis: Redis, { user, keys, queues }: AccessOptions): Promise<AccessFinding[]> {
  const calls = probeCalls(user, keys, queues);
  const failures: Failure[] = [];
  const tried = async (permission: string, work: Promise<unknown>) => {
    try {
      return await withinDeadline(work);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const { message } = error.cause instanceof Error ? error.cause : error;
      if (classifyTrouble(error) === undefined && isUnavailable(error)) throw error;
      failures.push({ permission: { kind: 'command', name: permission }, message });
      return undefined;
    }
  };
  const found = (await tried(
    'evalsha',
    tryScript(redis, { keys: { probe: keys.probe() }, args: { calls: JSON.stringify(calls.map(({ call }) => call)) } }),
  )) as (number | string)[] | undefined;
  for (let i = 0; found !== undefined && i < found.length; i += 2)
    failures.push({ permission: (calls[Number(found[i]) - 1] as ProbeCall).permission, message: String(found[i + 1]) });
  await tried('eval', redis.eval('return 1', 1, keys.probe()));
  if (commandsOf(user).includes('bzpopmin') && !failures.some(({ permission }) => permission.name === 'zadd')) {
    // With an element in the set the read does not block.
    const popped = `${keys.prefix}:probe:popped`;
    await redis.zadd(popped, 1, 'a').catch(() => undefined);
    await tried('bzpopmin', redis.bzpopmin(popped, 0.01));
    await redis.del(popped).catch(() => undefined);
  }
  return describeFailures(failures, redis, keys.prefix);
}

/** Probes commands that change connection state, on a separate connection. @throws RedisUnavailableError */
export async function checkConnectionAccess(url: string, { user, keys }: AccessOptions): Promise<AccessFinding[]> {
  let fault: Error | undefined;
  const redis = connectRedis(url, 'probe', (error) => {
    fault ??= error;
  });
  const failures: Failure[] = [];
  const tried = async (name: string, kind: 'command' | 'channels', work: () => Promise<unknown>) => {
    await withinDeadline(work()).catch((error: unknown) => {
      const known = fault ?? error;
      if (!(known instanceof Error) || classifyTrouble(known) === undefined) return;
      failures.push({ permission: { kind, name }, message: (known.cause instanceof Error ? known.cause : known).message });
    });
  };
  try {
    if (commandsOf(user).includes('multi') && !isCluster(redis))
      await tried('multi', 'command', () => redis.multi().exists(keys.probe()).exec());
    if (usesChannels(user)) await tried(`${keys.prefix}:*`, 'channels', () => redis.subscribe(`${keys.prefix}:probe`));
    return describeFailures(failures, redis, keys.prefix);
  } finally {
    redis.disconnect();
  }
}

function userOf(redis: Redis): string | undefined {
  return 'username' in redis.options
    ? redis.options.username
    : 'redisOptions' in redis.options
      ? redis.options.redisOptions?.username
      : undefined;
}

interface Failure {
  readonly permission: ProbeCall['permission'];
  readonly message: string;
}

/** One finding for all missing permissions with the rule that grants them, and one per other problem. */
function describeFailures(failures: readonly Failure[], redis: Redis, prefix: string): AccessFinding[] {
  const denied = failures.flatMap(({ permission, message }) => {
    const denial = denialIn(message);
    return denial === undefined ? [] : [nameDenial(denial, permission, prefix)];
  });
  const findings: AccessFinding[] = [];
  if (denied.length > 0) {
    const user = userOf(redis) ?? 'default';
    const rules = [...new Set(denied.map(({ rule }) => rule))];
    findings.push({
      kind: 'no_permission',
      level: 'fault',
      problem: `the Redis user ${user} may not use ${[...new Set(denied.map(({ what }) => what))].join(', ')}`,
      hint: `redis-cli ACL SETUSER ${user} ${rules.map((rule) => (/[&~|*{]/.test(rule) ? `'${rule}'` : rule)).join(' ')} (all permissions: docs/redis.md)`,
    });
  }
  for (const { message } of failures) {
    const trouble = denialIn(message) === undefined ? classifyTrouble(new Error(message)) : undefined;
    if (trouble === undefined || findings.some(({ hint }) => hint === trouble.hint)) continue;
    findings.push({ kind: trouble.kind, level: 'fault', problem: `this Redis ${trouble.problem}`, hint: trouble.hint });
  }
  return findings;
}

function nameDenial(
  { kind, command }: Denial,
  { kind: tried, name }: ProbeCall['permission'],
  prefix: string,
): { what: string; rule: string } {
  if (kind === 'keys') return { what: `the keys ${tried === 'keys' ? name : `${prefix}:*`}`, rule: `~${prefix}:*` };
  if (kind === 'channels') return { what: `the channels ${prefix}:*`, rule: `&${prefix}:*` };
  const missing = command ?? (tried === 'command' ? name : tried === 'channels' ? 'publish' : 'del');
  return { what: `the command ${missing.toUpperCase().replace('|', ' ')}`, rule: `+${missing}` };
}
