import type { Queue } from 'bullmq';
import { dedupHash } from '../../alert/id.ts';
import type { Clock } from '../../clock.ts';
import { alertMember, settleMissed } from '../../ledger/criticals.ts';
import { countInDigest } from '../../ledger/digest/digests.ts';
import { isInFlight, type MessageState } from '../../ledger/history/history.ts';
import { createHistories } from '../../ledger/history/redis-histories.ts';
import type { Objection } from '../../ledger/ledger.ts';
import { createLedger } from '../../ledger/redis-ledger.ts';
import { createUnknowns } from '../../ledger/unknown/unknowns.ts';
import { EXPIRED } from '../../pipeline/outcome.ts';
import { reopeningOf, replayMessage } from '../../pipeline/unknown/replay-message.ts';
import { connectRedis, type Redis } from '../../redis/connect.ts';
import { createKeys } from '../../redis/keys.ts';
import { withinDeadline } from '../../redis/unavailable.ts';
import { bullmq } from '../bullmq.ts';
import { withAllTries } from '../events/waiting-event.ts';
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
} from '../names.ts';
import { openQueueToRead } from '../open-queue.ts';
import { type DeadLetterJob, describeDeadLetter, describeUnknown, eventOf, matches, messageOf } from './dead-letter.ts';
import { countRefs, type DeadLetterRef, type DeadLetterSet, discardScript, mergedRefs, prepareReplayScript } from './dead-letter-refs.ts';
import type { DeadLetter, DeadLetterFilter, DeadLetterKind, DeadLetters, Replayed } from './dead-letters-port.ts';

export interface DeadLettersOptions {
  /** URL, or a client that the caller owns and closes. */
  readonly redis: string | Redis;
  readonly prefix: string;
  readonly clock: Clock;
}

const KINDS: Readonly<Record<string, DeadLetterKind>> = {
  [MESSAGE_QUEUE]: 'message',
  [ALERT_QUEUE]: 'alert',
  [RECEIPT_QUEUE]: 'receipt',
  [LOOKUP_QUEUE]: 'lookup',
  [NOTICE_QUEUE]: 'notice',
  [EVENT_QUEUE]: 'event',
};

const NAMES = Object.keys(KINDS);

/** Letters read and processed per batch; a few round trips each. */
const BATCH = 100;

const REPLAYABLE: readonly MessageState[] = ['failed', 'expired'];

/** Another operator replayed or discarded it. */
const GONE: readonly unknown[] = [bullmq.ErrorCode.JobNotExist, bullmq.ErrorCode.JobNotInState];

/** Pseudo queue name for the index of unknown outcomes. */
const UNKNOWN = 'unknown';

/**
 * Dead letters: the failed sets of our queues and the messages with unknown outcome.
 * A replay first moves the job, then updates the ledger. If the process crashes in between, the worker that takes the
 * job updates the ledger. Without the move nothing changes.
 */
export function createDeadLetters({ redis, prefix, clock }: DeadLettersOptions): DeadLetters {
  const connection = typeof redis === 'string' ? connectRedis(redis, 'interactive') : redis;
  const keys = createKeys(prefix);
  const ledger = createLedger(connection, keys);
  const histories = createHistories(connection, keys);
  const unknowns = createUnknowns(connection, keys);
  const queues = new Map(NAMES.map((name) => [name, openQueueToRead(name, connection, prefix)]));
  const jobs = new WeakMap<DeadLetter, DeadLetterJob>();
  const key = (queue: string, part: string) => `${prefix}:${queue}:${part}`;
  const setOf = (queue: string): DeadLetterSet => ({ queue, key: queue === UNKNOWN ? unknowns.index : key(queue, 'failed') });
  const SETS = [...NAMES, UNKNOWN].map(setOf);

  const readUnknown = async ({ queue, jobId, diedAt }: DeadLetterRef): Promise<DeadLetter | undefined> => {
    const [history, kept] = await Promise.all([histories.message(jobId), unknowns.kept(jobId)]);
    if (history?.state !== 'unknown') return undefined;
    const job: DeadLetterJob = { queue, what: 'message', jobId, name: '', data: kept ?? '', failedReason: '', timestamp: diedAt, diedAt };
    const letter = describeUnknown(history, messageOf(job), diedAt);
    jobs.set(letter, job);
    return letter;
  };

  /** `undefined` if the letter has left its set meanwhile. */
  const read = async (ref: DeadLetterRef): Promise<DeadLetter | undefined> => {
    const { queue, jobId, diedAt } = ref;
    if (queue === UNKNOWN) return readUnknown(ref);
    const [name, data, failedReason, timestamp] = await connection.hmget(key(queue, jobId), 'name', 'data', 'failedReason', 'timestamp');
    const what = KINDS[queue] as DeadLetterKind;
    const job: DeadLetterJob = {
      ...{ queue, what, jobId, name: name ?? '', data: data ?? '', failedReason: failedReason ?? '', diedAt },
      timestamp: Number.parseInt(timestamp ?? '', 10),
    };
    const message = messageOf(job);
    const alerts = message?.digest === undefined ? undefined : await countInDigest(connection, keys, message.id);
    const history = message && (await histories.message(message.id));
    const letter = describeDeadLetter(job, message, { history, alerts });
    jobs.set(letter, job);
    return letter;
  };
  const readAll = async (refs: readonly DeadLetterRef[]): Promise<DeadLetter[]> =>
    (await withinDeadline(Promise.all(refs.map(read)))).filter((letter) => letter !== undefined);

  /** Matching letters in batches. `looked`: number of refs read so far. */
  const scan = async function* (sets: readonly DeadLetterSet[], order: 'newest' | 'oldest', { since }: DeadLetterFilter = {}) {
    let looked = 0;
    let batch: DeadLetterRef[] = [];
    for await (const ref of mergedRefs(connection, sets, order)) {
      const isTooOld = since !== undefined && ref.diedAt < since.getTime();
      if (isTooOld && order === 'newest') break;
      looked += 1;
      if (!isTooOld) batch.push(ref);
      if (batch.length < BATCH) continue;
      yield { looked, letters: await readAll(batch) };
      batch = [];
    }
    if (looked > 0) yield { looked, letters: await readAll(batch) };
  };

  /** Queues whose failed set holds a job with this id. */
  const locate = async (id: string): Promise<DeadLetterRef[]> => {
    const alert = await histories.alert(id);
    const messageIds = [id, ...(alert?.messages ?? []).map((message) => message.id)];
    const places = [
      [ALERT_QUEUE, alertJobId(id)],
      ...messageIds.flatMap((messageId) => [[MESSAGE_QUEUE, messageId] as const, [UNKNOWN, messageId] as const]),
    ] as const;
    const scores = await Promise.all(places.map(([queue, jobId]) => connection.zscore(setOf(queue).key, jobId)));
    return places.flatMap(([queue, jobId], index) => (scores[index] ? [{ queue, jobId, diedAt: Number(scores[index]) }] : []));
  };

  /** Reason not to replay an alert that expired before it was routed; `undefined` if there is none. */
  const objectionToAlert = async (id: string): Promise<Objection | undefined> => {
    const alert = await histories.alert(id);
    if (alert === undefined || alert.dedupKey === null) return undefined;
    const over = await ledger.closedBy(dedupHash(alert.dedupKey), Date.parse(alert.receivedAt));
    return over && { kind: over };
  };

  const replay = async ({ id, reason }: DeadLetter, job: DeadLetterJob): Promise<Replayed> => {
    const { queue, what, jobId, data, failedReason } = job;
    if (queue === UNKNOWN) return { kind: 'unknown' };
    const dead = { failed: key(queue, 'failed'), job: key(queue, jobId) };
    const now = clock.now();
    const message = messageOf(job);
    if (message === undefined) {
      const objection = what === 'alert' && failedReason.startsWith(EXPIRED) ? await objectionToAlert(id) : undefined;
      if (objection !== undefined) return objection;
      // A resolve applies to alerts raised before it, so both keep their timestamp.
      const [name, timestamp] =
        what === 'alert' && job.name !== ENDED_JOB
          ? [ALERT_AGAIN_JOB, undefined]
          : [what === 'notice' ? NOTICE_AGAIN_JOB : job.name, now.getTime()];
      const event = eventOf(job);
      const next = event === undefined ? data : JSON.stringify(withAllTries(event));
      const prepared = await prepareReplayScript(connection, {
        keys: dead,
        args: { jobId, dataBefore: data, data: next, name, timestamp },
      });
      const moved = prepared === 'prepared' && (await moveToWait(queues.get(queue) as Queue, jobId));
      return moved ? { kind: 'replayed', goodUntil: null } : { kind: 'gone' };
    }
    const history = await ledger.recall(message.id);
    if (history === undefined) return { kind: 'forgotten' };
    if (!REPLAYABLE.includes(history.state) && !isInFlight(history.state)) return { kind: 'ended', state: history.state };
    const { simulated: _, ...insisted } = message;
    // A message that failed because it was raised for simulated providers now goes to real ones: the operator asked for it.
    const next = replayMessage(reason === 'simulated' ? insisted : message, now);
    const reopening = reopeningOf(next);
    const objection = reopening && (await ledger.objection(reopening));
    if (objection !== undefined) return objection;
    const args = { jobId, dataBefore: data, data: JSON.stringify(next), name: MESSAGE_AGAIN_JOB, timestamp: now.getTime() };
    if ((await prepareReplayScript(connection, { keys: dead, args })) === 'gone') return { kind: 'gone' };
    if (!(await moveToWait(queues.get(queue) as Queue, jobId))) return { kind: 'gone' };
    if (reopening !== undefined) await ledger.reopen(reopening);
    return { kind: 'replayed', goodUntil: new Date(next.expiresAt).toISOString() };
  };

  const discard = async (job: DeadLetterJob, alertId: string | null): Promise<boolean> => {
    const { queue, jobId } = job;
    if (queue === UNKNOWN) return false;
    const message = messageOf(job);
    // Written to the ledger first, so that `explain` shows why the letter is gone.
    if (message !== undefined && (await connection.zscore(key(queue, 'failed'), jobId)) !== null) {
      await ledger.note(message.id, { at: clock.now().toISOString(), stage: 'operator', verdict: 'discarded' });
    }
    const discarded = await discardScript(connection, {
      keys: { failed: key(queue, 'failed'), job: key(queue, jobId) },
      args: { jobId },
    });
    const isDiscarded = discarded === 'discarded';
    const member = message?.id ?? (queue === ALERT_QUEUE && alertId !== null ? alertMember(alertId) : undefined);
    if (isDiscarded && member !== undefined) await settleMissed(connection, keys, member);
    return isDiscarded;
  };

  const jobOf = (letter: DeadLetter): DeadLetterJob => {
    const job = jobs.get(letter);
    if (job === undefined) throw new Error('this dead letter was not returned by this instance');
    return job;
  };

  let turn: Promise<unknown> = Promise.resolve();

  return {
    async *all(filter = {}) {
      const total = await countRefs(connection, SETS);
      for await (const { looked, letters } of scan(SETS, 'oldest', filter)) {
        yield { total, looked, letters: letters.filter((letter) => matches(letter, filter)) };
      }
    },
    async list(limit, filter = {}) {
      const total = await countRefs(connection, SETS);
      const found: DeadLetter[] = [];
      for await (const { letters } of scan(SETS, 'newest', filter)) {
        found.push(...letters.filter((letter) => matches(letter, filter)));
        if (found.length > limit) break;
      }
      return { total, letters: found.slice(0, limit), more: found.length > limit };
    },
    async find(ids) {
      const wanted = new Set(ids);
      const answersTo = ({ id, alertId }: DeadLetter, names: ReadonlySet<string>) =>
        names.has(id) || (alertId !== null && names.has(alertId));
      const located = (await Promise.all([...wanted].map((id) => withinDeadline(locate(id))))).flat();
      const places = new Map(located.map((ref) => [key(ref.queue, ref.jobId), ref]));
      const found = await readAll([...places.values()]);
      // The remaining ids are job ids of other clients.
      const left = new Set([...wanted].filter((id) => !found.some((letter) => answersTo(letter, new Set([id])))));
      if (left.size === 0) return found;
      const strangers = [...left].some((id) => id.startsWith('q-')) ? NAMES : NAMES.filter((name) => name !== MESSAGE_QUEUE);
      for await (const { letters } of scan(strangers.map(setOf), 'oldest'))
        found.push(...letters.filter((letter) => answersTo(letter, left)));
      return found;
    },
    replay(letter) {
      const mine = turn.then(() => withinDeadline(replay(letter, jobOf(letter))));
      turn = mine.catch(() => undefined);
      return mine;
    },
    discard: (letter) => withinDeadline(discard(jobOf(letter), letter.alertId)),
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
      if (typeof redis === 'string') connection.disconnect();
    },
  };
}

/** Retries the job with its own priority. False if it is no longer in the failed set. */
async function moveToWait(queue: Queue, jobId: string): Promise<boolean> {
  try {
    // Not read from Redis: unreadable data may be the reason for the failure.
    await new bullmq.Job(queue, '', {}, {}, jobId).retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true });
    return true;
  } catch (error) {
    if (GONE.includes((error as { code?: unknown }).code)) return false;
    throw error;
  }
}
