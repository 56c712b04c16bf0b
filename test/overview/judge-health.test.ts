import { describe, expect, it } from 'vitest';
import { judgeHealth } from '../../src/overview/judge-health.ts';
import type { Overview } from '../../src/overview/overview.ts';

const counts = { waiting: 0, prioritized: 0, active: 0, delayed: 0, failed: 0 };
const queue = { queue: 'sms-messages', counts, oldestAgeSeconds: 0, oldestCriticalSeconds: 0 };
const provider = {
  provider: 'main',
  type: 'twilio',
  circuit: 'closed',
  since: null,
  reason: null,
  accepted: 5,
  refused: 0,
  unknown: 0,
  lastReason: null,
} as const;
const open = { ...provider, circuit: 'open', since: '2026-11-20T03:04:05.000Z', reason: 'auth' } as const;
const redis = {
  version: '7.0.15',
  uptimeSeconds: 10,
  usedMemoryBytes: 1,
  maxMemoryBytes: 0,
  maxMemoryPolicy: 'noeviction',
  evictedKeys: 0,
  appendOnly: true,
  lastWriteOk: true,
};
const day = { period: 'day', spent: 0, reserved: 0, budget: { soft: 50, hard: 100 }, sinceMs: 1, leftMs: 1 } as const;
const well: Overview = {
  at: '2026-11-20T03:10:00.000Z',
  workers: { routers: 1, dispatchers: 2 },
  queues: [queue],
  inFlight: 0,
  unknown: 0,
  dead: 0,
  lately: { seconds: 300, alerts: 0, messages: {} },
  providers: [provider],
  caps: [{ cap: 'per_hour', used: 3, max: 100, criticalReserve: 20 }],
  budgets: [day],
  redis,
};

describe('the line at the top', () => {
  it.each<[string, Partial<Overview>, string]>([
    ['nothing happens', {}, 'All is well: nothing to text in the last 5 min.'],
    [
      'texts go out',
      { inFlight: 2, lately: { seconds: 300, alerts: 9, messages: { accepted: 7 } } },
      'All is well: 7 accepted in the last 5 min, 2 on the way.',
    ],
    ['Redis tells nothing of itself and of its clients', { workers: null, redis: null }, 'All is well: nothing to text in the last 5 min.'],
    [
      'a second provider is being tried again',
      { providers: [provider, { ...open, circuit: 'half_open' }] },
      'All is well: nothing to text in the last 5 min.',
    ],
    [
      'two requests are in doubt, which no alert fires on',
      { providers: [{ ...provider, unknown: 2 }] },
      'All is well: nothing to text in the last 5 min.',
    ],
    [
      'a critical has waited for a minute, which is no longer than it may',
      { queues: [{ ...queue, oldestCriticalSeconds: 60, oldestAgeSeconds: 300 }] },
      'All is well: nothing to text in the last 5 min.',
    ],
  ])('says that all is well: %s', (_when, change, line) => {
    expect(judgeHealth({ ...well, ...change })).toEqual({ level: 'well', line, todo: null, findings: [] });
  });

  it.each<[string, Partial<Overview>, 'alarm' | 'concern', string, string]>([
    [
      'no dispatcher',
      { workers: { routers: 1, dispatchers: 0 } },
      'alarm',
      'No dispatcher runs: nothing is texted.',
      '`sms-dispatch dispatcher` runs one',
    ],
    [
      'nobody',
      { workers: { routers: 0, dispatchers: 0 } },
      'alarm',
      'No router and no dispatcher runs: nothing is texted.',
      '`sms-dispatch start` runs both',
    ],
    [
      'an old critical',
      { queues: [queue, { ...queue, oldestCriticalSeconds: 121, oldestAgeSeconds: 400 }] },
      'alarm',
      'The oldest critical alert or text has waited 2 min 1 s.',
      'providers and the workers',
    ],
    [
      'an old job that is not critical',
      { queues: [{ ...queue, oldestAgeSeconds: 301 }] },
      'concern',
      'The oldest job of sms-messages has waited 5 min 1 s.',
      'providers and the workers',
    ],
    ['the only provider', { providers: [open] }, 'alarm', 'Provider main is resting since 03:04 UTC: auth.', 'providers check main'],
    [
      'one of two providers',
      { providers: [open, provider] },
      'concern',
      'Provider main is resting since 03:04 UTC: auth.',
      'providers check main',
    ],
    [
      'no money at the vendor',
      { providers: [{ ...open, reason: 'balance' }, provider] },
      'concern',
      'Provider main is resting since 03:04 UTC: balance.',
      'Top its account up',
    ],
    [
      'a vendor that is down',
      { providers: [{ ...open, reason: 'unavailable' }, provider] },
      'concern',
      'Provider main is resting since 03:04 UTC: unavailable.',
      'tried again by itself',
    ],
    [
      'the budget is spent',
      { budgets: [{ ...day, spent: 90, reserved: 10 }] },
      'alarm',
      'The budget of the day is spent: nothing is texted until it ends.',
      'money.budgets',
    ],
    [
      'the soft budget is spent',
      { budgets: [{ ...day, spent: 50 }] },
      'concern',
      'The soft budget of the day is spent: only criticals are texted until it ends.',
      'money.budgets',
    ],
    [
      'the budget is nearly spent',
      { budgets: [{ ...day, budget: { soft: 100, hard: 100 }, spent: 92 }] },
      'concern',
      '92% of the budget of the day is spent.',
      'money.budgets',
    ],
    [
      'a soft budget is spent and the hard one nearly',
      { budgets: [{ ...day, budget: { soft: 40, hard: 100 }, spent: 92 }] },
      'concern',
      '92% of the budget of the day is spent. Only criticals are texted; at 100% nobody is.',
      'money.budgets',
    ],
    [
      'the cap is full',
      { caps: [{ cap: 'per_hour', used: 100, max: 100, criticalReserve: 20 }] },
      'alarm',
      'The cap of 100 texts an hour is full: texts wait.',
      'caps.perHour',
    ],
    [
      'only the reserve is left',
      { caps: [{ cap: 'per_hour', used: 80, max: 100, criticalReserve: 20 }] },
      'concern',
      '80 of 100 texts an hour are used: only criticals pass.',
      'caps.perHour',
    ],
    [
      'a provider that does not answer, though another one takes over',
      { providers: [{ ...provider, unknown: 3, lastReason: 'unknown_outcome' }, provider] },
      'concern',
      'Of 8 requests to main 3 ended without a readable answer.',
      'Was a dispatcher killed?',
    ],
    ['an unknown one', { unknown: 1 }, 'concern', 'Of 1 text nobody knows whether it went out.', 'unknown list'],
    ['unknown ones', { unknown: 3 }, 'concern', 'Of 3 texts nobody knows whether they went out.', 'unknown list'],
    ['a dead letter', { dead: 1 }, 'concern', '1 dead letter waits for a person.', 'dead list'],
    ['dead letters', { dead: 12 }, 'concern', '12 dead letters wait for a person.', 'dead list'],
    [
      'evicted keys',
      { redis: { ...redis, evictedKeys: 4, maxMemoryPolicy: 'allkeys-lru', maxMemoryBytes: 100 } },
      'alarm',
      'Redis has thrown 4 keys away to make room: each may have been a text.',
      'noeviction',
    ],
    [
      'a policy that evicts',
      { redis: { ...redis, maxMemoryPolicy: 'allkeys-lru', maxMemoryBytes: 100 } },
      'concern',
      'Redis may throw texts away when its memory is full (maxmemory-policy allkeys-lru).',
      'noeviction',
    ],
    [
      'little memory left',
      { redis: { ...redis, usedMemoryBytes: 95, maxMemoryBytes: 100 } },
      'alarm',
      'Redis has used 95% of its memory.',
      'maxmemory',
    ],
    [
      'no file',
      { redis: { ...redis, appendOnly: false } },
      'concern',
      'Redis keeps no append-only file: a crash of it loses the newest texts.',
      'appendonly yes',
    ],
    [
      'a disk that is full',
      { redis: { ...redis, lastWriteOk: false } },
      'alarm',
      'Redis cannot write to its disk: a restart would lose texts.',
      'Make room',
    ],
  ])('says what is wrong and what to do: %s', (_when, change, level, line, todo) => {
    const health = judgeHealth({ ...well, ...change });
    expect(health).toMatchObject({ level, line, findings: [{ level, what: line }] });
    expect(health.todo).toContain(todo);
  });

  it('begins with the gravest and counts the rest', () => {
    const health = judgeHealth({ ...well, dead: 2, unknown: 1, workers: { routers: 1, dispatchers: 0 } });
    expect(health).toMatchObject({ level: 'alarm', line: 'No dispatcher runs: nothing is texted. And 2 more.' });
    expect(health.findings.map(({ level, subject }) => `${level} ${subject}`)).toEqual([
      'alarm workers',
      'concern unknown',
      'concern dead',
    ]);
  });

  it('is an alarm when every provider rests', () => {
    const health = judgeHealth({ ...well, providers: [open, { ...open, provider: 'second' }] });
    expect(health).toMatchObject({
      level: 'alarm',
      line: 'Provider main is resting since 03:04 UTC: auth, as all of them are. And 1 more.',
    });
  });
});
