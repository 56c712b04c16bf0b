import { ErrorCode, Job, type Queue } from 'bullmq';
import type { Clock } from '../clock.ts';
import { createLedger } from '../ledger/redis-ledger.ts';
import { createTraces } from '../ledger/redis-traces.ts';
import { isOnItsWay } from '../ledger/trace.ts';
import { reopeningOf, replayMessage } from '../pipeline/replay-message.ts';
import { connectRedis, type Redis } from '../redis/connect.ts';
import { createKeys } from '../redis/keys.ts';
import { withinDeadline } from '../redis/unavailable.ts';
import { type DeadJob, describeDead, eventOf, messageOf } from './dead-letter.ts';
import type { DeadKind, DeadLetter, DeadLetters, Replayed } from './dead-letters-port.ts';
import { discardScript, prepareScript } from './dead-scripts.ts';
import {
  ALERT_AGAIN_JOB,
  ALERT_QUEUE,
  alertJobId,
  ENDED_JOB,
  EVENT_QUEUE,
  LOOKUP_QUEUE,
  MESSAGE_AGAIN_JOB,
  MESSAGE_QUEUE,
  NOTICE_AGAIN_JOB,
  NOTICE_QUEUE,
  RECEIPT_QUEUE,
} from './names.ts';
import { openQueue } from './open-queue.ts';
import { withAllTries } from './waiting-event.ts';

export interface DeadLettersOptions {
  /** URL, or a client of the caller's, which stays the caller's to close. */
  readonly redis: string | Redis;
  readonly prefix: string;
  readonly clock: Clock;
}

const KINDS: Readonly<Record<string, DeadKind>> = {
  [MESSAGE_QUEUE]: 'message',
  [ALERT_QUEUE]: 'alert',
  [RECEIPT_QUEUE]: 'receipt',
  [LOOKUP_QUEUE]: 'lookup',
  [NOTICE_QUEUE]: 'notice',
  [EVENT_QUEUE]: 'event',
};

const NAMES = Object.keys(KINDS);

/** Read, and acted upon, in one go; a few round trips each. */
const BATCH = 100;

/** Somebody else has replayed or discarded it. */
const GONE: readonly unknown[] = [ErrorCode.JobNotExist, ErrorCode.JobNotInState];

interface Ref {
  readonly queue: string;
  readonly jobId: string;
  readonly diedAt: number;
}

/**
 * The failed sets of our queues.
 * A replay moves the job first and tells the ledger then: should we die in between, the worker that takes the job tells the
 * ledger what we would have. A job that is not moved has changed nothing.
 */
export function createDeadLetters({ redis, prefix, clock }: DeadLettersOptions): DeadLetters {
  const connection = typeof redis === 'string' ? connectRedis(redis, 'door') : redis;
  const keys = createKeys(prefix);
  const ledger = createLedger(connection, keys);
  const traces = createTraces(connection, keys);
  const queues = new Map(NAMES.map((name) => [name, openQueue(name, connection, prefix)]));
  const jobs = new WeakMap<DeadLetter, DeadJob>();
  const key = (queue: string, part: string) => `${prefix}:${queue}:${part}`;

  const read = async ({ queue, jobId, diedAt }: Ref): Promise<DeadLetter> => {
    const [name, data, failedReason] = await connection.hmget(key(queue, jobId), 'name', 'data', 'failedReason');
    const what = KINDS[queue] as DeadKind;
    const job: DeadJob = { queue, what, jobId, name: name ?? '', data: data ?? '', failedReason: failedReason ?? '', diedAt };
    const message = messageOf(job);
    const letter = describeDead(job, message, message && (await traces.message(message.id)));
    jobs.set(letter, job);
    return letter;
  };

  const refs = async (queue: string, newest?: number): Promise<Ref[]> => {
    const flat =
      newest === undefined
        ? await connection.zrange(key(queue, 'failed'), '0', '-1', 'WITHSCORES')
        : await connection.zrevrange(key(queue, 'failed'), 0, String(newest - 1), 'WITHSCORES');
    return Array.from({ length: flat.length / 2 }, (_, n) => ({ queue, jobId: flat[2 * n] as string, diedAt: Number(flat[2 * n + 1]) }));
  };

  const refsOf = async (names: readonly string[], newest?: number): Promise<Ref[]> =>
    (await Promise.all(names.map((queue) => refs(queue, newest)))).flat();

  const scan = async function* (names: readonly string[]): ReturnType<DeadLetters['all']> {
    const found = (await withinDeadline(refsOf(names))).toSorted((a, b) => a.diedAt - b.diedAt);
    for (let from = 0; from < found.length; from += BATCH) {
      const letters = await withinDeadline(Promise.all(found.slice(from, from + BATCH).map(read)));
      yield { total: found.length, letters };
    }
  };

  /** Where a dead job of this id lies, if one of ours gave it its job id. */
  const locate = async (id: string): Promise<Ref[]> => {
    const alert = await traces.alert(id);
    const places = [
      [ALERT_QUEUE, alertJobId(id)],
      ...[id, ...(alert?.messages ?? []).map((message) => message.id)].map((messageId) => [MESSAGE_QUEUE, messageId] as const),
    ] as const;
    const scores = await Promise.all(places.map(([queue, jobId]) => connection.zscore(key(queue, 'failed'), jobId)));
    return places.flatMap(([queue, jobId], index) => (scores[index] ? [{ queue, jobId, diedAt: Number(scores[index]) }] : []));
  };

  const replay = async (job: DeadJob): Promise<Replayed> => {
    const { queue, what, jobId, data } = job;
    const failed = [key(queue, 'failed'), key(queue, jobId)];
    const now = clock.now();
    const message = messageOf(job);
    if (message === undefined) {
      // A resolve ends what was raised before it, and an alert what its own time says: both keep theirs.
      const [name, timestamp] =
        what === 'alert' && job.name !== ENDED_JOB
          ? [ALERT_AGAIN_JOB, '']
          : [what === 'notice' ? NOTICE_AGAIN_JOB : job.name, now.getTime()];
      const event = eventOf(job);
      const next = event === undefined ? data : JSON.stringify(withAllTries(event));
      const prepared = await prepareScript(connection, failed, [jobId, data, next, name, timestamp]);
      const moved = prepared === 1 && (await moveToWait(queues.get(queue) as Queue, jobId));
      return moved ? { kind: 'replayed', goodUntil: null } : { kind: 'gone' };
    }
    const history = await ledger.recall(message.id);
    if (history === undefined) return { kind: 'forgotten' };
    if (history.state !== 'failed' && !isOnItsWay(history.state)) return { kind: 'ended', state: history.state };
    const next = replayMessage(message, now);
    const args = [jobId, data, JSON.stringify(next), MESSAGE_AGAIN_JOB, now.getTime()];
    if ((await prepareScript(connection, failed, args)) === 0) return { kind: 'gone' };
    if (!(await moveToWait(queues.get(queue) as Queue, jobId))) return { kind: 'gone' };
    const reopening = reopeningOf(next);
    if (reopening !== undefined) await ledger.reopen(reopening);
    return { kind: 'replayed', goodUntil: new Date(next.expiresAt).toISOString() };
  };

  const discard = async (job: DeadJob): Promise<boolean> => {
    const { queue, jobId } = job;
    const message = messageOf(job);
    // Noted first: a letter that is gone without a word nobody could ever explain.
    if (message !== undefined && (await connection.zscore(key(queue, 'failed'), jobId)) !== null) {
      await ledger.note(message.id, { at: clock.now().toISOString(), stage: 'operator', verdict: 'discarded' });
    }
    return (await discardScript(connection, [key(queue, 'failed'), key(queue, jobId)], [jobId])) === 1;
  };

  const jobOf = (letter: DeadLetter): DeadJob => {
    const job = jobs.get(letter);
    if (job === undefined) throw new Error('not a letter of this port');
    return job;
  };

  return {
    all: () => scan(NAMES),
    async list(limit) {
      return withinDeadline(
        (async () => {
          const [counts, found] = await Promise.all([
            Promise.all(NAMES.map((queue) => connection.zcard(key(queue, 'failed')))),
            refsOf(NAMES, limit),
          ]);
          const newest = found.toSorted((a, b) => b.diedAt - a.diedAt).slice(0, limit);
          return { total: counts.reduce((sum, count) => sum + count, 0), letters: await Promise.all(newest.map(read)) };
        })(),
      );
    },
    async find(ids) {
      const wanted = new Set(ids);
      const answersTo = ({ id, alertId }: DeadLetter, names: ReadonlySet<string>) =>
        names.has(id) || (alertId !== null && names.has(alertId));
      const located = (await Promise.all([...wanted].map((id) => withinDeadline(locate(id))))).flat();
      const places = new Map(located.map((ref) => [key(ref.queue, ref.jobId), ref]));
      const found = await withinDeadline(Promise.all([...places.values()].map(read)));
      // What is left bears a job id that we did not give; among the messages only one that is none of ours.
      const left = new Set([...wanted].filter((id) => !found.some((letter) => answersTo(letter, new Set([id])))));
      if (left.size === 0) return found;
      const strangers = [...left].some((id) => id.startsWith('q-')) ? NAMES : NAMES.filter((name) => name !== MESSAGE_QUEUE);
      for await (const { letters } of scan(strangers)) found.push(...letters.filter((letter) => answersTo(letter, left)));
      return found;
    },
    replay: (letter) => withinDeadline(replay(jobOf(letter))),
    discard: (letter) => withinDeadline(discard(jobOf(letter))),
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
      if (typeof redis === 'string') connection.disconnect();
    },
  };
}

/** With its own priority. False when it is not dead any more. */
async function moveToWait(queue: Queue, jobId: string): Promise<boolean> {
  try {
    // Not read from Redis: its data may be what it died of.
    await new Job(queue, '', {}, {}, jobId).retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true });
    return true;
  } catch (error) {
    if (GONE.includes((error as { code?: unknown }).code)) return false;
    throw error;
  }
}
