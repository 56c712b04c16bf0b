import type { Redis } from '../../redis/connect.ts';
import { createScript } from '../../redis/script.ts';

/** BullMQ keeps the time of a delayed job in the upper bits of its score. */
const DELAY_FACTOR = 0x1000;

/**
 * Looks in every state in one step, so that a job which moves meanwhile is never missed. What is left of a job that is in no
 * state, or that a worker of another program has completed, is removed: it would keep a new job from being added under its id.
 * KEYS job, delayed, prioritized, failed, waiting-children, active, paused, wait, completed. ARGV id.
 */
const findScript = createScript<['there'] | ['delayed', string] | ['gone']>(`
local id = ARGV[1]
if redis.call('EXISTS', KEYS[1]) == 0 then return {'gone'} end
local due = redis.call('ZSCORE', KEYS[2], id)
if due then return {'delayed', due} end
for k = 3, 5 do
  if redis.call('ZSCORE', KEYS[k], id) then return {'there'} end
end
for k = 6, 8 do
  if redis.call('LPOS', KEYS[k], id, 'RANK', -1) then return {'there'} end
end
redis.call('ZREM', KEYS[9], id)
redis.call('DEL', KEYS[1], KEYS[1] .. ':logs', KEYS[1] .. ':lock')
return {'gone'}
`);

export type JobPlace = { readonly kind: 'there' | 'gone' } | { readonly kind: 'delayed'; readonly due: number };

/** Where the job of this id is. `due`: ms since the epoch. */
export async function findJob(redis: Redis, prefix: string, queue: string, jobId: string): Promise<JobPlace> {
  const key = (part: string) => `${prefix}:${queue}:${part}`;
  const states = ['delayed', 'prioritized', 'failed', 'waiting-children', 'active', 'paused', 'wait', 'completed'];
  const [kind, due] = await findScript(redis, [key(jobId), ...states.map(key)], [jobId]);
  return kind === 'delayed' ? { kind, due: Math.floor(Number(due) / DELAY_FACTOR) } : { kind };
}
