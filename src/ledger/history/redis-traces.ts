import type { Redis } from '../../redis/connect.ts';
import type { Keys } from '../../redis/keys.ts';
import type { AlertCard, MessageRecord, Seen } from '../records.ts';
import { readCapFilling } from './cap-filling.ts';
import {
  type AlertTrace,
  isOnItsWay,
  type MessageState,
  type MessageTrace,
  type StoryTraces,
  type TraceAttempt,
  type TraceEvent,
} from './trace.ts';

export function createTraces(redis: Redis, keys: Keys): StoryTraces {
  const pausedQueue = async (queue: string) => ((await redis.hexists(keys.queueMeta(queue), 'paused')) === 1 ? { pausedQueue: queue } : {});
  const message = async (id: string): Promise<MessageTrace | undefined> => {
    const hash = await redis.hgetall(keys.message(id));
    if (hash.card === undefined) return undefined;
    const trace = messageTrace(hash);
    return isOnItsWay(trace.state) ? { ...trace, ...(await pausedQueue('sms-messages')) } : trace;
  };
  return {
    message,
    capFilling: ({ id, events }) => readCapFilling(redis, keys, id, events),
    async alert(id) {
      const [hash, seen] = await Promise.all([redis.hgetall(keys.alert(id)), redis.get(keys.seen(id))]);
      if (hash.outcome === undefined) {
        return seen === null ? undefined : { ...pendingTrace(id, JSON.parse(seen) as Seen), ...(await pausedQueue('sms-alerts')) };
      }
      const ids = (hash.messages ?? '').split(' ').filter((part) => part !== '');
      const messages = await Promise.all(ids.map(message));
      return alertTrace(
        id,
        hash,
        messages.filter((trace) => trace !== undefined),
      );
    },
  };
}

function pendingTrace(id: string, seen: Seen): AlertTrace {
  return { ...cardTrace(id, seen), outcome: 'pending', reason: null, events: [], messages: [] };
}

function alertTrace(id: string, hash: Readonly<Record<string, string>>, messages: readonly MessageTrace[]): AlertTrace {
  return {
    ...cardTrace(id, JSON.parse(hash.card as string) as AlertCard),
    outcome: hash.outcome as AlertTrace['outcome'],
    reason: hash.reason ?? null,
    ...(hash.duplicateOf === undefined ? {} : { duplicateOf: hash.duplicateOf }),
    events: parseLines(hash.events),
    messages,
  };
}

function cardTrace(
  id: string,
  { severity, status, dedupKey, receivedAt, traceId }: Seen,
): Pick<AlertTrace, 'id' | 'severity' | 'status' | 'dedupKey' | 'receivedAt' | 'traceId'> {
  const kept = traceId === undefined ? {} : { traceId };
  return { id, severity, status, dedupKey, receivedAt: new Date(receivedAt).toISOString(), ...kept };
}

/** A message that got further has nothing left to say about its waits. */
const WAITED: readonly MessageState[] = ['deferred', 'expired'];

function messageTrace(hash: Readonly<Record<string, string>>): MessageTrace {
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

function parseAttempt(hash: Readonly<Record<string, string>>, number: number): TraceAttempt {
  return JSON.parse(hash[`attempt:${number}`] ?? '{}') as TraceAttempt;
}

function parseLines(text: string | undefined): TraceEvent[] {
  return (text ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TraceEvent);
}
