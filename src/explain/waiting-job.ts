import type { AlertHistory } from '../ledger/history/history.ts';
import { formatElapsed, formatTime } from '../text/format-time.ts';
import { conclude } from './conclude-message.ts';
import type { Story } from './story.ts';

/** A job on one of our queues that no worker has taken. Times are ISO 8601. */
export interface WaitingJob {
  readonly queue: string;
  readonly jobId: string;
  readonly state: 'waiting' | 'prioritized' | 'delayed' | 'waiting-children';
  /** Number of unfinished children of a flow parent. */
  readonly children: number;
  /** The queue is paused: its workers take no jobs. */
  readonly paused: boolean;
  readonly alertId: string;
  readonly severity: string | null;
  /** Time when it was added; `null` when the job has none. */
  readonly since: string | null;
  /** Due time of a delayed job. */
  readonly until: string | null;
}

/** Builds the trace of an alert that is not in the ledger yet from its job. */
export function pendingAlert({ queue, alertId, severity, since, paused }: WaitingJob, now: Date): AlertHistory {
  return {
    ...{ id: alertId, severity: severity ?? 'unknown', status: 'firing', dedupKey: null, reason: null, events: [], messages: [] },
    receivedAt: since ?? now.toISOString(),
    outcome: 'pending',
    ...(paused ? { pausedQueue: queue } : {}),
  };
}

/** Adds the state of the job on the queue. */
export function withWaiting(story: Story, job: WaitingJob, now: Date): Story {
  const { queue, jobId, since, paused, until, state, children } = job;
  const waited = since === null ? '' : ` since ${formatTime(since)} (${formatElapsed(now.getTime() - Date.parse(since))})`;
  const facts: Story['facts'] = [...story.facts, ['queue', `${queue}, job ${jobId}: ${paused ? 'paused, ' : ''}${state}${waited}`]];
  if (paused) return { ...story, facts };
  if (state === 'waiting-children') {
    const explanation = `it is the parent of a BullMQ flow and waits for ${children} child job(s).`;
    return {
      ...story,
      facts,
      conclusion: conclude('waiting', explanation, 'It is routed when they finish. Are the workers of their queue running?'),
    };
  }
  if (until !== null && Date.parse(until) > now.getTime()) {
    return {
      ...story,
      facts,
      conclusion: conclude('waiting', `its producer or its schedule delayed it until ${formatTime(until)}.`),
    };
  }
  return { ...story, facts };
}
