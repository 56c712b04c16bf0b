import type { Redis } from '../redis/connect.ts';
import type { Keys } from '../redis/keys.ts';
import type { MessageState } from './trace.ts';

/** What a critical message may wait for without being held up: its ladder, its recipient's night, the digest that gathers it. */
export const PLANNED_WAITS = ['quiet_hours', 'escalation', 'digest'] as const;

/** Critical messages of one route that wait for the same reason. */
export interface HeldCriticals {
  readonly route: string;
  /** The provider's own reason where a circuit is open. */
  readonly reason: string;
  readonly count: number;
  /** Since the first of them was put off. */
  readonly oldestSeconds: number;
  /** When that one comes back, ISO 8601. */
  readonly until: string | null;
  /** Its message id. */
  readonly oldest: string;
}

/** Critical alerts or messages of one route that ended unsent for the same reason. */
export interface MissedCriticals {
  /** `null` for an alert that expired before it was routed. */
  readonly route: string | null;
  readonly state: 'expired' | 'failed';
  /** Of an expired one: what it waited for last. */
  readonly reason: string | null;
  readonly count: number;
  /** Id of the newest one: of a message, or of an alert that became none. */
  readonly newest: string;
}

/** What happens to criticals; `count` says how many there are in all, where they are more than were read. */
export interface Criticals {
  readonly held: readonly HeldCriticals[];
  readonly heldCount: number;
  readonly missed: readonly MissedCriticals[];
  readonly missedCount: number;
}

/** Read of each list at most, which bounds what a look costs in a storm. */
const READ = 500;

/** In the list of missed ones an alert stands beside messages. */
export function alertMember(alertId: string): string {
  return `alert ${alertId}`;
}

/**
 * @param heldForMs shorter waits are left out
 * @param missedForMs how far back a failed or expired one counts
 */
export async function readCriticals(redis: Redis, keys: Keys, heldForMs: number, missedForMs: number): Promise<Criticals> {
  const [seconds, micros] = await redis.time();
  const now = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
  const [heldIds, heldCount, missedIds, missedCount] = await Promise.all([
    redis.zrangebyscore(keys.heldCriticals(), '-inf', now - heldForMs, 'WITHSCORES', 'LIMIT', 0, READ),
    redis.zcount(keys.heldCriticals(), '-inf', now - heldForMs),
    redis.zrevrangebyscore(keys.missedCriticals(), '+inf', now - missedForMs, 'LIMIT', 0, READ),
    redis.zcount(keys.missedCriticals(), now - missedForMs, '+inf'),
  ]);
  const held = await Promise.all(pairs(heldIds).map(async ([id, since]) => ({ id, since, facts: await factsOf(redis, keys, id) })));
  const missed = await Promise.all(missedIds.map(async (id) => ({ id, facts: await factsOf(redis, keys, id) })));
  const waiting = held.flatMap(({ id, since, facts }) => (facts?.state === 'deferred' ? [{ id, since, ...facts }] : []));
  const lost = missed.flatMap(({ id, facts }) =>
    facts?.state === 'failed' || facts?.state === 'expired' ? [{ id, ...facts, state: facts.state }] : [],
  );
  return {
    held: grouped(waiting, ({ route, reason }) => `${route} ${reason}`).map(([first, count]) => ({
      route: first.route ?? 'other',
      reason: first.reason ?? 'other',
      count,
      oldestSeconds: Math.max(0, Math.round((now - first.since) / 1000)),
      until: first.until,
      oldest: first.id,
    })),
    heldCount: heldCount - (held.length - waiting.length),
    missed: grouped(lost, ({ route, state, reason }) => `${route} ${state} ${reason}`).map(([{ route, state, reason, id }, count]) => ({
      route,
      state,
      reason,
      count,
      newest: id.startsWith(alertMember('')) ? id.slice(alertMember('').length) : id,
    })),
    missedCount: missedCount - (missed.length - lost.length),
  };
}

interface Facts {
  readonly state: MessageState;
  readonly reason: string | null;
  readonly until: string | null;
  readonly route: string | null;
}

/** `undefined` where the ledger has forgotten it. An alert is there only for having expired. */
async function factsOf(redis: Redis, keys: Keys, member: string): Promise<Facts | undefined> {
  if (member.startsWith(alertMember(''))) {
    const outcome = await redis.hget(keys.alert(member.slice(alertMember('').length)), 'reason');
    return outcome === 'expired' ? { state: 'expired', reason: null, until: null, route: null } : undefined;
  }
  const [state, reason, last, until, card] = await redis.hmget(keys.message(member), 'state', 'reason', 'lastReason', 'until', 'card');
  if (state == null) return undefined;
  const { route } = JSON.parse(card ?? '{}') as { route?: string };
  const cause = state === 'expired' || reason === 'circuit_open' ? (last ?? (reason === 'expired' ? null : reason)) : reason;
  return { state: state as MessageState, reason: cause ?? null, until: until ?? null, route: route ?? null };
}

/** The first of each group, in the order that they come in, and how many they are. */
function grouped<T>(all: readonly T[], keyOf: (one: T) => string): [T, number][] {
  const groups = new Map<string, [T, number]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group === undefined) groups.set(keyOf(one), [one, 1]);
    else group[1] += 1;
  }
  return [...groups.values()];
}

/** As Redis answers WITHSCORES: member and score by turns. */
function pairs(flat: readonly string[]): [id: string, score: number][] {
  return flat.flatMap((id, index) => (index % 2 === 0 ? [[id, Number(flat[index + 1])] as [string, number]] : []));
}
