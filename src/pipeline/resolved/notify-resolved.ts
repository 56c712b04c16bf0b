import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { putAckCode } from '../../alert/ack-code.ts';
import { hash, resolvedMessageId } from '../../alert/id.ts';
import { epochMs } from '../../alert/parse/read-moment.ts';
import { countSegments } from '../../alert/segments.ts';
import { renderText } from '../../alert/text.ts';
import type { Clock } from '../../clock.ts';
import { isInFlight, type MessageState } from '../../ledger/history/history.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { MessageRecord } from '../../ledger/records.ts';
import type { ResolveSubscriber } from '../../ledger/resolved/resolve-subscribers.ts';
import { laneOf, type Message, messageSchema } from '../message.ts';
import type { Observer } from '../observer.ts';
import { cardOf, type PlannedMessage } from '../routing/plan-message.ts';
import { shapeContent, shapingOf } from '../sending/shape-message.ts';

/** Job data: the problem of a dedup key was resolved at a time, in ms. */
export const endedSchema = z.object({ dedupHash: z.string(), at: epochMs });
export type Ended = z.output<typeof endedSchema>;

/**
 * Notifies everyone whose message about the problem was accepted. `waiting`: the outcome of some messages is still
 * open, retry later.
 * @param addJobs adds the jobs; an existing job is kept
 */
export type NotifyResolved = (ended: Ended, addJobs: (steps: readonly PlannedMessage[]) => Promise<void>) => Promise<'done' | 'waiting'>;

interface TellResolvedDeps {
  readonly ledger: Pick<Ledger, 'resolveSubscribers'>;
  readonly observer: Pick<Observer, 'messagesCreated'>;
  readonly clock: Clock;
}

/** States in which the recipient may have got the message; a receipt that says otherwise may be wrong. */
const REACHED: readonly (MessageState | undefined)[] = ['accepted', 'delivered', 'undelivered'];

/**
 * Each message of a problem is followed by at most one notification, however often it is resolved and whatever crashes:
 * its id is derived from the other's and stored once, and the original is removed only when the job exists.
 */
export function createNotifyResolved({ ledger: { resolveSubscribers }, observer, clock }: TellResolvedDeps): NotifyResolved {
  const write = async (firing: Message, at: number): Promise<PlannedMessage[]> => {
    const message = resolvedMessage(firing, at);
    const record = recordOf(message, firing, clock.now());
    const added = await resolveSubscribers.add(record, randomUUID());
    if (added === 'missing') return [];
    if (added === 'fresh') observer.messagesCreated(message.severity, 1);
    return [{ message, record, job: added === 'fresh' ? 'now' : 'again' }];
  };

  return async ({ dedupHash, at }, addJobs) => {
    const subscribers = (await resolveSubscribers.all(dedupHash)).map((entry) => ({ ...entry, message: read(entry) }));
    const before = subscribers.filter(({ message }) => message === undefined || message.receivedAt < at);
    const over = before.filter(({ state }) => state === undefined || !isInFlight(state));
    const reached = over.flatMap(({ message, state, simulated }) =>
      message !== undefined && REACHED.includes(state) ? [simulated ? { ...message, simulated } : message] : [],
    );
    await addJobs((await Promise.all(newestOfEach(reached).map((message) => write(message, at)))).flat());
    await resolveSubscribers.forget(
      dedupHash,
      over.map(({ id }) => id),
    );
    return over.length < before.length ? 'waiting' : 'done';
  };
}

/** A phone with several messages about one problem gets one notification; messages of the simulator are separate. */
function newestOfEach(messages: readonly Message[]): Message[] {
  const newest = new Map<string, Message>();
  for (const message of messages.toSorted((a, b) => a.receivedAt - b.receivedAt || (a.id < b.id ? -1 : 1))) {
    newest.set(laneOf(message), message);
  }
  return [...newest.values()];
}

/** Returns `undefined` for data written by another version. */
function read({ kept }: ResolveSubscriber): Message | undefined {
  return messageSchema.safeParse(JSON.parse(kept)).data;
}

function recordOf(message: Message, firing: Message, now: Date): MessageRecord {
  const events = [
    { at: now.toISOString(), stage: 'resolve-gate', verdict: 'queued', detail: `reports that the alert behind ${firing.id} is resolved` },
  ];
  return { ...cardOf(message, now), says: 'resolved', state: 'queued', reason: null, until: null, events };
}

/**
 * Builds the notification that a problem is resolved, to the same phone through the same route and with the same
 * lifetime. Its severity is `info`: it is sent last, uses capacity that criticals leave, and waits for the end of quiet
 * hours. It is sent at most once, so an unknown outcome is not resent. It has a dedup key of its own, so that a resolve
 * does not affect it.
 * @param at when the problem was resolved, ms
 */
export function resolvedMessage(firing: Message, at: number): Message {
  const { template, ackCode, resolvedTexts, notBefore, replay, dedupeForMs, ...rest } = firing;
  const { instance } = firing.variables;
  const content = putAckCode(firing.variables.content, '-');
  const said = {
    text: renderText({ severity: 'resolved', text: content, instance: instance === '' ? undefined : instance }),
    variables: { instance, priority: 'RESOLVED', content },
  };
  return {
    ...rest,
    ...said,
    id: resolvedMessageId(firing.id),
    severity: 'info',
    segments: countSegments(shapeContent({ ...said, ...shapingOf(firing) }, 'gsm7').text),
    receivedAt: at,
    expiresAt: at + (firing.expiresAt - firing.receivedAt),
    dedupHash: hash('resolved', firing.dedupHash),
    onUnknown: 'hold',
  };
}
