import type { Redis } from '../../redis/connect.ts';
import type { Keys } from '../../redis/keys.ts';
import { createJournal } from '../journal/journal.ts';
import type { AlertCard, MessageRecord, Seen } from '../records.ts';
import {
  type AlertHistory,
  type CapFilling,
  type CapReason,
  type FilledBy,
  type HistoryAttempt,
  type HistoryEvent,
  isInFlight,
  type MessageHistory,
  type MessageState,
  type StoryHistories,
} from './history.ts';

/** Maximum number of journal entries read. */
const ENTRIES = 20_000;
const PAGE = 1_000;
/** Maximum clock difference between a process and Redis, whose time orders the journal. */
const SKEW_MS = 2_000;

type Card = Pick<MessageRecord, 'phoneHash' | 'lane' | 'to' | 'contact' | 'route' | 'source'>;

/**
 * Finds in the journal which messages counted towards the cap when it held the message back. Only a person asks for
 * this, so that sending does not have to record it. `undefined` where no cap held it back. Rejects when Redis fails.
 * @param events of the message
 */
async function readCapFilling(
  redis: Redis,
  keys: Keys,
  messageId: string,
  events: readonly HistoryEvent[],
): Promise<CapFilling | undefined> {
  const event = events.findLast(({ cap }) => cap !== undefined);
  if (event?.cap === undefined) return undefined;
  const reason = (event.heldBy ?? event.reason) as CapReason;
  const [own] = await readCards(redis, keys, [messageId]);
  if (own === undefined) return undefined;
  const { cap } = event;
  const at = Date.parse(event.at);
  const ids = await sentBetween(redis, keys, at - cap.windowMs, at + SKEW_MS);
  const cards = (await readCards(redis, keys, ids)).filter((card) => card !== undefined);
  const counted = cards.filter((card) => countsTowards(reason, card, own)).slice(0, cap.max);
  return { reason, cap, by: grouped(counted), count: counted.length };
}

/** Ids of the messages that providers accepted or may have accepted, newest first. */
async function sentBetween(redis: Redis, keys: Keys, from: number, to: number): Promise<string[]> {
  const journal = createJournal(redis, keys);
  const ids = new Set<string>();
  let before = `${to + 1}-0`;
  for (let read = 0; read < ENTRIES; read += PAGE) {
    const entries = await journal.newest(PAGE, before);
    for (const entry of entries) {
      if (entry.at.getTime() < from) return [...ids];
      if (entry.kind === 'message' && (entry.message.state === 'accepted' || entry.message.state === 'unknown')) ids.add(entry.message.id);
    }
    const last = entries.at(-1);
    if (last === undefined || entries.length < PAGE) break;
    before = last.seq;
  }
  return [...ids];
}

async function readCards(redis: Redis, keys: Keys, ids: readonly string[]): Promise<(Card | undefined)[]> {
  const lines = await Promise.all(ids.map((id) => redis.hget(keys.message(id), 'card')));
  return lines.map((line) => (line === null ? undefined : (JSON.parse(line) as Card)));
}

/** Whether a message takes a slot of the same counter as `own`. */
export function countsTowards(reason: CapReason, card: Card, own: Card): boolean {
  if ((card.lane === undefined) !== (own.lane === undefined)) return false;
  switch (reason) {
    case 'rate_cap_recipient':
      return card.phoneHash === own.phoneHash;
    case 'rate_cap_route':
      return card.route === own.route;
    case 'rate_cap_source':
      return card.source === own.source;
    // A masked number keeps its calling code.
    case 'rate_cap_country':
      return card.to.split('*')[0] === own.to.split('*')[0];
    case 'rate_cap_hour':
      return true;
  }
}

function grouped(cards: readonly Card[]): FilledBy[] {
  const groups = new Map<string, FilledBy>();
  for (const { source = null, route, contact } of cards) {
    const key = JSON.stringify([source, route, contact]);
    groups.set(key, { source, route, contact, count: (groups.get(key)?.count ?? 0) + 1 });
  }
  return [...groups.values()].toSorted((a, b) => b.count - a.count);
}

export function createHistories(redis: Redis, keys: Keys): StoryHistories {
  const pausedQueue = async (queue: string) => ((await redis.hexists(keys.queueMeta(queue), 'paused')) === 1 ? { pausedQueue: queue } : {});
  const message = async (id: string): Promise<MessageHistory | undefined> => {
    const hash = await redis.hgetall(keys.message(id));
    if (hash.card === undefined) return undefined;
    const trace = messageHistory(hash);
    return isInFlight(trace.state) ? { ...trace, ...(await pausedQueue('sms-messages')) } : trace;
  };
  return {
    message,
    capFilling: ({ id, events }) => readCapFilling(redis, keys, id, events),
    async alert(id) {
      const [hash, seen] = await Promise.all([redis.hgetall(keys.alert(id)), redis.get(keys.seen(id))]);
      if (hash.outcome === undefined) {
        return seen === null ? undefined : { ...pendingHistory(id, JSON.parse(seen) as Seen), ...(await pausedQueue('sms-alerts')) };
      }
      const ids = (hash.messages ?? '').split(' ').filter((part) => part !== '');
      const messages = await Promise.all(ids.map(message));
      return alertHistory(
        id,
        hash,
        messages.filter((trace) => trace !== undefined),
      );
    },
  };
}

function pendingHistory(id: string, seen: Seen): AlertHistory {
  return { ...cardTrace(id, seen), outcome: 'pending', reason: null, events: [], messages: [] };
}

function alertHistory(id: string, hash: Readonly<Record<string, string>>, messages: readonly MessageHistory[]): AlertHistory {
  return {
    ...cardTrace(id, JSON.parse(hash.card as string) as AlertCard),
    outcome: hash.outcome as AlertHistory['outcome'],
    reason: hash.reason ?? null,
    ...(hash.duplicateOf === undefined ? {} : { duplicateOf: hash.duplicateOf }),
    events: parseLines(hash.events),
    messages,
  };
}

function cardTrace(
  id: string,
  { severity, status, dedupKey, receivedAt, traceId }: Seen,
): Pick<AlertHistory, 'id' | 'severity' | 'status' | 'dedupKey' | 'receivedAt' | 'traceId'> {
  const kept = traceId === undefined ? {} : { traceId };
  return { id, severity, status, dedupKey, receivedAt: new Date(receivedAt).toISOString(), ...kept };
}

/** States in which a message's waits are still of interest. */
const WAITED: readonly MessageState[] = ['deferred', 'expired'];

function messageHistory(hash: Readonly<Record<string, string>>): MessageHistory {
  const card = JSON.parse(hash.card as string) as Omit<MessageRecord, 'state' | 'reason' | 'events'>;
  const attempts = Array.from({ length: Number(hash.attempts ?? 0) }, (_, index) => parseAttempt(hash, index + 1));
  const provider = hash.provider ?? attempts.at(-1)?.provider ?? null;
  const simulated = attempts.findLast((attempt) => attempt.provider === provider)?.simulated;
  return {
    id: card.id,
    alertId: card.alertId,
    to: card.to,
    contact: card.contact,
    severity: card.severity,
    route: card.route,
    ...(card.source === undefined ? {} : { source: card.source }),
    ...(card.says === undefined ? {} : { says: card.says }),
    state: hash.state as MessageState,
    reason: hash.reason ?? null,
    ...(hash.lastReason !== undefined && WAITED.includes(hash.state as MessageState) ? { lastReason: hash.lastReason } : {}),
    until: hash.until ?? null,
    provider,
    providerMessageId: hash.providerMessageId ?? null,
    ...(simulated === undefined ? {} : { simulated }),
    ...(hash.digest === undefined ? {} : { digest: hash.digest }),
    ...(hash.duplicateOf === undefined ? {} : { duplicateOf: hash.duplicateOf }),
    segments: Number(hash.segments ?? card.segments),
    createdAt: new Date(card.createdAt).toISOString(),
    expiresAt: new Date(Number(hash.expiresAt ?? card.expiresAt)).toISOString(),
    attempts,
    events: parseLines(hash.events),
  };
}

function parseAttempt(hash: Readonly<Record<string, string>>, number: number): HistoryAttempt {
  return JSON.parse(hash[`attempt:${number}`] ?? '{}') as HistoryAttempt;
}

function parseLines(text: string | undefined): HistoryEvent[] {
  return (text ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as HistoryEvent);
}
