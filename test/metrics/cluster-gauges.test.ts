import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import type { BudgetFigures } from '../../src/limit/budget/budget.ts';
import { createMetrics, type Metrics } from '../../src/metrics/metrics.ts';
import type { Sources } from '../../src/metrics/series.ts';
import type { CapFigures, RedisFigures } from '../../src/overview/figures.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { until } from '../support/until.ts';
import { samples } from './samples.ts';

const idle = { waiting: 0, prioritized: 0, active: 0, delayed: 0, 'waiting-children': 0, failed: 0 };
const steady: Sources = {
  inFlight: async () => 12,
  queues: async () => [
    { queue: 'sms-messages', counts: { ...idle, delayed: 3 }, oldestAgeSeconds: 4.5, oldestCriticalSeconds: 0, paused: false },
  ],
};
const never = () => new Promise<never>(() => undefined);

function metricsOver(sources: Sources): Metrics {
  return createMetrics({ providers: ['sns'], version: '0.1.0', role: 'start', sources, sourceBoundMs: 150 });
}

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

it('are read at the scrape and not before', async () => {
  let reads = 0;
  const metrics = metricsOver({ ...steady, inFlight: async () => ++reads });
  expect(reads).toBe(0);
  const first = samples(await metrics.text());
  expect(first.get('sms_messages_in_flight')).toBe(1);
  expect(first.get('sms_queue_jobs{queue="sms-messages",state="delayed"}')).toBe(3);
  expect(first.get('sms_queue_jobs{queue="sms-messages",state="active"}')).toBe(0);
  expect(first.get('sms_queue_oldest_job_age_seconds{queue="sms-messages"}')).toBe(4.5);
  expect(samples(await metrics.text()).get('sms_messages_in_flight')).toBe(2);
});

const REDIS: RedisFigures = {
  version: '7.0.15',
  uptimeSeconds: 60,
  usedMemoryBytes: 1_000,
  maxMemoryBytes: 0,
  maxMemoryPolicy: 'noeviction',
  evictedKeys: 0,
  appendOnly: true,
  lastWriteOk: true,
};

it('a cap shows what is used, and the limits of criticals and of the rest; one that is off shows nothing', async () => {
  let caps: readonly CapFigures[] = [{ cap: 'per_hour', used: 42, max: 100, criticalReserve: 20 }];
  const metrics = metricsOver({ ...steady, caps: async () => caps });
  const shown = async () => [...samples(await metrics.text())].filter(([series]) => series.startsWith('sms_rate_cap_'));
  expect(Object.fromEntries(await shown())).toEqual({
    'sms_rate_cap_used{cap="per_hour"}': 42,
    'sms_rate_cap_limit{cap="per_hour",limit="max"}': 100,
    'sms_rate_cap_limit{cap="per_hour",limit="non_critical"}': 80,
  });
  caps = [];
  expect(await shown()).toEqual([]);
});

it.each<[string, Partial<RedisFigures>, Record<string, number>]>([
  ['as it should be', {}, { append_only: 1, noeviction: 1, last_write: 1 }],
  ['without a file', { appendOnly: false }, { append_only: 0, noeviction: 1, last_write: 1 }],
  ['that may throw keys away', { maxMemoryPolicy: 'allkeys-lru' }, { append_only: 1, noeviction: 0, last_write: 1 }],
  ['whose disk is full', { lastWriteOk: false }, { append_only: 1, noeviction: 1, last_write: 0 }],
])('a Redis %s', async (_how, more, durable) => {
  const seen = samples(await metricsOver({ ...steady, redis: async () => ({ ...REDIS, evictedKeys: 3, ...more }) }).text());
  for (const [check, value] of Object.entries(durable)) expect(seen.get(`sms_redis_durable{check="${check}"}`)).toBe(value);
  expect(seen.get('sms_redis_evicted_keys')).toBe(3);
  expect(seen.get('sms_redis_memory_used_bytes')).toBe(1_000);
  expect(seen.get('sms_redis_memory_max_bytes')).toBe(0);
  expect(seen.get('sms_redis_uptime_seconds')).toBe(60);
});

it('a Redis that reports no statistics is left out; an unreachable one counts as a scrape error', async () => {
  let figures: () => Promise<RedisFigures | null> = async () => REDIS;
  const metrics = metricsOver({ ...steady, redis: () => figures() });
  const shown = async () => {
    const seen = samples(await metrics.text());
    return [
      [...seen.keys()].filter((series) => series.startsWith('sms_redis_') && !series.startsWith('sms_redis_data_loss_total')).length,
      seen.get('sms_scrape_errors_total{source="redis"}'),
    ];
  };
  expect(await shown()).toEqual([7, 0]);
  figures = async () => null;
  expect(await shown()).toEqual([0, 0]);
  figures = () => Promise.reject(new Error('no'));
  expect(await shown()).toEqual([0, 1]);
});

it('unknown texts are shown, and their source is counted when it fails', async () => {
  let unknown = async () => 2;
  const metrics = metricsOver({ ...steady, unknown: () => unknown() });
  expect(samples(await metrics.text()).get('sms_messages_unknown')).toBe(2);
  unknown = () => Promise.reject(new Error('no'));
  const seen = samples(await metrics.text());
  expect(seen.has('sms_messages_unknown')).toBe(false);
  expect(seen.get('sms_scrape_errors_total{source="unknown"}')).toBe(1);
});

it('budgets are shown in units of the currency, each with its limits, and only where there are some', async () => {
  const hour = { period: 'hour', spent: 2_000_000, reserved: 500_000, budget: { soft: 5_000_000, hard: 10_000_000 } } as const;
  const day = { period: 'day', spent: 7_900, reserved: 0, budget: undefined } as const;
  let figures: BudgetFigures[] = [hour, day].map((period) => ({ ...period, sinceMs: 600_000, leftMs: 3_000_000 }));
  const metrics = metricsOver({ ...steady, budgets: async () => figures });
  const shown = async () => [...samples(await metrics.text())].filter(([series]) => series.startsWith('sms_budget_'));
  expect(Object.fromEntries(await shown())).toEqual({
    'sms_budget_spent{period="hour"}': 2.5,
    'sms_budget_limit{period="hour",limit="soft"}': 5,
    'sms_budget_limit{period="hour",limit="hard"}': 10,
    'sms_budget_left{period="hour"}': 7.5,
    'sms_budget_empty_seconds{period="hour"}': 1_800,
    'sms_budget_spent{period="day"}': 0.0079,
  });
  figures = [];
  expect(await shown()).toEqual([]);
});

it('a budget of which nothing was spent is empty in an infinite time, and that can be read', async () => {
  const unspent = { period: 'month', spent: 0, reserved: 0, budget: { soft: 1, hard: 1 }, sinceMs: 1, leftMs: 1 } as const;
  const metrics = metricsOver({ ...steady, budgets: async () => [unspent] });
  expect(await metrics.text()).toContain('sms_budget_empty_seconds{period="month"} +Inf\n');
});

it('budgets that cannot be read are counted as such', async () => {
  const metrics = metricsOver({ ...steady, budgets: () => Promise.reject(new Error('no')) });
  expect(samples(await metrics.text()).get('sms_scrape_errors_total{source="budgets"}')).toBe(1);
});

describe('when a source gives nothing', () => {
  it.each<[string, Partial<Sources>]>([
    ['rejects', { inFlight: () => Promise.reject(new Error('no')) }],
    [
      'throws',
      {
        inFlight: () => {
          throw new Error('no');
        },
      },
    ],
    ['hangs', { inFlight: never }],
  ])('because it %s, the scrape says so, in time, and holds everything else', async (_how, broken) => {
    const metrics = metricsOver({ ...steady, ...broken });
    metrics.deferred('throttled');
    const started = performance.now();
    const seen = samples(await metrics.text());
    expect(performance.now() - started).toBeLessThan(1000);
    expect(seen.has('sms_messages_in_flight')).toBe(false);
    expect(seen.get('sms_scrape_errors_total{source="in_flight"}')).toBe(1);
    expect(seen.get('sms_scrape_errors_total{source="queues"}')).toBe(0);
    expect(seen.get('sms_queue_jobs{queue="sms-messages",state="delayed"}')).toBe(3);
    expect(seen.get('sms_deferred_total{reason="throttled"}')).toBe(1);
  });

  it('old figures are not shown as new ones', async () => {
    let away = false;
    const metrics = metricsOver({ ...steady, queues: () => (away ? Promise.reject(new Error('no')) : steady.queues()) });
    await metrics.text();
    away = true;
    const seen = samples(await metrics.text());
    expect([...seen.keys()].filter((series) => series.startsWith('sms_queue_'))).toEqual([]);
    away = false;
    expect(samples(await metrics.text()).get('sms_queue_oldest_job_age_seconds{queue="sms-messages"}')).toBe(4.5);
  });

  it('scrapes share the read that hangs instead of piling up more', async () => {
    let reads = 0;
    const metrics = metricsOver({
      ...steady,
      inFlight: () => {
        reads++;
        return never();
      },
    });
    await Promise.all([metrics.text(), metrics.text(), metrics.text()]);
    await metrics.text();
    expect(reads).toBe(1);
  });
});

it('a frozen Redis delays a scrape by no more than the bound, and its figures come back with it', async () => {
  const server = await startRedisServer();
  cleanups.push(server.stop);
  const redis = new Redis(server.url);
  cleanups.unshift(() => redis.disconnect());
  await redis.set('n', 5);
  const metrics = metricsOver({ ...steady, inFlight: async () => Number(await redis.get('n')) });
  expect(samples(await metrics.text()).get('sms_messages_in_flight')).toBe(5);

  server.process.kill('SIGSTOP');
  const started = performance.now();
  const frozen = samples(await metrics.text());
  expect(performance.now() - started).toBeLessThan(1000);
  expect(frozen.has('sms_messages_in_flight')).toBe(false);
  expect(frozen.get('sms_scrape_errors_total{source="in_flight"}')).toBe(1);

  server.process.kill('SIGCONT');
  await until(async () => samples(await metrics.text()).get('sms_messages_in_flight') === 5);
});
