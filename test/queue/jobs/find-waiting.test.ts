import { FlowProducer } from 'bullmq';
import { describe, expect, it, onTestFinished } from 'vitest';
import { alertIdOfJob } from '../../../src/alert/id.ts';
import { storyOf } from '../../../src/explain/find-story.ts';
import { pendingAlert, type WaitingJob, withWaiting } from '../../../src/explain/waiting-job.ts';
import { findWaiting } from '../../../src/queue/jobs/find-waiting.ts';
import { ALERT_QUEUE, alertJobId } from '../../../src/queue/names.ts';
import { testRedis } from '../../support/redis.ts';
import { openQueue } from '../support/queue-bench.ts';

const { url, prefix, redis } = testRedis();
const NOW = new Date('2026-11-20T03:10:00Z');
const since = NOW.getTime() - 600_000;

function bench() {
  const own = `${prefix}:waiting-${Math.random()}`;
  return { ...openQueue(url, own, ALERT_QUEUE), own, find: (id: string) => findWaiting(redis, own, id) };
}

function conclude(job: WaitingJob | undefined): string {
  if (job === undefined) throw new Error('nothing waits');
  const story = storyOf({ kind: 'alert', alert: pendingAlert(job, NOW), digest: undefined }, NOW);
  return withWaiting(story, job, NOW).conclusion.text;
}

describe('an alert that waits on its queue', () => {
  it('is found by its own id, by the id of its job, and by the id that is derived from the job', async () => {
    const { queue, find } = bench();
    await queue.add('alert', { id: 'ours', severity: 'critical' }, { jobId: alertJobId('ours'), timestamp: since });
    await queue.add('alert', { id: 'theirs', severity: 'page' }, { jobId: 'raw-1', timestamp: since, priority: 2 });
    await queue.add('alert', { severity: 'critical' }, { jobId: 'raw-2', timestamp: since, delay: 60_000 });
    const derived = alertIdOfJob({ jobId: 'raw-2', timestamp: since, data: undefined });
    expect(await find('ours')).toMatchObject({ alertId: 'ours', state: 'waiting', paused: false, since: new Date(since).toISOString() });
    for (const id of ['theirs', 'raw-1']) {
      expect(await find(id)).toMatchObject({ alertId: 'theirs', jobId: 'raw-1', state: 'prioritized', severity: 'critical' });
    }
    for (const id of [derived, 'raw-2']) expect(await find(id)).toMatchObject({ alertId: derived, state: 'delayed' });
    for (const id of ['nobody', 'meta', 'wait', 'id']) expect(await find(id)).toBeUndefined();
  });

  it('says that its queue is paused', async () => {
    const { queue, find } = bench();
    await queue.pause();
    await queue.add('alert', { severity: 'critical' }, { jobId: 'raw', timestamp: since });
    const job = await find('raw');
    expect(job).toMatchObject({ paused: true });
    expect(conclude(job)).toBe('Not texted yet: the queue sms-alerts is paused; its jobs wait.');
  });

  it('says that it is scheduled, as each firing of a job scheduler is', async () => {
    const { queue, find } = bench();
    const job = await queue.upsertJobScheduler('nightly', { pattern: '0 3 1 1 *' }, { name: 'alert', data: { severity: 'critical' } });
    const found = await find(job?.id as string);
    expect(found?.jobId).toMatch(/^repeat:nightly:\d+$/);
    expect(conclude(found)).toMatch(/^Not texted yet: its producer or its schedule delayed it until /);
  });

  it('says that it waits for the children of its flow', async () => {
    const { own, find } = bench();
    const flows = new FlowProducer({ connection: { url }, prefix: own });
    onTestFinished(() => flows.close());
    const kid = { name: 'kid', queueName: 'kids', data: {} };
    await flows.add({ name: 'alert', queueName: ALERT_QUEUE, data: { id: 'parent', severity: 'critical' }, children: [kid, kid] });
    expect(conclude(await find('parent'))).toBe('Not texted yet: it is the parent of a BullMQ flow and waits for 2 child job(s).');
  });
});
