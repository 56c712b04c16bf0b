import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createAll } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createLogger } from '../../src/logger.ts';
import { judgeHealth } from '../../src/overview/judge-health.ts';
import { createProducer } from '../../src/queue/producer/producer.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { openOverview } from '../../src/roles/console.ts';
import { createMovedClock, FAKETIME, NEEDS_FAKETIME } from '../support/faketime.ts';
import { testRedis } from '../support/redis.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { call, launch, metrics, post, type SystemProcess, settled } from '../support/system.ts';
import { until } from '../support/until.ts';
import { writeConfig } from '../support/write-config.ts';

const { url: redisUrl } = testRedis();

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Whatever the wall clock of this process is set to. */
const trueNow = () => performance.timeOrigin + performance.now();

let taken = 0;
const setting = (prefix: string) => `
providers: { desk: { type: simulated } }
routes: [{ name: default, minSeverity: info, overflow: defer, providers: [desk] }]
caps: { perRecipient: [{ max: 1, per: 3s }], perHour: off }
redis: { prefix: "${prefix}" }
http: { port: 0 }
`;
const ownPrefix = () => `{clock-${process.pid}-${taken++}}`;
const phone = (index: number) => `+6012111${String(1000 + index)}`;
const criticals = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ severity: 'critical', to: phone(index), text: `alert ${index}` }));

/** How often each text went out. */
async function outbox(url: string): Promise<Map<string, number>> {
  const { body } = await call<{ messages: { text: string }[] }>(`${url}/v1/simulated/outbox?limit=1000`);
  const times = new Map<string, number>();
  for (const { text } of body.messages) times.set(text, (times.get(text) ?? 0) + 1);
  return times;
}

/** Twenty criticals are accepted once, whatever the clocks show. */
async function expectTwentyAccepted(url: string): Promise<void> {
  const ids = await post(url, criticals(20));
  for (const id of ids) {
    const { receivedAt } = await settled(url, id, ['accepted', 'delivered'], 30_000);
    expect(Math.abs(Date.parse(receivedAt) - trueNow())).toBeLessThan(10 * MINUTE_MS);
  }
  const times = await outbox(url);
  expect([...times].filter(([text]) => /alert \d+/.test(text)).map(([, count]) => count)).toEqual(ids.map(() => 1));
}

/** The second text to a phone waits for room in its cap, for 3 s, and then goes out. */
async function expectDelayKept(url: string): Promise<void> {
  const [first, second] = await post(
    url,
    [1, 2].map((n) => ({ severity: 'critical', to: '+60129991101', text: `cap ${n}` })),
  );
  await settled(url, first as string, ['accepted', 'delivered']);
  await settled(url, second as string, ['accepted', 'delivered'], 30_000);
}

/** A text whose provider stumbles at first is tried again within seconds. */
async function expectRetry(url: string): Promise<void> {
  const [id] = await post(url, [{ severity: 'critical', to: '+60129990003', text: 'stumbles' }]);
  await settled(url, id as string, ['accepted', 'delivered'], 30_000);
}

/** A text that its cap holds back beyond its own deadline expires then: not before, and not an hour later. */
async function expectExpiry(url: string): Promise<void> {
  const to = '+60129991102';
  for (const id of await post(url, [{ severity: 'critical', to, text: 'fills the cap' }]))
    await settled(url, id, ['accepted', 'delivered']);
  const expiresAt = new Date(trueNow() + 1_500).toISOString();
  const [id] = await post(url, [{ severity: 'critical', to, text: 'too late', expiresAt }]);
  const { messages } = await settled(url, id as string, ['expired'], 30_000);
  expect(messages).toMatchObject([{ state: 'expired' }]);
  expect(Date.parse(messages[0]?.events.at(-1)?.at as string)).toBeGreaterThanOrEqual(Date.parse(expiresAt) - 5);
}

/** Everything in this process, whose wall clock is stopped so far from the true time. */
async function startSkewed(aheadMs: number) {
  vi.useFakeTimers({ toFake: ['Date'], now: trueNow() + aheadMs });
  const path = await writeConfig(setting(ownPrefix()));
  const { config } = loadConfig({ path, env: {} });
  const app = createAll({ config, redisUrl, logger: createLogger('silent') });
  const { httpPort } = await app.start();
  onTestFinished(app.stop);
  return { url: `http://127.0.0.1:${httpPort}`, config };
}

afterEach(() => {
  vi.useRealTimers();
});

describe.each([
  ['61 min ahead', 61 * MINUTE_MS],
  ['61 min behind', -61 * MINUTE_MS],
  ['ten years ahead', 10 * 365 * 24 * HOUR_MS],
])('a process whose stopped wall clock is %s', (_name, aheadMs) => {
  it('has 20 of 20 criticals accepted once, waits, expires and retries by the time of Redis, and says so in metrics and overview', async () => {
    const { url, config } = await startSkewed(aheadMs);
    await Promise.all([expectTwentyAccepted, expectDelayKept, expectRetry, expectExpiry].map((expectation) => expectation(url)));
    expect(Math.abs(((await metrics(url)).get('sms_clock_skew_seconds') as number) - aheadMs / 1000)).toBeLessThan(120);
    expect((await metrics(url)).get('sms_clock_jumps_total')).toBe(0);
    const redis = connectRedis(redisUrl, 'interactive');
    onTestFinished(() => redis.disconnect());
    const overview = openOverview(config, redis);
    onTestFinished(overview.close);
    const { findings } = judgeHealth(await overview.read());
    expect(findings.filter(({ kind }) => kind === 'clock_skew')).toMatchObject([{ level: 'warning' }]);
  });
});

it('a wall clock that is set back and ahead in mid-run changes nothing', async () => {
  const { url } = await startSkewed(0);
  await expectDelayKept(url);
  vi.setSystemTime(trueNow() - 61 * MINUTE_MS);
  await expectExpiry(url);
  vi.setSystemTime(trueNow() + 61 * MINUTE_MS);
  await expectTwentyAccepted(url);
});

it.each([61 * MINUTE_MS, -61 * MINUTE_MS])(
  'a producer whose clock is off by %i ms stamps alerts with the time of Redis',
  async (aheadMs) => {
    const { url, config } = await startSkewed(0);
    vi.setSystemTime(trueNow() + aheadMs);
    const producer = createProducer({ redis: redisUrl, prefix: config.redis.prefix });
    onTestFinished(producer.close);
    const { id } = await producer.enqueue({ severity: 'critical', to: phone(1), text: 'from elsewhere', dedupKey: 'elsewhere' });
    const { receivedAt } = await settled(url, id, ['accepted', 'delivered']);
    expect(Math.abs(Date.parse(receivedAt) - trueNow())).toBeLessThan(MINUTE_MS);
    expect(await producer.acknowledge(id, 'somebody')).toMatchObject({ kind: 'acknowledged' });
    await producer.resolve('elsewhere');
    const { id: again } = await producer.enqueue({ severity: 'critical', to: phone(2), text: 'again', dedupKey: 'elsewhere' });
    expect((await settled(url, again, ['accepted', 'delivered'])).outcome).toBe('routed');
  },
);

/** The lines of its log with that message. */
const lines = (system: SystemProcess, msg: string) =>
  system
    .output()
    .split('\n')
    .filter((line) => line.includes(msg));

const KINDS = ['receiver', 'router', 'dispatcher'] as const;

describe.skipIf(FAKETIME === undefined)(`real processes (${NEEDS_FAKETIME})`, () => {
  type Offsets = Readonly<Partial<Record<(typeof KINDS)[number], number>>>;

  /** One process of each kind; the clocks of some are off by so many minutes. */
  async function startThree(offsets: Offsets) {
    const start = async (kind: (typeof KINDS)[number], config: string) => {
      const clock = await createMovedClock((offsets[kind] ?? 0) * MINUTE_MS);
      onTestFinished(clock.close);
      const system = await launch({ kind, config, redisUrl, env: offsets[kind] === undefined ? {} : clock.env });
      return { kind, system, clock, minutes: offsets[kind] };
    };
    const config = setting(ownPrefix());
    return Promise.all(KINDS.map((kind) => start(kind, config)));
  }

  it.each<Offsets>([
    { receiver: 61, router: -61 },
    { router: 61, dispatcher: -61 },
    { dispatcher: 61, receiver: -61 },
  ])(
    'with clocks that are off by %j min, 20 of 20 criticals are accepted once, and each of them warns once in its log',
    async (offsets) => {
      const started = await startThree(offsets);
      const url = started[0]?.system.url as string;
      await Promise.all([expectTwentyAccepted, expectDelayKept, expectRetry, expectExpiry].map((expectation) => expectation(url)));
      for (const { system, minutes } of started) {
        const warnings = lines(system, 'system clock differs from the clock of Redis');
        expect(warnings).toHaveLength(minutes === undefined ? 0 : 1);
        if (minutes === undefined) continue;
        expect(Math.abs((JSON.parse(warnings[0] as string) as { skewSeconds: number }).skewSeconds - minutes * 60)).toBeLessThan(5);
      }
      await Promise.all(started.map(({ clock }) => clock.step(0)));
      for (const { system } of started)
        await until(async () => Math.abs((await metrics(system.url)).get('sms_clock_skew_seconds') as number) < 5);
    },
    90_000,
  );
});

describe.skipIf(FAKETIME === undefined)(`a Redis whose clock jumps (${NEEDS_FAKETIME})`, () => {
  async function startOnOwnRedis() {
    const clock = await createMovedClock();
    onTestFinished(clock.close);
    const server = await startRedisServer([], clock.env);
    onTestFinished(server.stop);
    const config = setting('{sms}');
    return { clock, server, config, system: await launch({ config, redisUrl: server.url }) };
  }
  it('by 2 h ahead and back: each jump is logged once and counted, a finding, and alerts go out as before', async () => {
    const { clock, server, system, config } = await startOnOwnRedis();
    for (const id of await post(system.url, criticals(1))) await settled(system.url, id, ['accepted', 'delivered']);
    for (const [nth, aheadMs] of [2 * HOUR_MS, 0].entries()) {
      await clock.step(aheadMs);
      await until(async () => (await metrics(system.url)).get('sms_clock_jumps_total') === nth + 1, 40_000);
      expect(lines(system, 'clock of Redis jumped')).toHaveLength(nth + 1);
      const [id] = await post(system.url, [{ severity: 'critical', to: phone(40 + nth), text: `after jump ${nth}` }]);
      await settled(system.url, id as string, ['accepted', 'delivered']);
    }
    const redis = connectRedis(server.url, 'interactive');
    onTestFinished(() => redis.disconnect());
    const path = await writeConfig(config);
    const overview = openOverview(loadConfig({ path, env: {} }).config, redis);
    onTestFinished(overview.close);
    await until(async () => judgeHealth(await overview.read()).findings.some(({ kind }) => kind === 'redis_clock_jumped'), 60_000);
  }, 120_000);
});
