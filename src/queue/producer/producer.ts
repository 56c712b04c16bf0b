import type { BulkJobOptions } from 'bullmq';
import type { AlertInput, ParsedAlert } from '../../alert/alert.ts';
import { dedupKeyOf } from '../../alert/dedup-key.ts';
import { dedupHash, newAlertId } from '../../alert/id.ts';
import { AlertError, type Directory, readAlert } from '../../alert/parse/parse-alert.ts';
import type { Clock } from '../../clock.ts';
import { createAcceptance } from '../../ledger/acceptance.ts';
import type { Seen } from '../../ledger/records.ts';
import { createLedger } from '../../ledger/redis-ledger.ts';
import type { Ended } from '../../pipeline/resolved/notify-resolved.ts';
import { keepTime, keptClockOf } from '../../redis/clock/redis-clock.ts';
import { isCluster, type Redis } from '../../redis/connect.ts';
import { callersConnection, openProducerConnection } from '../../redis/connection/producer-connection.ts';
import { isClusterUrl, judgePrefix } from '../../redis/connection/redis-url.ts';
import { createKeys } from '../../redis/keys.ts';
import { announceEnd, createAcknowledgeAlert, promoteMessages } from '../jobs/alert-jobs.ts';
import { ALERT_JOB, ALERT_QUEUE, alertJobId, MESSAGE_QUEUE, PRIORITY } from '../names.ts';
import { openQueue } from '../open-queue.ts';
import { type Accepted, keepAlerts } from './keep-alerts.ts';
import type { EnqueueResult, Producer } from './producer-port.ts';
import { createWaitFor } from './wait-for.ts';

export interface ProducerOptions {
  /**
   * `redis://…` URL, also of Sentinels or a Cluster, or an ioredis client of yours, which stays yours to close. What holds during an outage is then
   * up to its options: by its defaults a call that was refused may still be made later.
   */
  readonly redis: string | Redis;
  /** As `redis.prefix` in the config of the workers. */
  readonly prefix?: string;
  /** Validates alerts; by default their shape, and phone numbers as far as possible without the config. */
  readonly directory?: Directory;
}

/**
 * Adds alerts to the queue `sms-alerts`. Validates them before it touches Redis; fails within 5 s if Redis is unreachable. Its idle
 * connection does not keep the process alive, except with a Redis Cluster, where `close()` is needed.
 * @throws Error when the URL cannot be read, or the prefix does not fit a Redis Cluster
 */
export function createProducer({ redis, prefix = '{sms}', directory = { strictNumbers: false } }: ProducerOptions): Producer {
  const fault = judgePrefix(prefix, typeof redis === 'string' ? isClusterUrl(redis) : isCluster(redis));
  if (fault !== undefined) throw new Error(`prefix ${fault}`);
  const keys = createKeys(prefix);
  const opened = typeof redis === 'string' ? openProducerConnection(redis, keys.probe()) : callersConnection(redis);
  const connection = opened.redis;
  const ledger = createLedger(connection, keys);
  const acceptance = createAcceptance(connection, keys);
  const alerts = openQueue(ALERT_QUEUE, connection, prefix);
  const messages = openQueue(MESSAGE_QUEUE, connection, prefix);
  const known = keptClockOf(connection);
  const clock = known ?? keepTime(connection, keys);
  const stamp = createStamp(clock);

  const add = async (accepted: readonly Accepted[]): Promise<boolean[]> => {
    const jobs = accepted.map(jobOf);
    await alerts.addBulk(jobs);
    const known = await acceptance.remember(
      accepted.map((entry, index) => ({ id: entry.id, summary: summaryOf(entry), job: jobs[index] })),
    );
    return Promise.all(accepted.map(async (entry, index) => known[index] === true && !(await replaceMalformed(entry))));
  };

  /** Replaces the failed job of a malformed alert, which may be corrected and raised again under its id. True if it did. */
  const replaceMalformed = async (entry: Accepted): Promise<boolean> => {
    if (!(await acceptance.wasMalformed(entry.id))) return false;
    const jobId = alertJobId(entry.id);
    // By its id alone: `getJob` throws on a record that BullMQ cannot read.
    if ((await alerts.getJobState(jobId)) !== 'failed') return false;
    await alerts.remove(jobId);
    const { name, data, opts } = jobOf(entry);
    await alerts.add(name, data, opts);
    return true;
  };

  const recent = keepAlerts({
    redis: connection,
    key: keys.probe(),
    isRouted: acceptance.isRouted,
    again: (lost) => opened.call(() => take(lost)),
  });

  const resolve = async (ended: Ended): Promise<void> => {
    await promoteMessages(messages, await ledger.resolve(ended.dedupHash, new Date(ended.at)));
    if (await ledger.resolveSubscribers.any(ended.dedupHash)) await announceEnd(alerts, ended);
  };
  const acknowledge = createAcknowledgeAlert(ledger, messages);

  /** Cancels immediately, because a router may be far behind or down. The router notifies recipients later. */
  const end = async ({ alert, receivedAt }: Accepted): Promise<void> =>
    promoteMessages(messages, await ledger.resolve(dedupHash(dedupKeyOf(alert)), new Date(receivedAt)));

  const take = async (accepted: readonly Accepted[]): Promise<boolean[]> => {
    const duplicates = await add(accepted);
    recent.add(accepted);
    // A repeated resolve may be older than an alert raised since.
    await Promise.all(accepted.filter(({ alert: { status } }, index) => status === 'resolved' && !duplicates[index]).map(end));
    return duplicates;
  };

  /** The first call waits for Redis' time, which alert timestamps use. */
  const stampAndTake = async (alerts: readonly Omit<Accepted, 'receivedAt'>[]): Promise<boolean[]> => {
    await clock.known();
    recent.look();
    return take(alerts.map((entry) => ({ ...entry, receivedAt: stamp(entry.alert.status) })));
  };

  const enqueueMany = async (inputs: readonly unknown[]): Promise<EnqueueResult[]> => {
    const read = inputs.map((input) => readAlert(input, directory));
    const accepted = read
      .filter((entry): entry is ParsedAlert => !(entry instanceof AlertError))
      .map((alert) => ({ id: alert.id ?? newAlertId(), alert }));
    const duplicates = accepted.length === 0 ? [] : await opened.call(() => stampAndTake(accepted));
    let next = 0;
    return read.map((entry) => {
      if (entry instanceof AlertError) return { ok: false, issues: entry.issues };
      const index = next++;
      return { ok: true, id: (accepted[index] as { id: string }).id, duplicate: duplicates[index] as boolean };
    });
  };

  return {
    enqueueMany,
    async enqueue(alert: AlertInput) {
      const [result] = await enqueueMany([alert]);
      if (result?.ok !== true) throw new AlertError(result?.issues ?? []);
      return { id: result.id, duplicate: result.duplicate };
    },
    resolve: (dedupKey) =>
      opened.call(async () => {
        await clock.known();
        await resolve({ dedupHash: dedupHash(dedupKey), at: stamp('resolved') });
      }),
    acknowledge: (alertId, by) =>
      opened.call(async () => {
        await clock.known();
        return acknowledge(alertId, by, clock.now());
      }),
    waitFor: createWaitFor(connection, keys, () => opened.call(async () => undefined)),
    async close() {
      recent.close();
      if (known === undefined) clock.close();
      // Its sockets do not keep the process alive, and it may still be connecting.
      const alive = setInterval(() => undefined, 1000);
      await Promise.all([alerts.close(), messages.close()]).finally(() => clearInterval(alive));
      if (typeof redis === 'string') connection.disconnect();
    },
  };
}

/** A resolve applies to alerts raised before it, so timestamps of one producer are unique. */
function createStamp(clock: Clock): (status: ParsedAlert['status']) => number {
  let fired = 0;
  let resolved = 0;
  return (status) => {
    if (status === 'resolved') {
      resolved = Math.max(clock.now().getTime(), fired + 1);
      return resolved;
    }
    fired = Math.max(clock.now().getTime(), resolved);
    return fired;
  };
}

function jobOf({ id, alert, receivedAt }: Accepted): { name: string; data: unknown; opts: BulkJobOptions } {
  const priority = PRIORITY[alert.severity];
  return {
    name: ALERT_JOB,
    data: { ...alert, id },
    opts: { jobId: alertJobId(id), timestamp: receivedAt, ...(priority === 0 ? {} : { priority }) },
  };
}

function summaryOf({ alert, receivedAt }: Accepted): Seen {
  return { severity: alert.severity, status: alert.status, dedupKey: dedupKeyOf(alert), receivedAt };
}
