import type { Job } from 'bullmq';
import { logSafeId } from '../alert/phone/phone.ts';
import { type Message, messageSchema } from '../pipeline/message.ts';
import { moveOfJob, type Outcome } from '../pipeline/outcome.ts';
import type { Dispatch } from '../pipeline/sending/dispatcher.ts';
import { defineScript } from '../redis/define-script.ts';
import type { ScriptStep } from '../redis/lua-text.ts';
import { noteInSpan } from '../tracing/span.ts';
import { MESSAGE_AGAIN_JOB, MESSAGE_QUEUE, RETURN_PRIORITY } from './names.ts';
import { createQueueWorker, type QueueWorker, type QueueWorkerDeps } from './worker/queue-worker.ts';
import { describePoison, type JobMove } from './worker/settle.ts';

export interface MessageWorkerDeps extends QueueWorkerDeps {
  readonly dispatch: Dispatch;
  /** Records the outcome of a message that stalled too often. */
  readonly bury: (message: Message, signal: AbortSignal, why?: string) => Promise<Outcome>;
}

const unrestrictedScript = defineScript(new URL('unrestricted.lua', import.meta.url), {
  keys: ['meta'],
  reply: ['unrestricted', 'restricted'],
  batched: true,
});

/**
 * A step that returns `unrestricted` unless an operator has paused the message queue or limited its rate or concurrency: then every
 * message must take it.
 */
export function unrestrictedStep(prefix: string): ScriptStep {
  return unrestrictedScript.step({ keys: { meta: `${prefix}:${MESSAGE_QUEUE}:meta` } });
}

/** Worker of the message queue: runs the message pipeline for each job. */
export function createMessageWorker({ dispatch, bury, ...deps }: MessageWorkerDeps): QueueWorker {
  const take = async (job: Job, signal: AbortSignal): Promise<JobMove> => {
    const parsed = messageSchema.safeParse(job.data);
    if (!parsed.success) return NOT_OURS;
    const waited = (job.opts.delay ?? 0) > 0;
    const rerun = job.name === MESSAGE_AGAIN_JOB || waited || job.attemptsStarted > 1 || job.stalledCounter > 0;
    const outcome = await dispatch(parsed.data, rerun, signal);
    noteInSpan({ 'sms.alert.id': logSafeId(parsed.data.alertId), 'sms.outcome': outcome.kind, 'sms.reason': reasonOf(outcome) });
    const move = moveFor(outcome, parsed.data);
    const { failure } = parsed.data;
    return outcome.kind === 'settled' && move.kind === 'failed' && failure !== undefined ? { ...move, reason: failure } : move;
  };
  return createQueueWorker(MESSAGE_QUEUE, deps, {
    process: take,
    onPoison: async ({ data, stalledCounter }, signal) => {
      const parsed = messageSchema.safeParse(data);
      if (!parsed.success) return NOT_OURS;
      const outcome = await bury(parsed.data, signal);
      return outcome.kind === 'malformed' ? { kind: 'failed', reason: describePoison(stalledCounter) } : moveFor(outcome, parsed.data);
    },
    onUnreadable: async ({ data, reason }) => {
      const parsed = messageSchema.safeParse(data);
      if (parsed.success) await bury(parsed.data, new AbortController().signal, reason);
    },
  });
}

const NOT_OURS: JobMove = { kind: 'failed', reason: 'malformed: not a message job of this system' };

function reasonOf(outcome: Outcome): string | undefined {
  if ('error' in outcome) return outcome.error.reason;
  return 'reason' in outcome ? outcome.reason : undefined;
}

function moveFor(outcome: Outcome, { severity, digest }: Message): JobMove {
  const move = moveOfJob(outcome);
  if (move.kind !== 'delay') return move;
  // These waits end one at a time.
  const keepsLane = outcome.kind === 'deferred' && (outcome.reason === 'escalation' || outcome.reason === 'unknown_outcome');
  // A digest may hold a critical.
  const lane = digest === undefined ? severity : 'critical';
  return { ...move, priority: keepsLane ? undefined : RETURN_PRIORITY[lane] };
}
