import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import type { WaitingNotice } from '../../src/pipeline/notices/notice.ts';
import type { Noticed } from '../../src/pipeline/notices/notifier.ts';
import { createDeadLetters } from '../../src/queue/dead-letters/dead-letters.ts';
import { NOTICE_QUEUE } from '../../src/queue/names.ts';
import { createNoticeQueue, createNoticeWorker } from '../../src/queue/notice-queue.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { noticeOf } from '../support/fixtures/notice.ts';
import { testRedis } from '../support/redis.ts';
import { createSettableClock } from '../support/settable-clock.ts';
import { until } from '../support/until.ts';
import { openQueue } from './support/queue-bench.ts';

const { url, prefix: shared } = testRedis();
let tests = 0;

const notice = (over: Partial<WaitingNotice> = {}) =>
  noticeOf({ alertId: 'order-42', channel: 'ops-chat', text: 'call +60123456789', receivedAt: Date.now(), step: 2, steps: 3, ...over });

/** A queue of its own, with a worker once `work` says how each try ends. */
function setup() {
  const prefix = `${shared}:${++tests}`;
  const commands = connectRedis(url, 'commands');
  const notices = createNoticeQueue(commands, prefix);
  onTestFinished(async () => {
    await notices.close();
    commands.disconnect();
  });
  const taken: { notice: WaitingNotice; tries: number }[] = [];
  const work = (answer: (nth: number) => Noticed) => {
    const shared = connectRedis(url, 'worker');
    const worker = createNoticeWorker({
      shared,
      commands,
      prefix,
      lockMs: 10_000,
      logger: pino({ level: 'silent' }),
      notifier: {
        notify: async (told, tries) => {
          taken.push({ notice: told, tries });
          return answer(taken.length);
        },
        bury: async () => undefined,
      },
    });
    onTestFinished(async () => {
      await worker.close();
      shared.disconnect();
    });
  };
  return { prefix, notices, taken, work, ...openQueue(url, prefix, NOTICE_QUEUE) };
}

it('a notice that some addresses took is tried again for the others only', async () => {
  const { notices, taken, work } = setup();
  const progress = { remaining: ['full@example.com'], refused: [], accepted: 1 };
  await notices.add([notice()]);
  work((nth) => (nth === 1 ? { kind: 'later', until: new Date(), code: 'smtp_450', progress } : { kind: 'ended', outcome: 'accepted' }));
  await until(() => taken.length === 2);
  expect(taken.map(({ notice }) => notice.progress)).toEqual([undefined, progress]);
});

it('a notice waits for its step, in the lane of its severity, and is there once however often it is put', async () => {
  const { notices, queue } = setup();
  const later = notice({ id: 'n-2', dueAt: Date.now() + 600_000, severity: 'warning' });
  for (let time = 0; time < 2; time += 1) await notices.add([notice(), later]);
  await notices.add([]);
  expect(await queue.getJobCounts('wait', 'delayed', 'prioritized')).toEqual({ wait: 1, delayed: 1, prioritized: 0 });
  const [delayed] = await queue.getDelayed();
  expect(delayed).toMatchObject({ id: 'n-2', priority: 4 });
  expect((delayed?.timestamp ?? 0) + (delayed?.delay ?? 0)).toBeGreaterThanOrEqual(later.dueAt - 1);
});

it('one that is rejected comes back, one try further, and is removed when it is accepted', async () => {
  const { notices, queue, taken, work } = setup();
  work((nth) =>
    nth === 1 ? { kind: 'later', until: new Date(Date.now() + 1), code: 'http_503' } : { kind: 'ended', outcome: 'accepted' },
  );
  await notices.add([notice()]);
  await until(() => taken.length === 2);
  await until(async () => (await queue.getJob('n-1')) === undefined);
  expect(taken.map(({ tries }) => tries)).toEqual([1, 2]);
});

it('one that failed is among the dead letters, without a number, and has another hour when it is replayed', async () => {
  const { prefix, notices, queue, taken, work } = setup();
  const dead = createDeadLetters({ redis: url, prefix, clock: createSettableClock(Date.now()) });
  onTestFinished(() => dead.close());
  work((nth) => (nth === 1 ? { kind: 'ended', outcome: 'failed', code: 'http_404' } : { kind: 'ended', outcome: 'accepted' }));
  const old = notice({ dueAt: Date.now() - 7_200_000, expiresAt: Date.now() - 3_600_000 });
  await notices.add([old]);
  await until(() => queue.getFailedCount());

  const [letter] = await dead.find(['order-42']);
  expect(letter).toMatchObject({
    id: 'n-1',
    what: 'notice',
    alertId: 'order-42',
    severity: 'critical',
    to: null,
    detail: 'ops-chat was not notified: http_404',
    stored: { channel: 'ops-chat', step: '2 of 3', text: 'call +60*******789' },
  });
  if (letter === undefined) throw new Error('no letter');
  expect(await dead.replay(letter)).toMatchObject({ kind: 'replayed' });
  await until(() => taken.length === 2);
  expect(taken.map(({ notice: { expiresAt } }) => expiresAt > Date.now())).toEqual([false, true]);
  expect(taken[1]?.tries).toBe(1);
  await until(async () => (await queue.getJob('n-1')) === undefined);
});

it('one of a foreign producer is moved aside', async () => {
  const { queue, work } = setup();
  work(() => ({ kind: 'ended', outcome: 'accepted' }));
  await queue.add('notice', { id: 'n-9' }, { jobId: 'n-9' });
  expect(await until(async () => (await queue.getJob('n-9'))?.failedReason)).toBe('malformed: not a notice job of this system');
});
