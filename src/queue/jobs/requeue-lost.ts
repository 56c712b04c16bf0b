import type { JobsOptions, Queue } from 'bullmq';
import { logSafeId } from '../../alert/phone/phone.ts';
import { createInFlight } from '../../ledger/lists/in-flight.ts';
import type { Logger } from '../../logger.ts';
import { type Message, messageSchema } from '../../pipeline/message.ts';
import type { Redis } from '../../redis/connect.ts';
import { defineScript, noReply } from '../../redis/define-script.ts';
import { createKeys } from '../../redis/keys.ts';
import { levelFor } from '../../redis/unavailable.ts';
import { ALERT_QUEUE, alertJobId, MESSAGE_AGAIN_JOB, MESSAGE_QUEUE, RETURN_PRIORITY } from '../names.ts';
import { openQueue } from '../open-queue.ts';

/** BullMQ stores the due time of a delayed job in the upper bits of its score. */
const DELAY_FACTOR = 0x1000;

/**
 * Looks in every state in one step, so that a job which moves meanwhile is never missed. What is left of a job that is in no
 * state, or that a worker of another program has completed, is removed: it would keep a new job from being added under its id.
 */
const findJobScript = defineScript(new URL('find-job.lua', import.meta.url), {
  keys: ['job', 'delayed', 'prioritized', 'failed', 'waitingChildren', 'active', 'paused', 'wait', 'completed'],
  args: { jobId: 'string' },
  reply: { there: {}, failed: {}, gone: {}, delayed: { due: 'number' } },
});

type JobPlace = { readonly kind: 'there' | 'failed' | 'gone' } | { readonly kind: 'delayed'; readonly due: number };

/** Where the job of this id is. `due`: ms since the epoch. */
async function findJob(redis: Redis, prefix: string, queue: string, jobId: string): Promise<JobPlace> {
  const key = (part: string) => `${prefix}:${queue}:${part}`;
  const place = await findJobScript(redis, {
    keys: {
      job: key(jobId),
      delayed: key('delayed'),
      prioritized: key('prioritized'),
      failed: key('failed'),
      waitingChildren: key('waiting-children'),
      active: key('active'),
      paused: key('paused'),
      wait: key('wait'),
      completed: key('completed'),
    },
    args: { jobId },
  });
  return place.kind === 'delayed' ? { ...place, due: Math.floor(place.due / DELAY_FACTOR) } : place;
}

const removeFailedScript = defineScript(new URL('remove-failed.lua', import.meta.url), {
  keys: ['failed', 'job'],
  args: { jobId: 'string' },
  reply: noReply,
});

/** Removes a job that has failed, whatever is wrong with its record; one in another state stays. */
async function removeFailed(redis: Redis, prefix: string, queue: string, jobId: string): Promise<void> {
  await removeFailedScript(redis, { keys: { failed: `${prefix}:${queue}:failed`, job: `${prefix}:${queue}:${jobId}` }, args: { jobId } });
}

interface RequeueDeps {
  readonly redis: Redis;
  readonly prefix: string;
  readonly logger: Logger;
  readonly now: () => Date;
  readonly onRequeued: (queue: typeof ALERT_QUEUE | typeof MESSAGE_QUEUE, count: number) => void;
  readonly pace?: Partial<RequeuePace>;
}

export interface RequeuePace {
  readonly everyMs: number;
  /** Grace period after an entry was written or checked: another process may be about to add its job. */
  readonly quietMs: number;
  /** Interval until an entry with a job is checked again, and its maximum; a delayed job is checked when it is due. */
  readonly againMs: number;
  readonly delayedAgainMs: number;
  /** Entries per page, and most pages per check. */
  readonly page: number;
  readonly pages: number;
}

const PACE: RequeuePace = { everyMs: 10_000, quietMs: 60_000, againMs: 300_000, delayedAgainMs: 1_800_000, page: 100, pages: 10 };

/** Access to the jobs that alerts or messages need. */
interface Kind {
  readonly queue: typeof ALERT_QUEUE | typeof MESSAGE_QUEUE;
  readonly jobId: (id: string) => string;
  /** The id, safe for logs. */
  readonly shown: (id: string) => string;
  readonly due: (limit: number) => Promise<string[]>;
  readonly postpone: (id: string, waitMs: number) => Promise<void>;
  readonly claim: (id: string) => Promise<string | undefined>;
  readonly add: (queue: Queue, id: string, content: string) => Promise<void>;
}

/**
 * Adds jobs again that another client removed (`drain`, `clean`, `obliterate`, `remove`) while their alert or message had no
 * outcome. What becomes of each is decided where it always is: the worker asks the ledger first, so that nothing is sent twice,
 * and what is too late expires.
 */
export function startRequeueing(deps: RequeueDeps): { look(): Promise<void>; close(): Promise<void> } {
  const { redis, prefix, logger, now, onRequeued } = deps;
  const pace = { ...PACE, ...deps.pace };
  const ways = createInFlight(redis, createKeys(prefix), now);
  const onError = (error: Error) => logger[levelFor(error, 'warn')]({ err: error }, 'queue error while adding missing jobs again');
  const queues = new Map([ALERT_QUEUE, MESSAGE_QUEUE].map((name) => [name, openQueue(name, redis, prefix, onError)]));
  const kinds: readonly Kind[] = [
    {
      queue: MESSAGE_QUEUE,
      jobId: (id) => id,
      shown: (id) => id,
      due: (limit) => ways.dueMessages(pace.quietMs, limit),
      postpone: ways.postponeMessage,
      claim: (id) => ways.claimMessage(id, pace.quietMs),
      add: addMessage,
    },
    {
      queue: ALERT_QUEUE,
      jobId: alertJobId,
      shown: logSafeId,
      due: (limit) => ways.dueAlerts(pace.quietMs, limit),
      postpone: ways.postponeAlert,
      claim: (id) => ways.claimAlert(id, pace.quietMs),
      add: addAlert,
    },
  ];

  /** True if its job was added again. */
  const check = async (kind: Kind, id: string): Promise<boolean> => {
    const place = await findJob(redis, prefix, kind.queue, kind.jobId(id));
    // Its message or alert has no end, so that one that failed is none: a failover lost what the job needed, or how it ended.
    if (place.kind !== 'gone' && place.kind !== 'failed') {
      const dueIn = place.kind === 'delayed' ? place.due - now().getTime() : 0;
      await kind.postpone(id, Math.min(Math.max(dueIn, pace.againMs), pace.delayedAgainMs) - pace.quietMs);
      return false;
    }
    const content = await kind.claim(id);
    if (content === undefined) return false;
    if (place.kind === 'failed') await removeFailed(redis, prefix, kind.queue, kind.jobId(id));
    await kind.add(queues.get(kind.queue) as Queue, id, content);
    return true;
  };

  const lookAt = async (kind: Kind): Promise<void> => {
    for (let page = 0; page < pace.pages; page += 1) {
      const ids = await kind.due(pace.page);
      const added = await Promise.all(ids.map((id) => check(kind, id)));
      const lost = ids.filter((_, index) => added[index]);
      if (lost.length > 0) {
        onRequeued(kind.queue, lost.length);
        const hint = 'another client removed them (drain, clean, obliterate, a queue board), or a failover lost what they needed';
        logger.warn({ queue: kind.queue, count: lost.length, first: lost.slice(0, 5).map(kind.shown), hint }, 'missing jobs added again');
      }
      if (ids.length < pace.page) return;
    }
  };

  let looking: Promise<void> | undefined;
  let closed = false;
  const look = (): Promise<void> => {
    if (closed) return Promise.resolve();
    looking ??= Promise.all(kinds.map(lookAt))
      .then(() => undefined)
      .catch((error: unknown) => logger[levelFor(error, 'warn')]({ err: error }, 'check for missing jobs failed'))
      .finally(() => {
        looking = undefined;
      });
    return looking;
  };
  const repeating = setInterval(() => void look(), pace.everyMs);
  repeating.unref();
  return {
    look,
    async close() {
      closed = true;
      clearInterval(repeating);
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}

/** The job asks the ledger first, because the message may have been sent; it runs after new messages. */
async function addMessage(queue: Queue, id: string, content: string): Promise<void> {
  const data = JSON.parse(content) as Message;
  const severity = messageSchema.shape.severity.safeParse(data.severity).data ?? 'critical';
  await queue.add(MESSAGE_AGAIN_JOB, data, { jobId: id, priority: RETURN_PRIORITY[data.digest === undefined ? severity : 'critical'] });
}

/** The job of an alert as a producer stores it until the alert has its outcome. */
interface PendingJob {
  readonly name: string;
  readonly data: unknown;
  readonly opts: JobsOptions;
}

async function addAlert(queue: Queue, _id: string, content: string): Promise<void> {
  const { name, data, opts } = JSON.parse(content) as PendingJob;
  await queue.add(name, data, opts);
}
