import type { Job, Queue } from 'bullmq';
import { maskNumbers } from '../alert/phone/phone.ts';
import type { Clock } from '../clock.ts';
import { EXPIRED } from '../pipeline/outcome.ts';
import { endedSchema, type NotifyResolved } from '../pipeline/resolved/notify-resolved.ts';
import type { RawAlert } from '../pipeline/routing/alert-subject.ts';
import type { PlannedMessage } from '../pipeline/routing/plan-message.ts';
import { createRoom } from '../pipeline/routing/room.ts';
import type { Routed } from '../pipeline/routing/router.ts';
import { clockOf } from '../redis/clock/redis-clock.ts';
import { levelFor } from '../redis/unavailable.ts';
import { noteInSpan } from '../tracing/span.ts';
import { announceEnd, promoteMessages } from './jobs/alert-jobs.ts';
import {
  ALERT_AGAIN_JOB,
  ALERT_QUEUE,
  ENDED_JOB,
  MESSAGE_AGAIN_JOB,
  MESSAGE_JOB,
  MESSAGE_QUEUE,
  PRIORITY,
  RETURN_PRIORITY,
} from './names.ts';
import { createNoticeQueue } from './notice-queue.ts';
import { openQueue } from './open-queue.ts';
import { createQueueWorker, type QueueWorker, type QueueWorkerDeps } from './worker/queue-worker.ts';
import { flowFailureOf } from './worker/readable-worker.ts';
import { describePoison, type JobMove } from './worker/settle.ts';

export interface AlertWorkerDeps extends QueueWorkerDeps {
  readonly route: (raw: RawAlert, signal: AbortSignal) => Promise<Routed>;
  readonly notifyResolved: NotifyResolved;
  /** Cheap estimate of how many messages the data of an alert becomes. */
  readonly countPhones: (data: unknown) => number;
}

/** Delay before recipients are notified of a resolve: messages that are being sent get their outcome, held-back ones are cancelled. */
const FIRST_LOOK_AGAIN_MS = 500;
const LONGEST_LOOK_AGAIN_MS = 60_000;
/** Delay of a large alert when too many messages are queued, ±50 %. */
const FULL_DELAY_MS = 1_000;
/** Jobs added to the queue in one call. */
const CHUNK = 100;

/** Worker of the alert queue: routes each alert and adds a job per message and per notice. */
export function createAlertWorker({ route, notifyResolved, countPhones, ...deps }: AlertWorkerDeps): QueueWorker {
  const clock = clockOf(deps.commands);
  const messages = openQueue(MESSAGE_QUEUE, deps.commands, deps.prefix, (error) =>
    deps.logger[levelFor(error, 'warn')]({ err: error }, 'message queue error'),
  );

  const alerts = openQueue(ALERT_QUEUE, deps.commands, deps.prefix, (error) =>
    deps.logger[levelFor(error, 'warn')]({ err: error }, 'alert queue error'),
  );

  const notices = createNoticeQueue(deps.commands, deps.prefix, (error) =>
    deps.logger[levelFor(error, 'warn')]({ err: error }, 'notice queue error'),
  );

  const room = createRoom();

  const follow = async (routed: Routed): Promise<JobMove> => {
    noteInSpan({ 'sms.outcome': routed.kind });
    switch (routed.kind) {
      case 'routed':
        await notices.add(routed.notices);
        await addMessages(messages, routed.steps, clock);
        return { kind: 'complete' };
      case 'resolved':
        await promoteMessages(messages, routed.open);
        if (routed.ended !== undefined) await announceEnd(alerts, routed.ended);
        return { kind: 'complete' };
      case 'suppressed':
        return routed.expired ? { kind: 'failed', reason: `${EXPIRED}: still queued at its deadline` } : { kind: 'complete' };
      case 'malformed':
        return { kind: 'failed', reason: `malformed: ${routed.reason}` };
    }
  };

  const notifyEnd = async ({ data, attemptsStarted }: Job): Promise<JobMove> => {
    const ended = endedSchema.safeParse(data);
    if (!ended.success) return { kind: 'failed', reason: 'malformed: not a resolve job of this system' };
    if ((await notifyResolved(ended.data, (steps) => addMessages(messages, steps, clock))) === 'done') return { kind: 'complete' };
    const waitMs = Math.min(FIRST_LOOK_AGAIN_MS * 2 ** Math.min(attemptsStarted - 1, 10), LONGEST_LOOK_AGAIN_MS);
    return { kind: 'delay', until: new Date(clock.now().getTime() + waitMs) };
  };

  const worker = createQueueWorker(ALERT_QUEUE, deps, {
    process: async (job, signal) => {
      if (job.name === ENDED_JOB) return notifyEnd(job);
      const urgent = (job.opts.priority ?? 0) === PRIORITY.critical;
      const move = await room.run(countPhones(job.data), urgent, async () => follow(await route(rawOf(job), signal)));
      return move === 'full' ? { kind: 'delay', until: new Date(clock.now().getTime() + FULL_DELAY_MS * (0.5 + Math.random())) } : move;
    },
    onPoison: async (job, signal) => {
      const reason = describePoison(job.stalledCounter);
      if (job.name === ENDED_JOB) return { kind: 'failed', reason };
      return follow(await route({ ...rawOf(job), refused: reason }, signal));
    },
    onUnreadable: async ({ reason, ...job }) => {
      await route({ ...job, refused: reason }, new AbortController().signal);
    },
  });
  return {
    ...worker,
    close: async () => {
      await worker.close();
      await Promise.all([alerts.close(), messages.close(), notices.close()]);
    },
  };
}

/** An alert whose BullMQ flow failed with a child is rejected and moves to the failed set with that reason. */
function rawOf(job: Job): RawAlert {
  const { id, name, data, timestamp } = job;
  const failure = flowFailureOf(job);
  const refused = failure === undefined ? {} : { refused: maskNumbers(`its flow failed: ${failure}`) };
  return { jobId: id ?? '', data, timestamp, replayed: name === ALERT_AGAIN_JOB, ...refused };
}

/** Adds the jobs of messages; an existing job is kept. */
export async function addMessages(queue: Queue, steps: readonly PlannedMessage[], clock: Clock): Promise<void> {
  const now = clock.now().getTime();
  const jobs = steps.flatMap(({ message, record, job }) => {
    if (job === undefined) return [];
    const isAgain = job === 'again' || (typeof job !== 'string' && job.again === true);
    const waits = typeof job !== 'string' && record.reason !== 'escalation';
    const priority = (waits ? RETURN_PRIORITY : PRIORITY)[message.severity];
    const delay = typeof job === 'string' ? 0 : Math.max(0, job.until.getTime() - now);
    // BullMQ counts a delay from the job's timestamp, so the timestamp is now; `raisedAt` is in the data.
    const opts = { jobId: message.id, timestamp: now, ...(priority === 0 ? {} : { priority }), ...(delay === 0 ? {} : { delay }) };
    return [{ name: isAgain ? MESSAGE_AGAIN_JOB : MESSAGE_JOB, data: message, opts }];
  });
  const [first, ...rest] = jobs;
  if (first === undefined) return;
  if (rest.length === 0) await queue.add(first.name, first.data, first.opts);
  else for (let from = 0; from < jobs.length; from += CHUNK) await queue.addBulk(jobs.slice(from, from + CHUNK));
}
