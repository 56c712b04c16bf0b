import { alertIdOfJob, idInData, idInText } from '../../alert/id.ts';
import { parseSeverity } from '../../alert/severity.ts';
import type { WaitingJob } from '../../explain/waiting-job.ts';
import type { Redis } from '../../redis/connect.ts';
import { ALERT_QUEUE, alertJobId } from '../names.ts';

const SETS = ['prioritized', 'delayed', 'waiting-children'] as const;
/** Jobs read per state when the job id does not identify the alert. */
const SCANNED = 1000;
/** BullMQ stores the due time of a delayed job in the upper bits of its score. */
const DELAY_FACTOR = 0x1000;

/**
 * The queued job of an alert: by its own id, or by the id that a producer gave the job. `undefined`
 * if it is not queued, or has a foreign job id and is behind the first thousand jobs of its state.
 */
export async function findWaiting(redis: Redis, prefix: string, id: string): Promise<WaitingJob | undefined> {
  for (const jobId of [alertJobId(id), id]) {
    const found = await placeOf(redis, prefix, jobId);
    if (found !== undefined) return found;
  }
  const key = (part: string) => `${prefix}:${ALERT_QUEUE}:${part}`;
  const lists = await Promise.all([
    redis.lrange(key('wait'), -SCANNED, -1),
    ...SETS.map((set) => redis.zrange(key(set), 0, String(SCANNED - 1))),
  ]);
  for (const jobId of lists.flat()) {
    const found = await placeOf(redis, prefix, jobId);
    if (found?.alertId === id) return found;
  }
  return undefined;
}

async function placeOf(redis: Redis, prefix: string, jobId: string): Promise<WaitingJob | undefined> {
  const key = (part: string) => `${prefix}:${ALERT_QUEUE}:${part}`;
  const [position, ...scores] = await Promise.all([redis.lpos(key('wait'), jobId), ...SETS.map((set) => redis.zscore(key(set), jobId))]);
  const index = scores.findIndex((score) => score !== null);
  if (position === null && index < 0) return undefined;
  const state = index < 0 ? 'waiting' : (SETS[index] as (typeof SETS)[number]);
  const [[data, timestamp], paused, children] = await Promise.all([
    redis.hmget(key(jobId), 'data', 'timestamp'),
    redis.hexists(key('meta'), 'paused'),
    state === 'waiting-children' ? redis.scard(key(`${jobId}:dependencies`)) : 0,
  ]);
  const since = Number.parseInt(timestamp ?? '', 10);
  const { id, severity } = fieldsOf(data);
  return {
    ...{ queue: ALERT_QUEUE, jobId, state, children, paused: paused === 1 },
    alertId: id ?? alertIdOfJob({ jobId, timestamp: since, data: parseJson(data) }),
    severity: severity ?? null,
    since: Number.isNaN(since) ? null : new Date(since).toISOString(),
    until: state === 'delayed' ? new Date(Math.floor(Number(scores[index]) / DELAY_FACTOR)).toISOString() : null,
  };
}

function fieldsOf(data: string | null | undefined): { id?: string | undefined; severity?: string | undefined } {
  const parsed = parseJson(data);
  const fields = parsed !== null && typeof parsed === 'object' ? (parsed as Record<string, unknown>) : {};
  const id = idInData(parsed) ?? idInText(data ?? '');
  const severity = typeof fields.severity === 'string' ? parseSeverity(fields.severity) : undefined;
  return { id, severity };
}

function parseJson(text: string | null | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
