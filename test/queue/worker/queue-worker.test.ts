import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Job } from 'bullmq';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLogger, type Logger } from '../../../src/logger.ts';
import type { Outcome } from '../../../src/pipeline/outcome.ts';
import type { RawAlert } from '../../../src/pipeline/routing/alert-subject.ts';
import type { Dispatch } from '../../../src/pipeline/sending/dispatcher.ts';
import { ProviderError } from '../../../src/provider/contract/provider.ts';
import { createAlertWorker } from '../../../src/queue/alert-worker.ts';
import { createMessageWorker } from '../../../src/queue/message-worker.ts';
import { ALERT_QUEUE, MESSAGE_QUEUE } from '../../../src/queue/names.ts';
import { createQueueWorker, type QueueWorker, type QueueWorkerDeps } from '../../../src/queue/worker/queue-worker.ts';
import { connectRedis } from '../../../src/redis/connect.ts';
import { RedisUnavailableError } from '../../../src/redis/unavailable.ts';
import { messageOf } from '../../support/fixtures/message.ts';
import { testRedis } from '../../support/redis.ts';
import { startRedisServer } from '../../support/redis-server.ts';
import { until } from '../../support/until.ts';
import { openQueue } from '../support/queue-bench.ts';

const { url, prefix, redis } = testRedis();

/** Long enough that no busy machine lets it run out by accident. */
const LOCK_MS = 10_000;

function deps({
  at = url,
  lockMs = LOCK_MS,
  ...rest
}: {
  at?: string;
  lockMs?: number;
  prefix?: string;
  logger?: Logger;
} = {}): QueueWorkerDeps {
  const [shared, commands] = [connectRedis(at, 'worker'), connectRedis(at, 'commands')];
  onTestFinished(() => {
    shared.disconnect();
    commands.disconnect();
  });
  return { shared, commands, prefix, concurrency: 5, lockMs, logger: createLogger('silent'), ...rest };
}

type Process = (job: Job, signal: AbortSignal) => Promise<void>;

function work(name: string, process: Process, given: QueueWorkerDeps = deps()): QueueWorker {
  const worker = createQueueWorker(name, given, {
    process: async (job, signal) => {
      await process(job, signal);
      return { kind: 'complete' };
    },
    onUnreadable: async () => undefined,
  });
  onTestFinished(() => worker.close());
  return worker;
}

/** Lines of a log, as objects. */
function recordingLogger(): { logger: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  // What an outage explains is said at debug.
  return { lines, logger: createLogger('debug', { write: (line) => lines.push(JSON.parse(line)) }) };
}

function aborted(signal: AbortSignal): Promise<unknown> {
  return signal.aborted ? Promise.resolve() : once(signal, 'abort');
}

describe('a handler that throws', () => {
  it('gets its job back later, however often, and that costs no attempt', async () => {
    const { queue, name, key } = openQueue(url, prefix);
    const { logger, lines } = recordingLogger();
    const runs: number[] = [];
    work(
      name,
      async ({ attemptsMade }) => {
        runs.push(attemptsMade);
        if (runs.length < 4) throw new Error(`trouble ${runs.length}`);
      },
      deps({ logger }),
    );
    await queue.add('job', {}, { jobId: 'j', attempts: 1 });
    for (const run of [1, 2, 3]) {
      await until(async () => runs.length === run && (await queue.getJobState('j')) === 'delayed');
      const job = await queue.getJob('j');
      expect(job?.delay).toBeGreaterThan(2000);
      expect(job?.delay).toBeLessThanOrEqual(7500);
      await job?.promote();
    }
    await until(async () => (await redis.exists(key('j'))) === 0);
    expect(runs).toEqual([0, 0, 0, 0]);
    expect(await redis.exists(key('failed'))).toBe(0);
    expect(lines).toEqual(
      [1, 2, 3].map((run) =>
        expect.objectContaining({ level: 'error', jobId: 'j', err: expect.objectContaining({ message: `trouble ${run}` }) }),
      ),
    );
  });

  it('comes back by itself', async () => {
    const { queue, name, key } = openQueue(url, prefix);
    const runs: number[] = [];
    work(name, async () => {
      runs.push(Date.now());
      if (runs.length === 1) throw new Error('trouble');
    });
    await queue.add('job', {}, { jobId: 'j' });
    await until(async () => runs.length === 2 && (await redis.exists(key('j'))) === 0, 15_000);
  });

  it('does not get its job buried by a Redis that refuses to take it back', async () => {
    const server = await startRedisServer();
    onTestFinished(server.stop);
    const { queue, name } = openQueue(server.url, '{sms}');
    const admin = connectRedis(server.url, 'commands');
    onTestFinished(() => admin.disconnect());
    const { logger, lines } = recordingLogger();
    const refusals = () => lines.filter(({ msg }) => /job move rejected by Redis/.test(String(msg))).length;
    work(
      name,
      async () => {
        await admin.config('SET', 'min-replicas-to-write', '1');
        throw new Error('trouble');
      },
      deps({ at: server.url, prefix: '{sms}', logger }),
    );
    await queue.add('job', {}, { jobId: 'j', attempts: 1 });
    await until(() => refusals() >= 2);
    await admin.config('SET', 'min-replicas-to-write', '0');
    await until(async () => (await queue.getJobState('j')) === 'delayed');
    expect(await queue.getFailedCount()).toBe(0);
  });
});

it.each([
  ['delayed', 'zset'],
  ['stalled', 'set'],
  ['events', 'stream'],
])('a job whose move is rejected since another job took the key `%s` is delayed as soon as the key is given back', async (taken, type) => {
  const { queue, name, key } = openQueue(url, prefix);
  const { lines, logger } = recordingLogger();
  const unreadable: string[] = [];
  const worker = createQueueWorker(
    name,
    { ...deps({ logger }), concurrency: 1 },
    {
      process: async () => {
        await redis.multi().del(key(taken)).hset(key(taken), { name: 'job', data: '{}', timestamp: '1' }).exec();
        return { kind: 'delay', until: new Date(Date.now() + 600_000) };
      },
      onUnreadable: async ({ jobId }) => void unreadable.push(jobId),
    },
  );
  onTestFinished(() => worker.close());
  await queue.add('job', {}, { jobId: 'j' });
  await until(async () => ['none', type].includes(await redis.type(key(taken))) && (await queue.getJobState('j')) === 'delayed');
  expect(unreadable).toEqual([taken]);
  const rejected = lines.filter(({ msg }) => msg === 'job move rejected by Redis; retrying');
  expect(rejected[0]).toMatchObject({ level: 'warn', jobId: 'j', reason: expect.stringContaining('WRONGTYPE') });
  expect(JSON.stringify(lines)).not.toContain('"stack"');
});

it('a job whose worker is killed is taken over by another, once', async () => {
  const { queue, name, key } = openQueue(url, prefix);
  const file = new URL('../../../dist/test/queue/support/queue-worker-process.js', import.meta.url).pathname;
  const child = fork(file, [url, prefix, name, '1000'], { execArgv: [] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await queue.add('job', { text: 'kept' }, { jobId: 'j', attempts: 1 });
  expect(await once(child, 'message')).toEqual(['j', undefined]);
  const { logger, lines } = recordingLogger();
  const runs: { data: unknown; stalledCounter: number; attemptsMade: number }[] = [];
  work(
    name,
    async ({ data, stalledCounter, attemptsMade }) => void runs.push({ data, stalledCounter, attemptsMade }),
    deps({ lockMs: 1000, logger }),
  );
  // A job that lives is nobody else's, though the other worker looks for dead ones all the while.
  await until(async () => (await redis.get(key('stalled-check'))) !== null);
  expect(runs).toEqual([]);
  child.kill('SIGKILL');
  await until(async () => (await redis.exists(key('j'))) === 0, 15_000);
  expect(runs).toEqual([{ data: { text: 'kept' }, stalledCounter: 1, attemptsMade: 0 }]);
  expect(lines).toContainEqual(expect.objectContaining({ jobId: 'j', msg: 'recovered a stalled job' }));
  expect(await queue.getFailedCount()).toBe(0);
});

describe('close', () => {
  it('waits for the jobs in flight and takes no new one', async () => {
    const { queue, name } = openQueue(url, prefix);
    const gate = new AbortController();
    const done: string[] = [];
    const running = new Set<string>();
    const worker = work(
      name,
      async ({ id }) => {
        running.add(String(id));
        await aborted(gate.signal);
        done.push(String(id));
      },
      // As many as it takes at a time, so that no fetch is under way when it is told to close.
      { ...deps(), concurrency: 2 },
    );
    expect(worker.isRunning()).toBe(true);
    for (const jobId of ['j-1', 'j-2']) await queue.add('job', {}, { jobId });
    await until(() => running.size === 2);
    let closed = false;
    const closing = worker.close().then(() => {
      closed = true;
    });
    expect(worker.isRunning()).toBe(false);
    await queue.add('job', {}, { jobId: 'late' });
    expect([closed, done]).toEqual([false, []]);
    gate.abort();
    await closing;
    expect(done.sort()).toEqual(['j-1', 'j-2']);
    expect([await queue.getJobState('j-1'), await queue.getJobState('late')]).toEqual(['unknown', 'waiting']);
  });
});

describe('abort', () => {
  it('aborts the jobs in flight, which are back in the queue immediately', async () => {
    const { queue, name } = openQueue(url, prefix);
    const { logger, lines } = recordingLogger();
    let running = 0;
    const worker = work(
      name,
      async (_, signal) => {
        running += 1;
        await aborted(signal);
        throw new Error('given up');
      },
      // As many as it takes at a time, so that none is on its way to it.
      { ...deps({ logger }), concurrency: 2 },
    );
    for (const jobId of ['j-1', 'j-2']) await queue.add('job', {}, { jobId });
    await until(() => running === 2);
    const closing = worker.close();
    worker.abort();
    await closing;
    for (const id of ['j-1', 'j-2']) expect(await queue.getJob(id)).toMatchObject({ delay: 0, attemptsMade: 0 });
    expect(await queue.getJobCounts('delayed', 'active', 'failed')).toEqual({ delayed: 2, active: 0, failed: 0 });
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('is no failure for one that completes nevertheless', async () => {
    const { queue, name, key } = openQueue(url, prefix);
    let running = false;
    const worker = work(name, async (_, signal) => {
      running = true;
      await aborted(signal);
    });
    await queue.add('job', {}, { jobId: 'j' });
    await until(() => running);
    worker.abort();
    await until(async () => (await redis.exists(key('j'))) === 0);
  });
});

it('a job whose lock is lost is aborted and left to its new holder', async () => {
  const { queue, name, key } = openQueue(url, prefix);
  let signal: AbortSignal | undefined;
  let gaveUp = false;
  const worker = work(
    name,
    async (_, given) => {
      signal = given;
      await aborted(given);
      gaveUp = true;
      throw new Error('given up');
    },
    deps({ lockMs: 1000 }),
  );
  await queue.add('job', {}, { jobId: 'j' });
  await until(() => signal !== undefined);
  await redis.set(key('j:lock'), 'theirs');
  await until(() => gaveUp);
  expect(signal?.reason).toBe('lock lost');
  // Waits until it is done with it.
  await worker.close();
  expect(await redis.get(key('j:lock'))).toBe('theirs');
  expect(await queue.getJobState('j')).toBe('active');
  expect(await queue.getFailedCount()).toBe(0);
});

it('a job that comes back to the worker that still has it is called off there, and run again', async () => {
  const { queue, name, key } = openQueue(url, prefix);
  const signals: AbortSignal[] = [];
  const worker = work(name, async (_, signal) => {
    signals.push(signal);
    if (signals.length === 1) await aborted(signal);
  });
  await queue.add('job', {}, { jobId: 'j' });
  await until(() => signals.length === 1);
  // As whoever looks for dead workers does, before this one has noticed that its lock is gone.
  await redis.multi().del(key('j:lock')).lrem(key('active'), 0, 'j').lpush(key('wait'), 'j').zadd(key('marker'), 0, '0').exec();
  await until(() => signals.length === 2);
  expect(signals.map(({ reason }) => reason)).toEqual(['lock lost', undefined]);
  await worker.close();
});

describe('a job that crashes every worker', () => {
  it('ends in the failed set, and those that went down with it time and again do not', async () => {
    const { queue, name, key } = openQueue(url, prefix);
    const innocent = ['i-1', 'i-2', 'i-3', 'i-4'];
    for (const jobId of ['poison', ...innocent]) {
      await queue.add('job', {}, { jobId });
      await redis.hset(key(jobId), 'stc', '9');
    }
    const done: string[] = [];
    let deaths = 0;
    let over = false;
    const file = new URL('../../../dist/test/queue/support/poisoned-process.js', import.meta.url).pathname;
    const keepUp = (): void => {
      const child = fork(file, [url, prefix, name, '1000'], { execArgv: [] });
      onTestFinished(() => void child.kill('SIGKILL'));
      child.on('message', (id) => void done.push(String(id)));
      child.once('exit', () => {
        if (over) return;
        deaths += 1;
        keepUp();
      });
    };
    onTestFinished(() => {
      over = true;
    });
    keepUp();
    await until(async () => (await queue.getJobState('poison')) === 'failed' && done.length === innocent.length, 50_000);
    over = true;
    expect(done.toSorted()).toEqual(innocent);
    expect((await queue.getJob('poison'))?.failedReason).toBe('poison: 11 workers crashed while running it');
    expect(deaths).toBe(2);
    expect(await queue.getFailedCount()).toBe(1);
  }, 240_000);
});

it('unreadable jobs are reported once and failed, and other jobs run', async () => {
  const { queue, name, key } = openQueue(url, prefix);
  const unreadable: string[] = [];
  const done: string[] = [];
  const worker = createQueueWorker(name, deps(), {
    process: async ({ id }) => {
      done.push(String(id));
      return { kind: 'complete' };
    },
    onUnreadable: async ({ jobId }) => void unreadable.push(jobId),
  });
  onTestFinished(() => worker.close());
  const records = { 'bad-1': { opts: 'x' }, 'bad-2': { opts: 'x' }, 'bad-3': { opts: 'null' }, 'bad-4': { opts: '{}', ats: 'x' } };
  for (const [id, record] of Object.entries(records)) {
    await redis
      .multi()
      .hset(key(id), { name: 'job', data: '{}', timestamp: '1', ...record })
      .lpush(key('wait'), id)
      .exec();
    await queue.add('job', {}, { jobId: `after-${id}` });
  }
  await until(async () => done.length === 4 && (await redis.zcard(key('failed'))) === 4);
  await until(() => unreadable.length === 4);
  expect(done.sort()).toEqual(Object.keys(records).map((id) => `after-${id}`));
  expect(unreadable.sort()).toEqual(Object.keys(records));
});

it('the outcome of an unreadable job is recorded when Redis rejects it at first, and whatever becomes of that of another', async () => {
  const { name, key } = openQueue(url, prefix);
  const tries: string[] = [];
  const { lines, logger } = recordingLogger();
  const worker = createQueueWorker(name, deps({ logger }), {
    process: async () => ({ kind: 'complete' }),
    onUnreadable: async ({ jobId }) => {
      tries.push(jobId);
      if (jobId === 'broken') throw new TypeError('a defect');
      if (tries.filter((id) => id === jobId).length === 1) throw new RedisUnavailableError('LOADING');
    },
  });
  onTestFinished(() => worker.close());
  const write = redis.multi();
  for (const id of ['a', 'broken', 'b'])
    write.hset(key(id), { name: 'job', data: '{}', timestamp: '1', opts: 'x' }).lpush(key('wait'), id).zadd(key('marker'), 0, '0');
  await write.exec();
  await until(() => tries.length === 5);
  expect(tries.toSorted()).toEqual(['a', 'a', 'b', 'b', 'broken']);
  expect(lines).toContainEqual(
    expect.objectContaining({ level: 'error', jobId: 'broken', msg: 'outcome of an unreadable job not recorded' }),
  );
});

describe('an alert that crashes its workers', () => {
  /** It is active for a worker that is gone, who was not the first. */
  async function deadAgain(stalls: number) {
    const own = `${prefix}:stalls-${stalls}`;
    const { queue, key, take } = openQueue(url, own, ALERT_QUEUE);
    await queue.add('alert', { text: 'poison' }, { jobId: 'j' });
    await take('dead');
    await redis.hset(key('j'), 'stc', String(stalls - 1));
    await redis.del(key('j:lock'));
    const raws: RawAlert[] = [];
    const worker = createAlertWorker({
      countPhones: () => 1,
      ...deps({ lockMs: 500, prefix: own }),
      notifyResolved: async () => 'done',
      route: async (raw) => {
        raws.push(raw);
        return raw.refused === undefined ? { kind: 'suppressed' } : { kind: 'malformed', reason: raw.refused };
      },
    });
    onTestFinished(() => worker.close());
    const raw = await until(() => raws[0]);
    return { raw, queue, key };
  }

  it('is given another one after its tenth', async () => {
    const { raw, key } = await deadAgain(10);
    expect(raw).toMatchObject({ jobId: 'j', data: { text: 'poison' } });
    await until(async () => (await redis.exists(key('j'))) === 0);
  });

  it('is malformed after its eleventh, and in the failed set with the reason', async () => {
    const { raw, queue } = await deadAgain(11);
    expect(raw).toMatchObject({ data: { text: 'poison' }, refused: 'poison: 11 workers crashed while running it' });
    await until(async () => (await queue.getJobState('j')) === 'failed');
    expect((await queue.getJob('j'))?.failedReason).toBe('malformed: poison: 11 workers crashed while running it');
  });
});

describe('a resolve', () => {
  async function end(tell: () => Promise<'done' | 'waiting'>, job: { data?: unknown; stalls?: number } = {}) {
    const own = `${prefix}:end-${Math.random()}`;
    const { queue, key, take } = openQueue(url, own, ALERT_QUEUE);
    const data = job.data ?? { dedupHash: 'key', at: 5 };
    await queue.add('alert-ended', data, { jobId: 'j' });
    if (job.stalls !== undefined) {
      await take('dead');
      await redis.hset(key('j'), 'stc', String(job.stalls - 1));
      await redis.del(key('j:lock'));
    }
    const worker = createAlertWorker({
      countPhones: () => 1,
      ...deps({ lockMs: 500, prefix: own }),
      notifyResolved: tell,
      route: () => Promise.reject(new Error('not an alert')),
    });
    onTestFinished(() => worker.close());
    return { queue, gone: () => until(async () => (await redis.exists(key('j'))) === 0) };
  }

  it('is notified, and checked again while a message about the problem is being sent', async () => {
    const answers = ['waiting', 'done'] as const;
    let told = 0;
    const { gone } = await end(async () => answers[told++] as 'done');
    await gone();
    expect(told).toBe(2);
  });

  it.each([
    ['that nobody can read', { data: { dedupHash: 1 } }, 'malformed: not a resolve job of this system'],
    ['that takes its workers down', { stalls: 11 }, 'poison: 11 workers crashed while running it'],
  ])('%s is a dead letter and no alert', async (_name, job, reason) => {
    const { queue } = await end(async () => 'done', job);
    await until(async () => (await queue.getJobState('j')) === 'failed');
    expect((await queue.getJob('j'))?.failedReason).toBe(reason);
  });
});

it.each([
  ['was put off before its first run asks the ledger', 1, true],
  ['may go now does not', 0, false],
])('a message that %s', async (_name, delay, asks) => {
  const own = `${prefix}:waited-${delay}`;
  const { queue } = openQueue(url, own, MESSAGE_QUEUE);
  const reruns: boolean[] = [];
  const dispatch: Dispatch = async (_message, rerun) => {
    reruns.push(rerun);
    return { kind: 'expired' };
  };
  const worker = createMessageWorker({ ...deps({ prefix: own }), dispatch, bury: async () => ({ kind: 'expired' }) });
  onTestFinished(() => worker.close());
  await queue.add('message', MESSAGE, { delay });
  await until(() => reruns.length > 0);
  expect(reruns).toEqual([asks]);
});

it.each<[string, Outcome, string, number]>([
  ['waited for its provider', { kind: 'deferred', reason: 'throttled', until: new Date(9e12) }, 'critical', 1],
  ['waited for room', { kind: 'deferred', reason: 'rate_cap_hour', until: new Date(9e12) }, 'error', 3],
  ['waited for the morning', { kind: 'deferred', reason: 'quiet_hours', until: new Date(9e12) }, 'info', 7],
  ['failed', { kind: 'retry', provider: 'a', error: new ProviderError('unavailable'), until: new Date(9e12) }, 'warning', 5],
  ['waits for its step of the ladder', { kind: 'deferred', reason: 'escalation', until: new Date(9e12) }, 'critical', 0],
])('a message that %s comes back in its lane', async (_name, outcome, severity, priority) => {
  const own = `${prefix}:lane-${_name.replaceAll(' ', '-')}`;
  const { queue } = openQueue(url, own, MESSAGE_QUEUE);
  const worker = createMessageWorker({ ...deps({ prefix: own }), dispatch: async () => outcome, bury: async () => ({ kind: 'expired' }) });
  onTestFinished(() => worker.close());
  await queue.add('message', { ...MESSAGE, severity }, { jobId: 'j' });
  await until(async () => (await queue.getJobState('j')) === 'delayed');
  expect((await queue.getJob('j'))?.priority).toBe(priority);
});

const MESSAGE = messageOf({ severity: 'info' });

it.each([
  ['options', { opts: '{' }],
  ['a count of starts', { opts: '{}', ats: 'x' }],
])(
  'a job with %s that cannot be read gets its outcome, and once, although the process that took it off the queue is killed',
  async (_name, fields) => {
    const { name, key } = openQueue(url, prefix);
    const file = new URL('../../../dist/test/queue/support/poisoned-process.js', import.meta.url).pathname;
    await redis
      .multi()
      .hset(key('bad'), { name: 'job', data: '{}', timestamp: '1', ...fields })
      .lpush(key('wait'), 'bad')
      .zadd(key('marker'), 0, '0')
      .exec();
    const child = fork(file, [url, prefix, name, '1000']);
    await once(child, 'exit');
    expect(await redis.zscore(key('failed'), 'bad')).toBeNull();
    expect(await redis.lrange(key('active'), 0, -1)).toEqual(['bad']);

    const recorded: string[] = [];
    const onUnreadable = async ({ jobId }: { readonly jobId: string }) => void recorded.push(jobId);
    const worker = createQueueWorker(name, deps({ lockMs: 1000 }), { process: async () => ({ kind: 'complete' }), onUnreadable });
    onTestFinished(() => worker.close());
    // Instead of waiting for 30 s.
    await redis.pexpire(key('bad:lock'), 1);
    await until(async () => (await redis.zscore(key('failed'), 'bad')) !== null, 15_000);
    expect(recorded).toEqual(['bad']);
  },
);
