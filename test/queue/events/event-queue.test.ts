import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import type { DeliveryResult } from '../../../src/channel/event-webhook.ts';
import { createDeadLetters } from '../../../src/queue/dead-letters/dead-letters.ts';
import { createEventQueue, createEventWorker } from '../../../src/queue/events/event-queue.ts';
import type { WaitingEvent } from '../../../src/queue/events/waiting-event.ts';
import { EVENT_QUEUE } from '../../../src/queue/names.ts';
import { connectRedis } from '../../../src/redis/connect.ts';
import { testRedis } from '../../support/redis.ts';
import { createSettableClock } from '../../support/settable-clock.ts';
import { until } from '../../support/until.ts';
import { openQueue } from '../support/queue-bench.ts';

const { url, prefix: base } = testRedis();

const event = (over: Partial<WaitingEvent> = {}): WaitingEvent => ({
  id: 'e-1',
  webhook: 'erp',
  tries: 0,
  body: {
    type: 'sms.message.failed',
    timestamp: '2026-11-20T03:00:00.000Z',
    data: { alertId: 'order-42', messageId: 'm-1', reason: 'content' },
  },
  ...over,
});

/** A queue of its own, and a worker that tells a receiver which answers as `answer` says. */
function setup(
  answer: (nth: number, signal: AbortSignal) => Promise<DeliveryResult> = async () => ({ kind: 'accepted' }),
  logger = pino({ level: 'silent' }),
) {
  const prefix = `${base}:${randomUUID().slice(0, 8)}`;
  const [commands, shared] = [connectRedis(url, 'commands'), connectRedis(url, 'worker')];
  const events = createEventQueue(commands, prefix);
  const told: string[] = [];
  const counted: unknown[][] = [];
  const clock = createSettableClock(Date.now());
  const dead = createDeadLetters({ redis: url, prefix, clock });
  let worker: ReturnType<typeof createEventWorker> | undefined;
  onTestFinished(async () => {
    await Promise.all([worker?.close(), events.close(), dead.close()]);
    for (const redis of [commands, shared]) redis.disconnect();
  });
  const work = () => {
    worker = createEventWorker({
      shared,
      commands,
      prefix,
      lockMs: 10_000,
      logger,
      receivers: new Map([['erp', { deliver: ({ id }, signal) => answer(told.push(id), signal), close: async () => undefined }]]),
      observer: { webhookEvents: (...args) => void counted.push(args) },
      now: () => clock.now(),
      random: () => 0,
    });
    return worker;
  };
  return { events, told, counted, clock, dead, work, ...openQueue(url, prefix, EVENT_QUEUE) };
}

const refused: DeliveryResult = { kind: 'refused', gone: false, code: 'http_500' };

it('a delivered event is not sent again when it is added again', async () => {
  const { events, told, counted, queue, work } = setup();
  await events.add([event(), event()]);
  await events.add([]);
  work();
  await until(async () => (await queue.getCompletedCount()) === 1);
  await events.add([event(), event({ id: 'e-2' })]);
  await until(async () => (await queue.getCompletedCount()) === 2);
  expect(told).toEqual(['e-1', 'e-2']);
  expect(counted).toEqual([
    ['erp', 'accepted', 1],
    ['erp', 'accepted', 1],
  ]);
});

it('one that is refused waits for its next try, which costs nothing but that', async () => {
  const { events, counted, queue, work } = setup(async () => refused);
  await events.add([event({ tries: 1 })]);
  work();
  const [job] = await until(async () => {
    const delayed = await queue.getDelayed();
    return delayed.length === 1 ? delayed : undefined;
  });
  expect(job?.data.tries).toBe(2);
  expect(Math.abs((job?.delay ?? 0) - 300_000)).toBeLessThan(5_000);
  expect(job?.attemptsMade).toBe(0);
  expect(counted).toEqual([]);
});

it('a webhook that takes nothing is logged once for each answer it gives, and once when it takes events again', async () => {
  const said: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void said.push(line) });
  const answers = [refused, refused, { ...refused, code: 'TIMEOUT' }, refused];
  const { events, told, queue, work } = setup(async (nth) => answers[nth - 1] ?? { kind: 'accepted' }, logger);
  work();
  for (const nth of [1, 2, 3, 4, 5, 6]) {
    await events.add([event({ id: `e-${nth}` })]);
    await until(async () => told.length === nth && (await queue.getActiveCount()) === 0);
  }
  const lines = said.map((line) => JSON.parse(line)).filter(({ webhook }) => webhook === 'erp');
  expect(lines.map(({ msg, code, eventId }) => [msg, code, eventId])).toEqual([
    ['webhook rejected an event; retrying', 'http_500', 'e-1'],
    ['webhook rejected an event; retrying', 'TIMEOUT', 'e-3'],
    ['webhook rejected an event; retrying', 'http_500', 'e-4'],
    ['webhook accepts events again', undefined, undefined],
  ]);
});

it('one that was rejected to the end is a dead letter, counted once, and has all its tries again when it is replayed', async () => {
  const { events, told, counted, dead, queue, work } = setup(async (nth) => (nth === 1 ? refused : { kind: 'accepted' }));
  await events.add([event({ tries: 9 })]);
  work();
  await until(() => queue.getFailedCount());
  const [letter] = await dead.find(['e-1']);
  if (letter === undefined) throw new Error('no letter');
  expect(letter).toMatchObject({
    id: 'e-1',
    what: 'event',
    alertId: 'order-42',
    code: 'http_500',
    detail: 'erp was not notified: http_500',
    stored: { webhook: 'erp', event: 'sms.message.failed', message: 'm-1', reason: 'content', tries: '10' },
  });
  expect(await dead.replay(letter)).toEqual({ kind: 'replayed', goodUntil: null });
  await until(() => told.length === 2);
  await until(async () => (await queue.getCompletedCount()) === 1);
  expect((await queue.getJob('e-1'))?.data.tries).toBe(0);
  expect(counted).toEqual([
    ['erp', 'failed', 1],
    ['erp', 'accepted', 1],
  ]);
});

it('one for a webhook unknown to this process is left to other processes for an hour, and is then a dead letter', async () => {
  const { events, counted, clock, queue, work } = setup();
  await events.add([event({ webhook: 'crm' })]);
  work();
  const [job] = await until(async () => {
    const delayed = await queue.getDelayed();
    return delayed.length === 1 ? delayed : undefined;
  });
  expect(counted).toEqual([]);
  clock.at += 3_700_000;
  await job?.promote();
  expect(await until(async () => (await queue.getJob('e-1'))?.failedReason)).toBe('crm was not notified: not_configured');
  expect(counted).toEqual([['crm', 'failed', 1]]);
});

it('one whose call is aborted by the end of the process comes back immediately, and has used up no try', async () => {
  const { events, told, queue, work } = setup(
    (_nth, signal) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve({ kind: 'refused', gone: false, code: 'ABORTED' }))),
  );
  await events.add([event()]);
  const worker = work();
  await until(() => told.length === 1);
  worker.abort();
  await worker.close();
  const job = await queue.getJob('e-1');
  expect(job?.data.tries).toBe(0);
  expect(await job?.getState()).toMatch(/delayed|waiting|prioritized/);
});

it('one about an alert without a message is sent like any other', async () => {
  const { told, queue, work } = setup(async () => ({ kind: 'accepted' }));
  work();
  const { body, ...rest } = event();
  const id = 'e-odd';
  await queue.add('event', { ...rest, id, body: { ...body, data: { messageId: { toString: 1 }, alertId: [null] } } }, { jobId: id });
  await until(() => told.length === 1);
});

it('one of a foreign producer is moved aside', async () => {
  const { queue, work } = setup();
  work();
  await queue.add('event', { id: 'e-9' }, { jobId: 'e-9' });
  expect(await until(async () => (await queue.getJob('e-9'))?.failedReason)).toBe('malformed: not an event job of this system');
});
