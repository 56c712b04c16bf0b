import { randomUUID } from 'node:crypto';
import { UnrecoverableError } from 'bullmq';
import { describe, expect, it, onTestFinished } from 'vitest';
import { alertIdOfJob, hash } from '../../../src/alert/id.ts';
import { readCriticals } from '../../../src/ledger/criticals.ts';
import type { MessageState } from '../../../src/ledger/history/history.ts';
import { createHistories } from '../../../src/ledger/history/redis-histories.ts';
import { createLedger } from '../../../src/ledger/redis-ledger.ts';
import { createLogger } from '../../../src/logger.ts';
import type { Message } from '../../../src/pipeline/message.ts';
import type { Outcome } from '../../../src/pipeline/outcome.ts';
import { planMessage } from '../../../src/pipeline/routing/plan-message.ts';
import { reopeningOf } from '../../../src/pipeline/unknown/replay-message.ts';
import { createDeadLetters } from '../../../src/queue/dead-letters/dead-letters.ts';
import type { DeadLetter, DeadLetters } from '../../../src/queue/dead-letters/dead-letters-port.ts';
import { createMessageWorker } from '../../../src/queue/message-worker.ts';
import { ALERT_QUEUE, alertJobId, LOOKUP_QUEUE, MESSAGE_QUEUE, PRIORITY, RECEIPT_QUEUE } from '../../../src/queue/names.ts';
import { connectRedis } from '../../../src/redis/connect.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { RedisUnavailableError } from '../../../src/redis/unavailable.ts';
import { attemptRequest, messageRecord, routedAlert } from '../../support/fixtures/ledger.ts';
import { messageOf } from '../../support/fixtures/message.ts';
import { testRedis } from '../../support/redis.ts';
import { createSettableClock } from '../../support/settable-clock.ts';
import { until } from '../../support/until.ts';
import { openQueue } from '../support/queue-bench.ts';

const { url, prefix: shared, redis } = testRedis();
const NUMBER = '+60123456789';
const HOUR_MS = 3_600_000;

/** Failed sets of its own, with a hand that fills them. */
function morgue() {
  const prefix = `${shared}:${randomUUID().slice(0, 8)}`;
  const keys = createKeys(prefix);
  const ledger = createLedger(redis, keys);
  const histories = createHistories(redis, keys);
  const clock = createSettableClock(Date.now());
  const benches = new Map([MESSAGE_QUEUE, ALERT_QUEUE, RECEIPT_QUEUE, LOOKUP_QUEUE].map((name) => [name, openQueue(url, prefix, name)]));
  const bench = (name: string) => benches.get(name) as ReturnType<typeof openQueue>;

  const open = (at = url): DeadLetters => {
    const dead = createDeadLetters({ redis: at, prefix, clock });
    onTestFinished(() => dead.close());
    return dead;
  };

  const bury = async (queue: string, data: object, jobId: string, reason: string, priority = 0): Promise<void> => {
    const { queue: jobs, take } = bench(queue);
    await jobs.add('message', data, { jobId, timestamp: 1_000, ...(priority === 0 ? {} : { priority }) });
    const job = await take('token');
    await job.moveToFailed(new UnrecoverableError(reason), 'token', false);
  };

  return {
    prefix,
    keys,
    ledger,
    histories,
    clock,
    open,
    bury,
    bench,
    /** As it is after one try that was refused, good for an hour from when it was raised. */
    async failedMessage({
      severity = 'critical',
      state = 'failed',
      waitedFor,
      ...over
    }: Partial<Message> & { state?: MessageState; waitedFor?: string } = {}): Promise<Message> {
      const id = randomUUID();
      const raisedAt = clock.at - 2 * HOUR_MS;
      const message = messageOf({
        id: `m-${id}`,
        alertId: `a-${id}`,
        severity,
        text: `call ${NUMBER} now`,
        variables: { instance: '', priority: 'CRITICAL', content: `call ${NUMBER} now` },
        receivedAt: raisedAt,
        dedupHash: id,
        ...over,
      });
      const { alertId, dedupHash, phoneHash, receivedAt } = message;
      const { record } = planMessage(message, undefined, undefined, new Date(raisedAt));
      await ledger.admit(
        routedAlert(alertId, { dedupKey: 'disk', severity, dedupHash, receivedAt, dedupeForMs: 0, messages: [record] }),
        randomUUID(),
      );
      const attempt = {
        token: 't',
        number: 1,
        record: { provider: 'p', startedAt: new Date(raisedAt).toISOString(), result: 'refused', reason: 'content', code: '30034' },
      } as const;
      const asked = { dedupHash, phoneHash, receivedAt, leaseMs: 1, record: { provider: 'p', startedAt: attempt.record.startedAt } };
      await ledger.openAttempt(attemptRequest(message.id, asked));
      const move = { messageId: message.id, alertId, dedupHash, run: 'r', events: [] };
      if (waitedFor !== undefined) await ledger.move({ ...move, state: 'deferred', reason: waitedFor, lastReason: waitedFor, attempt });
      const reason = state === 'failed' ? 'content' : state;
      const keep = state === 'unknown' ? JSON.stringify(message) : undefined;
      await ledger.move({ ...move, state, reason, attempt: waitedFor === undefined ? attempt : undefined, keep });
      const failedReason = state === 'expired' ? `expired: ${waitedFor}` : 'content (30034)';
      if (state !== 'unknown') await bury(MESSAGE_QUEUE, message, message.id, failedReason, PRIORITY[severity]);
      return message;
    },
    async only(dead: DeadLetters): Promise<DeadLetter> {
      const { letters } = await dead.list(10);
      expect(letters).toHaveLength(1);
      return letters[0] as DeadLetter;
    },
    jobOf: (message: Message) => bench(MESSAGE_QUEUE).queue.getJob(message.id),
  };
}

describe('a dead letter', () => {
  it('is listed from all queues, newest first, without a number or the text of a secret', async () => {
    const { open, bury, failedMessage } = morgue();
    const message = await failedMessage();
    const data = { id: 'order-42', severity: 'loud', to: NUMBER, text: 'code 4711', [NUMBER]: true };
    await bury(ALERT_QUEUE, data, 'raw-1', `malformed: ${NUMBER}: unknown key`);
    await bury(RECEIPT_QUEUE, { from: NUMBER }, NUMBER, 'malformed: not a receipt job of this system');
    await bury(LOOKUP_QUEUE, {}, 'l-1', 'malformed: not a look-up job of this system');

    const { total, letters } = await open().list(3);
    expect(total).toBe(4);
    expect(letters).toMatchObject([
      { what: 'lookup', reason: 'malformed', id: expect.stringMatching(/^q-/) },
      { what: 'receipt', alertId: null, id: expect.stringMatching(/^q-/) },
      { what: 'alert', id: 'order-42', alertId: 'order-42', severity: null, detail: 'malformed: +60*******789: unknown key' },
    ]);
    const [found] = await open().find([message.alertId]);
    expect(found).toMatchObject({
      id: message.id,
      what: 'message',
      alertId: message.alertId,
      severity: 'critical',
      to: '+60*******789',
      reason: 'content',
      code: '30034',
      detail: 'content (30034)',
      stored: { text: 'call +60*******789 now', route: 'default', providers: 'p' },
    });
    expect(JSON.stringify([letters, found])).not.toMatch(/123456789|4711/);
  });

  it.each([
    ['a code', { purpose: 'verification' as const }],
    ['what a template was filled with', { template: { name: 'login', params: { code: '4711' }, exact: true } }],
  ])('does not show %s', async (_, over) => {
    const { open, bury, failedMessage } = morgue();
    const message = await failedMessage();
    await bury(MESSAGE_QUEUE, { ...message, ...over, id: 'm-secret', text: 'Your code is 4711' }, 'm-secret', 'content');
    expect(JSON.stringify(await open().list(10))).not.toContain('4711');
  });

  it('is found by the id that explain knows, also under a job id of another producer', async () => {
    const { open, bury, failedMessage } = morgue();
    const message = await failedMessage();
    await bury(ALERT_QUEUE, { id: 'ours', severity: 'loud' }, alertJobId('ours'), 'malformed');
    await bury(ALERT_QUEUE, { id: 'theirs', severity: 'loud' }, 'raw-1', 'malformed');
    await bury(ALERT_QUEUE, { severity: 'loud' }, 'raw-2', 'malformed');
    await bury(MESSAGE_QUEUE, { not: 'ours' }, 'raw-3', 'malformed');
    const dead = open();
    const stranger = (await dead.list(1)).letters[0]?.id as string;
    expect(stranger).toMatch(/^q-/);
    const ids = [message.id, 'ours', 'theirs', alertIdOfJob({ jobId: 'raw-2', timestamp: 1_000, data: undefined }), stranger];
    expect((await dead.find(ids)).map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    for (const id of ids) expect((await dead.find([id])).map((letter) => letter.id)).toEqual([id]);
    expect(await dead.find([message.alertId, message.id])).toHaveLength(1);
    expect(await dead.find(['m-nobody', 'nobody'])).toEqual([]);
  });

  it('is processed in batches, each once, also when it fails again meanwhile', async () => {
    const { open, prefix } = morgue();
    const failed = `${prefix}:${RECEIPT_QUEUE}:failed`;
    const ids = Array.from({ length: 250 }, (_, n) => `${n}`);
    await redis.zadd(failed, ...ids.flatMap((id) => [id, `job-${id}`]));
    const seen: string[] = [];
    for await (const { total, letters } of open().all()) {
      expect(total).toBe(250);
      seen.push(...letters.map(({ id }) => id));
      await redis.zadd(failed, 1_000, 'job-3', 1_001, 'job-new');
    }
    expect(new Set(seen).size).toBe(250);
    expect(seen).toHaveLength(250);
  });
});

describe('a replayed message', () => {
  it('goes back to its lane, is in flight again in the ledger, with its first lifetime', async () => {
    const { open, failedMessage, only, histories, ledger, clock, jobOf, prefix } = morgue();
    const message = await failedMessage({ severity: 'warning' });
    const dead = open();
    const goodUntil = new Date(clock.at + HOUR_MS).toISOString();
    expect(await dead.replay(await only(dead))).toEqual({ kind: 'replayed', goodUntil });

    const job = await jobOf(message);
    expect(job).toMatchObject({ name: 'message-again', priority: PRIORITY.warning, timestamp: clock.at });
    expect(job?.data).toMatchObject({ id: message.id, expiresAt: clock.at + HOUR_MS, replay: { number: 1, at: clock.at } });
    expect(await redis.zcard(`${prefix}:${MESSAGE_QUEUE}:prioritized`)).toBe(1);
    expect(await histories.message(message.id)).toMatchObject({
      state: 'queued',
      expiresAt: goodUntil,
      attempts: [{ result: 'refused' }],
      events: [{ stage: 'consent-gate' }, { stage: 'operator', verdict: 'replayed', until: goodUntil }],
    });
    expect(await ledger.inFlight()).toBe(1);
    expect((await dead.list(1)).total).toBe(0);
  });

  it('has its first lifetime each time, not what was left of the last one', async () => {
    const { open, failedMessage, only, clock, bench, jobOf, ledger } = morgue();
    const message = await failedMessage();
    const dead = open();
    await dead.replay(await only(dead));
    await (await bench(MESSAGE_QUEUE).take('again')).moveToFailed(new UnrecoverableError('content'), 'again', false);
    const { id: messageId, alertId, dedupHash } = message;
    await ledger.move({ messageId, alertId, dedupHash, run: 'r2', state: 'failed', reason: 'content', events: [] });
    clock.at += 5 * HOUR_MS;
    await dead.replay(await only(dead));
    expect((await jobOf(message))?.data).toMatchObject({ expiresAt: clock.at + HOUR_MS, replay: { number: 2, at: clock.at } });
  });

  it('is replayed by one of two operators only, and runs once', async () => {
    const { open, failedMessage, only, ledger, histories, prefix } = morgue();
    const message = await failedMessage();
    const [one, two] = [open(), open()];
    const [a, b] = [await only(one), await only(two)];
    const kinds = (await Promise.all([one.replay(a), two.replay(b)])).map(({ kind }) => kind);
    expect(kinds.toSorted()).toEqual(['gone', 'replayed']);
    expect(await redis.lrange(`${prefix}:${MESSAGE_QUEUE}:wait`, 0, -1)).toEqual([message.id]);
    expect(await ledger.inFlight()).toBe(1);
    expect((await histories.message(message.id))?.events.filter(({ verdict }) => verdict === 'replayed')).toHaveLength(1);
  });

  it('is reported to the ledger by its worker when the replaying process crashed before', async () => {
    const { open, failedMessage, only, ledger, histories, jobOf } = morgue();
    const message = await failedMessage();
    // May do all but the first write of the ledger's step, as if it had been killed right before it.
    const user = `u-${randomUUID().slice(0, 8)}`;
    await redis.call('ACL', 'SETUSER', user, 'on', '>pass', '~*', '&*', '+@all', '-incr');
    onTestFinished(async () => void (await redis.call('ACL', 'DELUSER', user)));
    const dead = open(url.replace('redis://', `redis://${user}:pass@`));
    await expect(dead.replay(await only(dead))).rejects.toThrow();
    expect((await histories.message(message.id))?.state).toBe('failed');

    const job = await jobOf(message);
    expect(await job?.getState()).toBe('waiting');
    const reopening = reopeningOf(job?.data as Message);
    expect(reopening && (await ledger.reopen(reopening))).toBe('reopened');
    expect((await histories.message(message.id))?.state).toBe('queued');
  });

  it.each(['accepted', 'delivered', 'suppressed'] as const)('stays a dead letter when the ledger has it as %s', async (state) => {
    const { open, failedMessage, only } = morgue();
    await failedMessage({ state });
    const dead = open();
    expect(await dead.replay(await only(dead))).toEqual({ kind: 'ended', state });
    expect((await dead.list(1)).total).toBe(1);
  });

  it('stays a dead letter when the ledger no longer has it', async () => {
    const { open, failedMessage, only, keys } = morgue();
    const { id } = await failedMessage();
    await redis.del(keys.message(id));
    const dead = open();
    expect(await dead.replay(await only(dead))).toEqual({ kind: 'forgotten' });
    expect((await dead.list(1)).total).toBe(1);
  });
});

describe('an expired message', () => {
  const ids = (letters: readonly DeadLetter[]) => letters.map(({ id }) => id);

  it('is listed with what it waited for last, and found by that, by its severity, its route and its age', async () => {
    const { open, failedMessage } = morgue();
    const auth = await failedMessage({ state: 'expired', waitedFor: 'auth' });
    const capped = await failedMessage({ state: 'expired', waitedFor: 'rate_cap_recipient', route: 'bulk', severity: 'info' });
    const failed = await failedMessage();
    const dead = open();
    const find = async (filter: Parameters<DeadLetters['list']>[1]) => ids((await dead.list(10, filter)).letters).toSorted();
    expect((await dead.find([auth.id]))[0]).toMatchObject({ state: 'expired', reason: 'auth', route: 'default', detail: 'expired: auth' });
    expect(await find({ reason: 'auth' })).toEqual([auth.id]);
    expect(await find({ reason: 'rate_cap_recipient' })).toEqual([capped.id]);
    expect(await find({ reason: 'expired' })).toEqual([auth.id, capped.id].toSorted());
    expect(await find({ severity: 'critical' })).toEqual([auth.id, failed.id].toSorted());
    expect(await find({ route: 'bulk' })).toEqual([capped.id]);
    expect(await find({ since: new Date(Date.now() + HOUR_MS) })).toEqual([]);
    expect(await find({ since: new Date(Date.now() - HOUR_MS) })).toHaveLength(3);
    const replayable: string[] = [];
    for await (const { letters, total } of dead.all({ reason: 'auth' })) {
      expect(total).toBe(3);
      replayable.push(...ids(letters));
    }
    expect(replayable).toEqual([auth.id]);
  });

  it('is sent again once, without the wait of before', async () => {
    const { open, failedMessage, only, histories, ledger, clock } = morgue();
    const message = await failedMessage({ state: 'expired', waitedFor: 'auth' });
    const dead = open();
    const letter = await only(dead);
    expect(await dead.replay(letter)).toMatchObject({ kind: 'replayed', goodUntil: new Date(clock.at + HOUR_MS).toISOString() });
    expect(await dead.replay(letter)).toEqual({ kind: 'gone' });
    const trace = await histories.message(message.id);
    expect(trace).toMatchObject({ state: 'queued', reason: null });
    expect(trace).not.toHaveProperty('lastReason');
    expect(await ledger.inFlight()).toBe(1);
  });

  it.each(['resolved', 'acknowledged'] as const)('is not replayed once its problem is %s, and stays listed', async (kind) => {
    const { open, failedMessage, only, ledger, histories } = morgue();
    const message = await failedMessage({ state: 'expired', waitedFor: 'auth', dedupHash: hash('dedup', 'disk') });
    if (kind === 'resolved') await ledger.resolve(message.dedupHash, new Date());
    else await ledger.acknowledge({ alertId: message.alertId, by: 'http by alice', at: new Date(), run: 'run' });
    const dead = open();
    expect(await dead.replay(await only(dead))).toEqual({ kind });
    expect((await histories.message(message.id))?.state).toBe('expired');
    expect((await dead.list(1)).total).toBe(1);
  });

  it('is replayed once for a dedup key, with any number of expired alerts and any kind of replay', async () => {
    const { open, failedMessage, histories } = morgue();
    const same = { state: 'expired', waitedFor: 'auth', dedupHash: 'disk', dedupeForMs: HOUR_MS } as const;
    const messages = [await failedMessage(same), await failedMessage(same), await failedMessage({ ...same, dedupeForMs: undefined })];
    const dead = open();
    const { letters } = await dead.list(10);
    const replayed = await Promise.all(letters.map(dead.replay));
    expect(replayed.map(({ kind }) => kind).toSorted()).toEqual(['duplicate', 'replayed', 'replayed']);
    const states = await Promise.all(messages.map(async ({ id }) => (await histories.message(id))?.state));
    expect(states.toSorted()).toEqual(['expired', 'queued', 'queued']);
  });

  it('makes a new alert of its dedup key a duplicate while its replay is on its way', async () => {
    const { open, failedMessage, only, ledger } = morgue();
    const message = await failedMessage({ state: 'expired', waitedFor: 'auth', dedupHash: 'disk', dedupeForMs: HOUR_MS });
    const dead = open();
    await dead.replay(await only(dead));
    const card = { severity: 'critical', purpose: 'alert', status: 'firing', dedupKey: 'disk', receivedAt: Date.now() } as const;
    const messages = [messageRecord('m-next', 'next', { phoneHash: message.phoneHash })];
    const next = { ...card, id: 'next', dedupHash: 'disk', dedupeForMs: HOUR_MS, events: [], messages };
    expect(await ledger.admit(next, randomUUID())).toEqual({ kind: 'duplicate', of: message.alertId });
  });

  it('of an alert that no router processed in time is listed, and not replayed once it is resolved', async () => {
    const { open, bury, ledger, only } = morgue();
    const data = { id: 'late', severity: 'critical', to: NUMBER, text: 'x', dedupKey: 'late' };
    await bury(ALERT_QUEUE, data, alertJobId('late'), 'expired: still queued at its deadline');
    const settled = { severity: 'critical', purpose: 'alert', status: 'firing', dedupKey: 'late', receivedAt: 1_000, events: [] } as const;
    await ledger.settleAlert({ ...settled, id: 'late', outcome: 'suppressed', reason: 'expired' }, 'r');
    const dead = open();
    expect(await only(dead)).toMatchObject({ what: 'alert', state: 'expired', reason: 'expired', id: 'late', severity: 'critical' });
    await ledger.resolve(hash('dedup', 'late'), new Date());
    expect(await dead.replay(await only(dead))).toEqual({ kind: 'resolved' });
  });

  it('of a digest has the number of its alerts', async () => {
    const { open, failedMessage, only, keys } = morgue();
    const { id } = await failedMessage({ state: 'expired', waitedFor: 'rate_cap_recipient', digest: { countedAs: 'critical' } });
    await redis.hset(keys.digestContent(id), 'id', id, 'count', 7);
    expect((await only(open())).stored).toMatchObject({ 'alerts in this digest': '7' });
  });
});

describe('a message with unknown outcome', () => {
  it('is in the same list, and is neither replayed nor discarded from it', async () => {
    const { open, failedMessage, only, histories } = morgue();
    const { id, alertId } = await failedMessage({ state: 'unknown' });
    const dead = open();
    const letter = await only(dead);
    expect(letter).toMatchObject({ id, what: 'message', state: 'unknown', reason: 'unknown_outcome', stored: { route: 'default' } });
    expect(letter.detail).toContain(`unknown resolve ${id}`);
    expect(JSON.stringify(letter)).not.toContain('123456789');
    expect((await dead.find([alertId])).map((found) => found.id)).toEqual([id]);
    expect(await dead.replay(letter)).toEqual({ kind: 'unknown' });
    expect(await dead.discard(letter)).toBe(false);
    expect((await histories.message(id))?.state).toBe('unknown');
  });

  it('leaves the list when a receipt reports its final state', async () => {
    const { open, failedMessage, ledger } = morgue();
    const { id } = await failedMessage({ state: 'unknown' });
    await ledger.applyReceipt(id, { provider: 'p', state: 'delivered', receivedAt: new Date() });
    expect((await open().list(10)).letters).toEqual([]);
  });
});

it('many dead letters are listed from the newest on, none twice and none omitted, while others leave the set', async () => {
  const { open, prefix } = morgue();
  const failed = `${prefix}:${RECEIPT_QUEUE}:failed`;
  // Half of them died in the same millisecond.
  const rows = Array.from({ length: 1_000 }, (_, n) => [n < 500 ? 500 : n, `job-${n}`] as const);
  await redis.zadd(failed, ...rows.flatMap(([score, id]) => [String(score), id]));
  const dead = open();
  const { letters, total, more } = await dead.list(900);
  expect([letters.length, total, more, new Set(letters.map(({ id }) => id)).size]).toEqual([900, 1_000, true, 900]);
  expect(letters.map(({ diedAt }) => diedAt)).toEqual(
    letters
      .map(({ diedAt }) => diedAt)
      .toSorted()
      .toReversed(),
  );
  let seen = 0;
  for await (const batch of dead.all()) {
    seen += batch.letters.length;
    await Promise.all(batch.letters.map(dead.discard));
  }
  expect([seen, await redis.zcard(failed)]).toEqual([1_000, 0]);
});

describe('a replayed alert', () => {
  it('goes back unchanged, with its own time, marked and without its stalls', async () => {
    const { open, bury, only, bench, prefix } = morgue();
    await bury(ALERT_QUEUE, { id: 'order-42', severity: 'critical' }, 'raw-1', 'malformed');
    await redis.hset(`${prefix}:${ALERT_QUEUE}:raw-1`, 'data', '{not json', 'stc', 12);
    const dead = open();
    expect(await dead.replay(await only(dead))).toEqual({ kind: 'replayed', goodUntil: null });
    const { key } = bench(ALERT_QUEUE);
    expect(await redis.lrange(key('wait'), 0, -1)).toEqual(['raw-1']);
    expect(await redis.hmget(key('raw-1'), 'name', 'data', 'timestamp', 'stc')).toEqual(['alert-again', '{not json', '1000', null]);
  });
});

describe('a discarded dead letter', () => {
  it('is removed permanently, with a line in its trace', async () => {
    const { open, failedMessage, only, histories, prefix } = morgue();
    const message = await failedMessage();
    const dead = open();
    const letter = await only(dead);
    expect((await readCriticals(redis, createKeys(prefix), 0, 3_600_000)).missed).toMatchObject([{ newest: message.id }]);
    expect([await dead.discard(letter), await dead.discard(letter)]).toEqual([true, false]);
    expect((await readCriticals(redis, createKeys(prefix), 0, 3_600_000)).missed).toEqual([]);
    expect(await redis.exists(`${prefix}:${MESSAGE_QUEUE}:${message.id}`)).toBe(0);
    expect((await dead.list(1)).total).toBe(0);
    expect(await histories.message(message.id)).toMatchObject({
      state: 'failed',
      events: [{}, { stage: 'operator', verdict: 'discarded' }],
    });
  });

  it('is never one that was replayed meanwhile', async () => {
    const { open, failedMessage, only, jobOf, histories } = morgue();
    const message = await failedMessage();
    const dead = open();
    const letter = await only(dead);
    await dead.replay(letter);
    expect(await dead.discard(letter)).toBe(false);
    expect(await (await jobOf(message))?.getState()).toBe('waiting');
    expect((await histories.message(message.id))?.events.at(-1)).toMatchObject({ verdict: 'replayed' });
  });
});

it.each([
  ['failed', 'content', undefined],
  ['expired', 'auth', 'auth'],
] as const)(
  'a message that %s in a run which crashed before it moved the job is a dead letter nevertheless',
  async (state, reason, waitedFor) => {
    const { prefix, bench, failedMessage, jobOf, only, open } = morgue();
    const message = await failedMessage({ state, ...(waitedFor === undefined ? {} : { waitedFor }) });
    await (await jobOf(message))?.retry();
    const [shared, commands] = [connectRedis(url, 'worker'), connectRedis(url, 'commands')];
    const settled: Outcome = { kind: 'settled', state };
    const worker = createMessageWorker({
      shared,
      commands,
      prefix,
      concurrency: 1,
      lockMs: 10_000,
      logger: createLogger('silent'),
      dispatch: async () => settled,
      bury: async () => settled,
    });
    onTestFinished(async () => {
      await worker.close();
      shared.disconnect();
      commands.disconnect();
    });
    await until(async () => (await bench(MESSAGE_QUEUE).queue.getFailedCount()) === 1);
    expect(await only(open())).toMatchObject({ id: message.id, state, reason, detail: `${state} in an earlier run` });
  },
);

it('reports that Redis is unreachable', async () => {
  await expect(morgue().open('redis://127.0.0.1:1').list(1)).rejects.toThrow(RedisUnavailableError);
});
