import type { AlertTrace } from '../ledger/history/trace.ts';
import { formatElapsed, formatTime } from '../text/format-time.ts';
import type { Story } from './story.ts';

/** A job on a queue of ours that no worker has taken. Times are ISO 8601. */
export interface WaitingJob {
  readonly queue: string;
  readonly jobId: string;
  readonly state: 'waiting' | 'prioritized' | 'delayed' | 'waiting-children';
  /** Of a flow parent: its children that are not done. */
  readonly children: number;
  /** Somebody has paused the queue: its workers take nothing. */
  readonly paused: boolean;
  readonly alertId: string;
  readonly severity: string | null;
  /** When it was added; `null` where the job does not say. */
  readonly since: string | null;
  /** When a delayed one is due. */
  readonly until: string | null;
}

/** An alert of which the ledger knows nothing yet, as far as its job tells. */
export function pendingAlert({ queue, alertId, severity, since, paused }: WaitingJob, now: Date): AlertTrace {
  return {
    ...{ id: alertId, severity: severity ?? 'unknown', status: 'firing', dedupKey: null, reason: null, events: [], messages: [] },
    receivedAt: since ?? now.toISOString(),
    outcome: 'pending',
    ...(paused ? { pausedQueue: queue } : {}),
  };
}

/** What the queue says of a job says more than that it waits. */
export function withWaiting(story: Story, job: WaitingJob, now: Date): Story {
  const { queue, jobId, since, paused, until, state, children } = job;
  const waited = since === null ? '' : ` since ${formatTime(since)} (${formatElapsed(now.getTime() - Date.parse(since))})`;
  const facts: Story['facts'] = [...story.facts, ['queue', `${queue}, job ${jobId}: ${paused ? 'paused, ' : ''}${state}${waited}`]];
  if (paused) return { ...story, facts };
  if (state === 'waiting-children') {
    const text = `Not texted yet: it is the parent of a BullMQ flow and waits for ${children} child job(s).`;
    return { ...story, facts, conclusion: { text, todo: 'It is routed when they are done. Are the workers of their queue running?' } };
  }
  if (until !== null && Date.parse(until) > now.getTime()) {
    return {
      ...story,
      facts,
      conclusion: { text: `Not texted yet: its producer, or its schedule, has put it off until ${formatTime(until)}.` },
    };
  }
  return { ...story, facts };
}
