import type { Redis } from '../../redis/connect.ts';
import { defineScript } from '../../redis/define-script.ts';

/** BullMQ keeps the time of a delayed job in the upper bits of its score. */
const DELAY_FACTOR = 0x1000;

/**
 * Looks in every state in one step, so that a job which moves meanwhile is never missed. What is left of a job that is in no
 * state, or that a worker of another program has completed, is removed: it would keep a new job from being added under its id.
 */
export const findJobScript = defineScript(new URL('find-job.lua', import.meta.url), {
  keys: ['job', 'delayed', 'prioritized', 'failed', 'waitingChildren', 'active', 'paused', 'wait', 'completed'],
  args: { jobId: 'string' },
  reply: { there: {}, gone: {}, delayed: { due: 'number' } },
});

export type JobPlace = { readonly kind: 'there' | 'gone' } | { readonly kind: 'delayed'; readonly due: number };

/** Where the job of this id is. `due`: ms since the epoch. */
export async function findJob(redis: Redis, prefix: string, queue: string, jobId: string): Promise<JobPlace> {
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
