import { askTime } from '../redis/clock/redis-clock.ts';
import type { Redis } from '../redis/connect.ts';
import type { Keys } from '../redis/keys.ts';
import type { MessageState } from './history/history.ts';

/** Waits that are planned and do not count as a critical being held up: escalation ladder, quiet hours, digest. */
export const PLANNED_WAITS = ['quiet_hours', 'escalation', 'digest'] as const;

/** Critical messages of one route that wait for the same reason. */
export interface HeldCriticals {
  readonly route: string;
  /** The reason; the provider's own where its circuit is open. */
  readonly reason: string;
  readonly count: number;
  /** Seconds since the oldest of them was deferred. */
  readonly oldestSeconds: number;
  /** When the oldest one is due again, ISO 8601. */
  readonly until: string | null;
  /** Message id of the oldest one. */
  readonly oldest: string;
}

/** End states of a critical in which its recipient may not have received it. */
const MISSED_STATES = ['expired', 'failed', 'undelivered', 'unknown', 'suppressed'] as const satisfies readonly MessageState[];
export type MissedState = (typeof MISSED_STATES)[number];

/** Suppression reasons with which nothing is missed: another message covers it, or the alert is closed. */
const NOT_MISSED: readonly (string | null)[] = [null, 'digested', 'duplicate', 'resolved', 'acknowledged'];

/** Reasons for which an alert ends as missed before it becomes messages. */
export const MISSED_ALERT_REASONS: readonly (string | null)[] = ['expired', 'no_recipient'];

/** Critical alerts or messages of one route that did not reach their recipient, or may not have, for the same reason. */
export interface MissedCriticals {
  /** `null` for an alert that became no message. */
  readonly route: string | null;
  readonly state: MissedState;
  /** The reason; for an expired message, what it waited for last. */
  readonly reason: string | null;
  readonly count: number;
  /** Id of the newest one: a message id, or an alert id where there is no message. */
  readonly newest: string;
}

/** Held and missed criticals. `count` is the total, where it exceeds the entries that were read. */
export interface Criticals {
  readonly held: readonly HeldCriticals[];
  readonly heldCount: number;
  readonly missed: readonly MissedCriticals[];
  readonly missedCount: number;
}

/** Maximum number of entries read from each list, which bounds the cost of a read during a storm. */
const READ = 500;

/** Prefix that marks an alert in the list of missed criticals, which also holds messages. */
export const MISSED_ALERT = 'alert ';
export function alertMember(alertId: string): string {
  return `${MISSED_ALERT}${alertId}`;
}

/**
 * Reads which criticals are held back or were missed.
 * @param heldForMs waits shorter than this are left out; a wait counts for its whole promised length
 * @param missedForMs how far back a failed or expired one counts
 */
export async function readCriticals(redis: Redis, keys: Keys, heldForMs: number, missedForMs: number): Promise<Criticals> {
  const now = Math.floor(await askTime(redis, keys.heldCriticals()));
  const since = now - missedForMs;
  const newest = (set: string) => redis.zrevrangebyscore(set, '+inf', since, 'LIMIT', 0, READ);
  const [heldIds, heldCount, missedIds, missedCount, ...endedIds] = await Promise.all([
    redis.zrangebyscore(keys.heldCriticals(), '-inf', now, 'WITHSCORES', 'LIMIT', 0, READ),
    redis.zcount(keys.heldCriticals(), '-inf', now),
    newest(keys.missedCriticals()),
    redis.zcount(keys.missedCriticals(), since, '+inf'),
    newest(keys.ended('undelivered')),
    newest(keys.unknown()),
    newest(keys.ended('suppressed')),
  ]);
  const held = await Promise.all(pairs(heldIds).map(async ([id, since]) => ({ id, since, facts: await factsOf(redis, keys, id) })));
  const factsOfAll = (ids: readonly string[]) => Promise.all(ids.map(async (id) => ({ id, facts: await factsOf(redis, keys, id) })));
  const missed = await factsOfAll(missedIds);
  const ended = await factsOfAll(endedIds.flat());
  const isLong = (heldSince: number, until: string | null) => Math.max(now, Date.parse(until ?? '') || 0) - heldSince >= heldForMs;
  const waiting = held.flatMap(({ id, since: heldSince, facts }) =>
    facts?.state === 'deferred' && isLong(heldSince, facts.until) ? [{ id, since: heldSince, ...facts }] : [],
  );
  const isAlert = (id: string) => id.startsWith(alertMember(''));
  const listed = missed.flatMap(({ id, facts }) =>
    facts?.state === 'failed' || facts?.state === 'expired' || (facts?.state === 'suppressed' && isAlert(id))
      ? [{ id, ...facts, state: facts.state }]
      : [],
  );
  const indexed = ended.flatMap(({ id, facts }) => (facts !== undefined && isMissed(facts) ? [{ id, ...facts }] : []));
  const lost = [...listed, ...indexed];
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
      newest: isAlert(id) ? id.slice(alertMember('').length) : id,
    })),
    missedCount: missedCount - (missed.length - listed.length) + indexed.length,
  };
}

/** Whether an indexed message is a missed critical. The index holds other severities too and may be out of date. */
function isMissed(facts: Facts): facts is Facts & { readonly state: 'undelivered' | 'unknown' | 'suppressed' } {
  const { state, reason, severity } = facts;
  if (severity !== 'critical') return false;
  return state === 'undelivered' || state === 'unknown' || (state === 'suppressed' && !NOT_MISSED.includes(reason));
}

/** Removes a critical from the missed ones after an operator has handled it. Idempotent. */
export async function settleMissed(redis: Redis, keys: Keys, member: string): Promise<void> {
  await redis.zrem(keys.missedCriticals(), member);
}

interface Facts {
  readonly severity: string;
  readonly state: MessageState;
  readonly reason: string | null;
  readonly until: string | null;
  readonly route: string | null;
}

/** Facts of a list member; `undefined` if the ledger no longer has it or the alert now has another outcome. */
async function factsOf(redis: Redis, keys: Keys, member: string): Promise<Facts | undefined> {
  if (member.startsWith(alertMember(''))) {
    const reason = await redis.hget(keys.alert(member.slice(alertMember('').length)), 'reason');
    const base = { severity: 'critical', until: null, route: null };
    if (reason === 'expired') return { ...base, state: 'expired', reason: null };
    return MISSED_ALERT_REASONS.includes(reason ?? null) ? { ...base, state: 'suppressed', reason: reason ?? null } : undefined;
  }
  const [state, reason, last, until, card] = await redis.hmget(keys.message(member), 'state', 'reason', 'lastReason', 'until', 'card');
  if (state == null) return undefined;
  const { route, severity = '' } = JSON.parse(card ?? '{}') as { route?: string; severity?: string };
  const cause = state === 'expired' || reason === 'circuit_open' ? (last ?? (reason === 'expired' ? null : reason)) : reason;
  return { severity, state: state as MessageState, reason: cause ?? null, until: until ?? null, route: route ?? null };
}

/** The first of each group, in input order, with the size of the group. */
function grouped<T>(all: readonly T[], keyOf: (one: T) => string): [T, number][] {
  const groups = new Map<string, [T, number]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group === undefined) groups.set(keyOf(one), [one, 1]);
    else group[1] += 1;
  }
  return [...groups.values()];
}

/** Converts a WITHSCORES reply, which alternates member and score. */
function pairs(flat: readonly string[]): [id: string, score: number][] {
  return flat.flatMap((id, index) => (index % 2 === 0 ? [[id, Number(flat[index + 1])] as [string, number]] : []));
}
