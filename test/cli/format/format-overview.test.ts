import { expect, test } from 'vitest';
import { formatOverview } from '../../../src/cli/format/format-overview.ts';
import { printableText } from '../../../src/cli/terminal/printable-text.ts';
import type { Overview } from '../../../src/overview/overview.ts';
import { laneOf, overviewOf, providerOf, queueOf } from '../overviews.ts';

const show = (facts: Partial<Overview> = {}, width = 100) => formatOverview(overviewOf(facts), { width, colour: false, currency: 'USD' });

/** Much is going on, and not all of it is well. */
const busy: Partial<Overview> = {
  queues: [
    queueOf('sms-alerts', { counts: { waiting: 3, prioritized: 4, active: 2 }, oldestAgeSeconds: 12, oldestCriticalSeconds: 3 }),
    queueOf('sms-messages', { counts: { delayed: 9, failed: 1 } }),
    queueOf('sms-receipts'),
    queueOf('sms-lookups', { counts: { delayed: 5 } }),
  ],
  inFlight: 16,
  unknown: 2,
  dead: 1,
  lately: { seconds: 300, alerts: 1, messages: { accepted: 12, failed: 1 } },
  providers: [
    providerOf('twilio-main', {
      circuit: 'open',
      since: '2026-11-20T02:58:00.000Z',
      reason: 'auth',
      code: '20003',
      refused: 5,
      lastReason: 'auth',
      down: { by: 'circuit', reason: 'auth', code: '20003', since: '2026-11-20T02:58:00.000Z', until: null },
    }),
    providerOf('sns-eu', { type: 'sns', accepted: 12, unknown: 2, lastReason: 'unknown_outcome' }),
  ],
  routes: [laneOf('default', ['twilio-main', 'sns-eu'])],
  budgets: [
    {
      period: 'day',
      spent: 10_000_000,
      reserved: 2_500_000,
      budget: { soft: 40_000_000, hard: 50_000_000 },
      sinceMs: 3_600_000,
      leftMs: 82_800_000,
    },
    { period: 'month', spent: 10_000_000, reserved: 0, budget: undefined, sinceMs: 3_600_000, leftMs: 82_800_000 },
  ],
};

test('a healthy system is one line, followed by the figures', () => {
  expect(show()).toMatch(/^✓ OK: /);
  expect(show()).toContain(`
at            2026-11-20 03:00:10 UTC
workers       1 router, 2 dispatchers
now           0 in flight, 0 unknown, 0 dead
last 5 min    0 alerts
cap per hour  ██░░░░░░░░░░░░░░░░░░ 10 of 100, 20 of them reserved for criticals
redis         7.0.15, up 1 d 0 h, 12 MB, append-only file on

QUEUE         WAITING  ACTIVE  DELAYED  DEAD  OLDEST  OLDEST CRITICAL
sms-alerts    0        0       0        0     -       -
sms-messages  0        0       0        0     -       -

PROVIDER     TYPE       CIRCUIT  ACCEPTED  REFUSED  UNKNOWN  LAST REASON
twilio-main  twilio     closed   0         0        0        -
desk         simulated  closed   0         0        0        -
`);
});

test('what is wrong comes first, with what to do', () => {
  const text = show(busy);
  expect(text).toMatch(
    /^! Provider twilio-main is not used since 02:58 UTC: auth \(20003\); its routes use sns-eu\.\n {2}Correct its credentials or its account at the vendor, then:\n {4}sms-dispatch providers check twilio-main\n/,
  );
  expect(text).toContain('now           16 in flight, 2 unknown, 1 dead\n');
  expect(text).toContain('last 5 min    1 alert; messages: 12 accepted, 1 failed\n');
  expect(text).toContain('budget day    █████░░░░░░░░░░░░░░░ 12.50 of 50.00 USD\n');
  expect(text).not.toContain('budget month');
  expect(text).toContain('sms-alerts    7        2       0        0     12 s    3.0 s\n');
  expect(text).toContain('sms-lookups   0        0       5        0     -       -\n');
  expect(text).not.toContain('sms-receipts');
  expect(text).toContain('twilio-main  twilio  OPEN since 02:58: auth (20003)  0         5        0        auth\n');
});

test.each([40, 60, 80, 100, 200])('no line is longer than the %d columns that there are', (width) => {
  expect(
    show(busy, width)
      .split('\n')
      .filter((line) => line.length > width),
  ).toEqual([]);
});

test('the usual trouble fits on 24 lines', () => {
  expect(show(busy).trimEnd().split('\n').length).toBeLessThanOrEqual(24);
});

test('more than three findings are counted', () => {
  const { redis } = overviewOf();
  const text = show({ ...busy, workers: { routers: 0, dispatchers: 0 }, redis: redis && { ...redis, appendOnly: false, evictedKeys: 3 } });
  expect(text).toMatch(/^✗ No router and no dispatcher is running/);
  expect(text).toMatch(/\n {2}… and \d more: sms-dispatch doctor\n/);
  expect(text).toContain('append-only file OFF, 3 KEYS EVICTED');
});

test('what not reported by Redis is not made up', () => {
  const text = show({ workers: null, redis: null, caps: [] });
  expect(text).toContain('workers     not reported by Redis\n');
  expect(text).toContain('redis       reports no figures\n');
});

test('colours distinguish critical, warning and ok', () => {
  const coloured = (facts: Partial<Overview>) => printableText(formatOverview(overviewOf(facts), { width: 100, colour: true }));
  expect(coloured({}).startsWith('\u001b[32m✓ OK')).toBe(true);
  expect(coloured({ dead: 1 }).startsWith('\u001b[33m! ')).toBe(true);
  expect(coloured({ workers: { routers: 1, dispatchers: 0 } }).startsWith('\u001b[31m✗ ')).toBe(true);
  expect(coloured(busy)).toContain('\u001b[31mtwilio-main  twilio  OPEN');
});
