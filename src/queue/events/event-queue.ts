import type { Job } from 'bullmq';
import { logSafeId, maskNumbers } from '../../alert/phone/phone.ts';
import type { EventReceiver } from '../../channel/event-webhook.ts';
import type { Redis } from '../../redis/connect.ts';
import { NOT_NOTIFIED } from '../dead-letters/dead-letter.ts';
import { EVENT_QUEUE, PRIORITY } from '../names.ts';
import { openQueue } from '../open-queue.ts';
import { createQueueWorker, type QueueWorker, type QueueWorkerDeps } from '../worker/queue-worker.ts';
import { describePoison, type JobMove } from '../worker/settle.ts';
import { createEventLanes, SHARE } from './event-lanes.ts';
import { type WaitingEvent, waitingEventSchema } from './waiting-event.ts';

const S = 1_000;
const M = 60 * S;
const H = 60 * M;

/**
 * Delays between attempts, over three days:
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#deliverability-and-reliability
 */
const WAITS_MS = [5 * S, 5 * M, 30 * M, 2 * H, 5 * H, 10 * H, 14 * H, 20 * H, 24 * H];
/** Jitter, so that events that failed together are not retried together. */
const JITTER = 0.1;
/** Minimum pause, also for `Retry-After: 0`. */
const SHORTEST_MS = 1 * S;

/**
 * When an event is retried; `undefined`: never.
 * @param tries attempts so far
 * @param random from 0 to 1
 */
export function nextTryAt(
  tries: number,
  { gone, retryAt }: { readonly gone: boolean; readonly retryAt?: Date | undefined },
  now: Date,
  random: number,
): Date | undefined {
  const waitMs = WAITS_MS[tries - 1];
  if (gone || waitMs === undefined) return undefined;
  const at = retryAt?.getTime() ?? now.getTime() + waitMs * (1 + JITTER * random);
  return new Date(Math.max(at, now.getTime() + SHORTEST_MS));
}

/** How long delivered events are remembered, so that one that is added again is not sent again. */
const REMEMBERED = { age: 3600, count: 10_000 } as const;

/** Queues events for webhooks. Idempotent. */
export function createEventQueue(redis: Redis, prefix: string) {
  const queue = openQueue(EVENT_QUEUE, redis, prefix);
  return {
    async add(events: readonly WaitingEvent[]): Promise<void> {
      // Criticals have no priority, which BullMQ serves first.
      const opts = { priority: PRIORITY.info };
      if (events.length > 0)
        await queue.addBulk(events.map((event) => ({ name: 'event', data: event, opts: { jobId: event.id, ...opts } })));
    },
    close: () => queue.close(),
  };
}

interface EventWorkerDeps extends Omit<QueueWorkerDeps, 'concurrency'> {
  readonly receivers: ReadonlyMap<string, EventReceiver>;
  readonly observer: EventObserver;
  readonly now: () => Date;
  readonly random: () => number;
}

export interface EventObserver {
  webhookEvents(webhook: string, result: 'accepted' | 'failed' | 'lost', count: number): void;
}

/** Retry delay for an event whose webhook this replica's older config does not contain. */
const UNKNOWN_FOR_MS = 3_600_000;
const UNKNOWN_DELAY_MS = 30_000;

/** Worker of the event queue: sends each event to its webhook. */
export function createEventWorker({ receivers, observer, now, random, ...deps }: EventWorkerDeps): QueueWorker {
  const lanes = createEventLanes(now);
  /** Last error code of each failing webhook, so that a failure is logged once, not per event. */
  const refusals = new Map<string, string>();

  /** Another client may have written the job. */
  const factsOf = (id: string, webhook: string) => ({ eventId: logSafeId(id), webhook: maskNumbers(webhook) });

  const bury = ({ id, webhook, body, tries }: WaitingEvent, code: string): JobMove => {
    observer.webhookEvents(webhook, 'failed', 1);
    deps.logger.error({ ...factsOf(id, webhook), type: maskNumbers(body.type), tries, code }, 'webhook event failed permanently');
    return { kind: 'failed', reason: `${webhook}${NOT_NOTIFIED}${code}` };
  };

  const deliver = async (job: Job, event: WaitingEvent, receiver: EventReceiver, signal: AbortSignal): Promise<JobMove> => {
    const { id, webhook, body } = event;
    const turn = await lanes.enter(webhook, subjectOf(event));
    if (turn.kind === 'later') return { kind: 'delay', until: turn.until };
    const result = await receiver.deliver({ id, body }, signal).finally(() => turn.leave());
    if (result.kind === 'accepted') {
      observer.webhookEvents(webhook, 'accepted', 1);
      if (refusals.delete(webhook)) deps.logger.info({ webhook }, 'webhook accepts events again');
      return { kind: 'complete' };
    }
    if (signal.aborted) return { kind: 'delay', until: now() };
    const tried: WaitingEvent = { ...event, tries: event.tries + 1 };
    await job.updateData(tried);
    const until = nextTryAt(tried.tries, result, now(), random());
    if (until === undefined) return bury(tried, result.code);
    const level = refusals.get(webhook) === result.code ? 'debug' : 'warn';
    refusals.set(webhook, result.code);
    deps.logger[level]({ ...factsOf(id, webhook), code: result.code, tries: tried.tries, until }, 'webhook rejected an event; retrying');
    return { kind: 'delay', until };
  };

  return createQueueWorker(
    EVENT_QUEUE,
    { ...deps, concurrency: SHARE * (receivers.size + 1) },
    {
      keepCompleted: REMEMBERED,
      process: async (job, signal) => {
        const event = waitingEventSchema.safeParse(job.data).data;
        if (event === undefined) return { kind: 'failed', reason: 'malformed: not an event job of this system' };
        const receiver = receivers.get(event.webhook);
        if (receiver !== undefined) return deliver(job, event, receiver, signal);
        if (now().getTime() - job.timestamp > UNKNOWN_FOR_MS) return bury(event, 'not_configured');
        return { kind: 'delay', until: new Date(now().getTime() + UNKNOWN_DELAY_MS) };
      },
      onPoison: async ({ data, stalledCounter }) => {
        const event = waitingEventSchema.safeParse(data).data;
        const dead: JobMove = { kind: 'failed', reason: describePoison(stalledCounter) };
        return event === undefined ? dead : bury(event, 'poison');
      },
      onUnreadable: async ({ data }) => {
        const event = waitingEventSchema.safeParse(data).data;
        if (event !== undefined) bury(event, 'unreadable_job');
      },
    },
  );
}

/** Subject of an event; events with one subject are sent in order. */
function subjectOf({ id, body: { data } }: WaitingEvent): string {
  const subject = data.messageId ?? data.alertId;
  return typeof subject === 'string' ? subject : id;
}
