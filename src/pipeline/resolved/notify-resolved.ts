import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { putAckCode } from '../../alert/ack-code.ts';
import { hash, resolvedMessageId } from '../../alert/id.ts';
import { epochMs } from '../../alert/read-moment.ts';
import { countSegments } from '../../alert/segments.ts';
import { renderText } from '../../alert/text.ts';
import type { Clock } from '../../clock.ts';
import { isInFlight, type MessageState } from '../../ledger/history/trace.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { MessageRecord } from '../../ledger/records.ts';
import type { ResolveSubscriber } from '../../ledger/resolved/resolve-subscribers.ts';
import { laneOf, type Message, messageSchema } from '../message.ts';
import type { Observer } from '../observer.ts';
import { cardOf, type PlannedMessage } from '../routing/plan-message.ts';
import { shapeContent, shapingOf } from '../sending/shape-message.ts';

/** That the problem of a dedup key was over at a time, in ms. */
export const endedSchema = z.object({ dedupHash: z.string(), at: epochMs });
export type Ended = z.output<typeof endedSchema>;

/**
 * Texts everybody whose text of the problem was accepted. `waiting`: of some texts nobody knows yet, ask again later.
 * @param addJobs gives each step its job; a step that has one already keeps it
 */
export type NotifyResolved = (ended: Ended, addJobs: (steps: readonly PlannedMessage[]) => Promise<void>) => Promise<'done' | 'waiting'>;

interface TellResolvedDeps {
  readonly ledger: Pick<Ledger, 'resolveSubscribers'>;
  readonly observer: Pick<Observer, 'messagesCreated'>;
  readonly clock: Clock;
}

/** A text that may not have arrived is no reason to say that all is well again; a receipt that says so may be wrong. */
const REACHED: readonly (MessageState | undefined)[] = ['accepted', 'delivered', 'undelivered'];

/**
 * Each text of a problem is followed by one at most, whoever resolves it how often, and whatever crashes: the message bears
 * an id that comes from the other's, is written down once, and only when it has its job the other one is forgotten.
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
    const told = (await resolveSubscribers.all(dedupHash)).map((entry) => ({ ...entry, message: read(entry) }));
    const before = told.filter(({ message }) => message === undefined || message.receivedAt < at);
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

/** A phone that was texted several times about one problem is texted once that it is over; what the simulator took is apart. */
function newestOfEach(messages: readonly Message[]): Message[] {
  const newest = new Map<string, Message>();
  for (const message of messages.toSorted((a, b) => a.receivedAt - b.receivedAt || (a.id < b.id ? -1 : 1))) {
    newest.set(laneOf(message), message);
  }
  return [...newest.values()];
}

/** `undefined` for what another version has written, of which we can say nothing. */
function read({ kept }: ResolveSubscriber): Message | undefined {
  return messageSchema.safeParse(JSON.parse(kept)).data;
}

function recordOf(message: Message, firing: Message, now: Date): MessageRecord {
  const events = [{ at: now.toISOString(), stage: 'resolve-gate', verdict: 'queued', detail: `what ${firing.id} told of is over` }];
  return { ...cardOf(message, now), says: 'resolved', state: 'queued', reason: null, until: null, events };
}

/**
 * The text that what another one told of is over, to the same phone by the same route and for as long. It is an `info`,
 * whatever the problem was: it goes out last, waits for room that criticals leave, and wakes nobody at night. It is never
 * sent again in doubt, for it is promised at most once. Ends of its dedup key do not touch it: it has one of its own.
 * @param at when that was resolved, ms
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
