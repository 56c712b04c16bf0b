import { Queue } from 'bullmq';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import type { Reopening } from '../../../src/ledger/ledger.ts';
import { createInFlight } from '../../../src/ledger/lists/in-flight.ts';
import type { Logger } from '../../../src/logger.ts';
import type { Message } from '../../../src/pipeline/message.ts';
import { createNotifyResolved } from '../../../src/pipeline/resolved/notify-resolved.ts';
import { planMessage } from '../../../src/pipeline/routing/plan-message.ts';
import { reopeningOf, replayMessage } from '../../../src/pipeline/unknown/replay-message.ts';
import { type Accepted, refuse } from '../../../src/provider/contract/provider.ts';
import { addMessages } from '../../../src/queue/alert-worker.ts';
import { type RequeuePace, startRequeueing } from '../../../src/queue/jobs/requeue-lost.ts';
import { ALERT_QUEUE, alertJobId, MESSAGE_AGAIN_JOB, MESSAGE_QUEUE } from '../../../src/queue/names.ts';
import { createProducer } from '../../../src/queue/producer/producer.ts';
import { createHarness, type DispatcherHarness, HOUR_MS, MINUTE_MS } from '../../pipeline/dispatcher-harness.ts';
import { attemptRequest } from '../../support/fixtures/ledger.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();
const yes: Accepted = { kind: 'accepted', providerMessageId: 'SM1' };
/** Everything is due at once, however short ago it was written. */
const NOW = { everyMs: 1_000_000, quietMs: -5_000, againMs: 0, delayedAgainMs: 0 } as const;

let harness: DispatcherHarness;
let queue: Queue;
let alerts: Queue;
const closers: (() => Promise<unknown>)[] = [];
afterAll(() => Promise.all(closers.map((close) => close())));

beforeEach(() => {
  harness = createHarness(redis, prefix);
  queue = new Queue(MESSAGE_QUEUE, { connection: redis, prefix: harness.keys.prefix });
  alerts = new Queue(ALERT_QUEUE, { connection: redis, prefix: harness.keys.prefix });
  closers.push(() => Promise.all([queue.close(), alerts.close()]));
});

function sweep(pace: Partial<RequeuePace> = {}) {
  const counted: [string, number][] = [];
  const lines: object[] = [];
  const logger = { warn: (fields: object) => void lines.push(fields), debug: () => undefined } as unknown as Logger;
  const started = startRequeueing({
    ...{ redis, prefix: harness.keys.prefix, logger, now: () => harness.clock.now() },
    onRequeued: (name, count) => void counted.push([name, count]),
    pace: { ...NOW, ...pace },
  });
  closers.push(started.close);
  return { look: started.look, counted, lines };
}

/** As the router writes and adds it. */
async function queued(over: Partial<Message> = {}): Promise<Message> {
  const message = await harness.admit(harness.message(over));
  await addMessages(queue, [planMessage(message, undefined, undefined, harness.clock.now())], systemClock);
  return message;
}

const producer = () => {
  const opened = createProducer({ redis, prefix: harness.keys.prefix });
  closers.push(() => opened.close());
  return opened;
};

const waits = async (of: Queue, id: string) => {
  const job = await of.getJob(id);
  return job && (await job.getState());
};

describe('a message whose job another client has removed', () => {
  const waysOut: [string, Partial<Message>, (id: string) => Promise<unknown>][] = [
    ['by drain', {}, () => queue.drain()],
    ['by drain, among those with a priority', { severity: 'info' }, () => queue.drain()],
    [
      'by drain, while it waits for its step',
      { notBefore: Date.now() + HOUR_MS, expiresAt: Date.now() + 2 * HOUR_MS },
      () => queue.drain(true),
    ],
    ['by clean of a queue board', {}, () => queue.clean(0, 100, 'wait')],
    [
      'by clean, while it waits for its step',
      { notBefore: Date.now() + HOUR_MS, expiresAt: Date.now() + 2 * HOUR_MS },
      () => queue.clean(0, 100, 'delayed'),
    ],
    ['by remove', {}, async (id) => (await queue.getJob(id))?.remove()],
    ['by obliterate', {}, () => queue.obliterate({ force: true })],
    ['with the list in which it waited', {}, () => redis.del(queue.toKey('wait'))],
    ['with its record alone', {}, (id) => redis.del(queue.toKey(id))],
    [
      'by a worker of another program, which completed it',
      {},
      async (id) => {
        await redis.lrem(queue.toKey('wait'), 0, id);
        await redis.zadd(queue.toKey('completed'), Date.now(), id);
      },
    ],
  ];
  it.each(waysOut)('gets it again: %s', async (_how, over, remove) => {
    harness.provider('a', [yes]);
    const message = await queued(over);
    await remove(message.id);
    const { look, counted, lines } = sweep();
    await look();
    expect(await queue.getJob(message.id)).toMatchObject({ name: MESSAGE_AGAIN_JOB, data: message });
    expect(await waits(queue, message.id)).toMatch(/waiting|prioritized/);
    expect(counted).toEqual([[MESSAGE_QUEUE, 1]]);
    expect(lines).toMatchObject([{ queue: MESSAGE_QUEUE, count: 1, first: [message.id] }]);
    expect((await harness.trace(message)).events.at(-1)).toMatchObject({ stage: 'queue', verdict: 'requeued' });
    await look();
    expect(counted).toHaveLength(1);
    expect(await createInFlight(redis, harness.keys, () => new Date()).requeued()).toBe(1);
  });

  it.each<[string, Record<string, string>]>([
    ['because its entry was missing then, as after a failover', {}],
    ['although it has no record that BullMQ can read', { opts: 'null' }],
  ])('gets it again when the job has failed and the message has no end, %s', async (_why, record) => {
    harness.provider('a', [yes]);
    const message = await queued();
    await redis.lrem(queue.toKey('wait'), 0, message.id);
    await redis.zadd(queue.toKey('failed'), Date.now(), message.id);
    await redis.hset(queue.toKey(message.id), { failedReason: 'malformed: the ledger has no entry for this message', ...record });
    const { look, counted } = sweep();
    await look();
    expect(await queue.getJob(message.id)).toMatchObject({ name: MESSAGE_AGAIN_JOB, data: message });
    expect(counted).toEqual([[MESSAGE_QUEUE, 1]]);
    expect(await redis.zcard(queue.toKey('failed'))).toBe(0);
    const again = (await queue.getJob(message.id))?.data as Message;
    expect(await harness.run(again, { rerun: true })).toMatchObject({ kind: 'accepted' });
  });

  it('leaves the dead letter of a message that has ended', async () => {
    harness.provider('a', [refuse('content')]);
    const message = await queued();
    await harness.run(message);
    await redis.lrem(queue.toKey('wait'), 0, message.id);
    await redis.zadd(queue.toKey('failed'), Date.now(), message.id);
    const { look, counted } = sweep();
    await look();
    expect(counted).toEqual([]);
    expect(await redis.zrange(queue.toKey('failed'), '0', '-1')).toEqual([message.id]);
  });

  it('is sent once, and no more is kept of it than before', async () => {
    const a = harness.provider('a', [yes]);
    const message = await queued();
    await queue.drain();
    await sweep().look();
    const again = (await queue.getJob(message.id))?.data as Message;
    expect(await harness.run(again, { rerun: true })).toMatchObject({ kind: 'accepted' });
    expect(a.requests).toHaveLength(1);
    expect(await redis.hexists(harness.keys.message(message.id), 'job')).toBe(0);
    expect(await redis.zcard(harness.keys.openMessages())).toBe(0);
  });

  it('expires when it is too late', async () => {
    harness.provider('a', [yes]);
    const message = await queued({ expiresAt: harness.clock.at + MINUTE_MS });
    await queue.drain();
    harness.clock.at += 2 * MINUTE_MS;
    await sweep().look();
    const again = (await queue.getJob(message.id))?.data as Message;
    expect(await harness.run(again, { rerun: true })).toMatchObject({ kind: 'expired' });
  });

  it('is not sent a second time when its attempt may have been sent', async () => {
    const a = harness.provider('a', [
      async () => {
        throw new Error('never answered');
      },
    ]);
    const message = await queued({ onUnknown: 'hold' });
    const { dedupHash, phoneHash, receivedAt } = message;
    const record = { provider: 'a', startedAt: harness.clock.now().toISOString() };
    await harness.ledger.openAttempt(attemptRequest(message.id, { dedupHash, phoneHash, receivedAt, record }));
    await queue.obliterate({ force: true });
    // Its run may be calling the provider, in the job of the alert.
    await sweep().look();
    expect(await queue.getJob(message.id)).toBeUndefined();
    await harness.endLease(message);
    await sweep().look();
    const again = (await queue.getJob(message.id))?.data as Message;
    expect(await harness.run(again, { rerun: true })).toMatchObject({ kind: 'unknown' });
    expect(a.requests).toHaveLength(0);
  });

  it('keeps its retry: a job removed while it is delayed runs again', async () => {
    const a = harness.provider('a', [refuse('unavailable'), refuse('unavailable'), refuse('unavailable'), yes]);
    const message = await queued();
    expect(await harness.run(message)).toMatchObject({ kind: 'retry' });
    await queue.obliterate({ force: true });
    await sweep().look();
    const again = (await queue.getJob(message.id))?.data as Message;
    expect(await harness.run(again, { rerun: true })).toMatchObject({ kind: 'accepted' });
    expect(a.requests).toHaveLength(4);
  });
});

describe('other kinds of messages, once their job was removed', () => {
  it('a replayed one gets its new deadline and number again', async () => {
    harness.provider('a', [refuse('content')]);
    const { message } = await harness.send();
    const next = replayMessage(message, harness.clock.now());
    await harness.ledger.reopen(reopeningOf(next) as Reopening);
    await sweep().look();
    expect((await queue.getJob(message.id))?.data).toEqual(next);
  });

  it('a message that the problem is resolved', async () => {
    harness.provider('a', [yes]);
    const { message: firing } = await harness.send({ resolvedTexts: true });
    await harness.ledger.resolveSubscribers.keep(firing.dedupHash, { [firing.id]: JSON.stringify(firing) });
    const tell = createNotifyResolved({ ledger: harness.ledger, observer: { messagesCreated: () => undefined }, clock: harness.clock });
    let told: Message | undefined;
    const ended = { dedupHash: firing.dedupHash, at: firing.receivedAt + 1 };
    await tell(ended, async ([step]) => {
      told = step?.message;
    });
    await sweep().look();
    expect((await queue.getJob(told?.id ?? ''))?.data).toEqual(told);
  });

  it('one that an earlier release wrote has no content to add, and stays as it is', async () => {
    harness.provider('a', [yes]);
    const message = await queued();
    await redis.hdel(harness.keys.message(message.id), 'job');
    await queue.drain();
    const { look, counted } = sweep();
    await look();
    expect(counted).toEqual([]);
    expect(await harness.trace(message)).toMatchObject({ state: 'queued' });
  });

  it('an earlier release that ended it has left the content, which goes with the next look', async () => {
    harness.provider('a', [yes]);
    const message = await queued();
    await redis.hset(harness.keys.message(message.id), 'state', 'accepted');
    await queue.drain();
    await sweep().look();
    expect(await redis.hexists(harness.keys.message(message.id), 'job')).toBe(0);
    expect(await redis.zcard(harness.keys.openMessages())).toBe(0);
  });
});

describe('a message that is left alone', () => {
  it.each<[string, (message: Message) => Promise<unknown>]>([
    ['its job waits', async () => undefined],
    [
      'its job is active',
      (message) => redis.multi().lrem(queue.toKey('wait'), 0, message.id).lpush(queue.toKey('active'), message.id).exec(),
    ],
    ['the queue is paused', () => queue.pause()],
  ])('%s', async (_why, change) => {
    harness.provider('a', [yes]);
    const message = await queued();
    await change(message);
    const { look, counted } = sweep();
    await look();
    await look();
    expect(counted).toEqual([]);
    expect(await redis.zscore(harness.keys.openMessages(), message.id)).not.toBeNull();
  });

  it('its entry is younger than the time in which another process may still add the job', async () => {
    harness.provider('a', [yes]);
    await harness.admit(harness.message());
    const { look, counted } = sweep({ quietMs: 60_000 });
    await look();
    expect(counted).toEqual([]);
  });

  it('it has ended', async () => {
    harness.provider('a', [yes]);
    await harness.send();
    const { look, counted } = sweep();
    await look();
    expect(counted).toEqual([]);
  });
});

it('two processes that look in the same moment add it and count it once', async () => {
  harness.provider('a', [yes]);
  await Promise.all(Array.from({ length: 20 }, () => queued({ severity: 'warning' })));
  await queue.drain();
  const sweeps = [sweep({ quietMs: 60_000 }), sweep({ quietMs: 60_000 })];
  await redis.zadd(
    harness.keys.openMessages(),
    'XX',
    ...(await redis.zrange(harness.keys.openMessages(), 0, '99')).flatMap((id) => ['1', id]),
  );
  await Promise.all(sweeps.map(({ look }) => look()));
  expect(sweeps.flatMap(({ counted }) => counted).reduce((sum, [, count]) => sum + count, 0)).toBe(20);
  expect(await queue.getJobCountByTypes('prioritized')).toBe(20);
});

it('a look reads pages of a bounded size and no more than its share', async () => {
  harness.provider('a', [yes]);
  await Promise.all(Array.from({ length: 30 }, () => queued()));
  await queue.drain();
  const { look, counted } = sweep({ page: 4, pages: 3, quietMs: 60_000 });
  await redis.zadd(
    harness.keys.openMessages(),
    'XX',
    ...(await redis.zrange(harness.keys.openMessages(), 0, '99')).flatMap((id) => ['1', id]),
  );
  await look();
  expect(counted).toEqual([
    [MESSAGE_QUEUE, 4],
    [MESSAGE_QUEUE, 4],
    [MESSAGE_QUEUE, 4],
  ]);
});

describe('an alert that no router has seen', () => {
  it('gets its job again, with its time and priority', async () => {
    const { id } = await producer().enqueue({ severity: 'warning', to: '+60123456789', text: 'Disk full' });
    const before = await alerts.getJob(alertJobId(id));
    await alerts.drain();
    const { look, counted } = sweep({ quietMs: 60_000 });
    await look();
    const job = await alerts.getJob(alertJobId(id));
    expect(job).toMatchObject({ name: before?.name, data: before?.data, timestamp: before?.timestamp, priority: before?.priority });
    expect(counted).toEqual([[ALERT_QUEUE, 1]]);
  });

  it('is left alone once it has its outcome, and its job is kept no longer', async () => {
    const { id } = await producer().enqueue({ severity: 'warning', to: '+60123456789', text: 'Disk full' });
    await harness.ledger.settleAlert(
      {
        ...{ id, severity: 'warning', purpose: 'alert', status: 'firing', dedupKey: 'k', receivedAt: 1, events: [] },
        ...{ outcome: 'suppressed', reason: 'below_severity' },
      },
      'run',
    );
    expect(await redis.exists(harness.keys.pendingJob(id))).toBe(0);
    await alerts.drain();
    const { look, counted } = sweep();
    await look();
    expect(counted).toEqual([]);
    expect(await redis.zcard(harness.keys.pendingAlerts())).toBe(0);
  });

  it('is left alone while its job waits', async () => {
    await producer().enqueue({ severity: 'critical', to: '+60123456789', text: 'Disk full' });
    const { look, counted } = sweep();
    await look();
    expect(counted).toEqual([]);
  });
});
