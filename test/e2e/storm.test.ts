import { expect, it, onTestFinished } from 'vitest';
import { messageId } from '../../src/alert/id.ts';
import { createAll } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import type { MessageHistory } from '../../src/ledger/history/history.ts';
import { createHistories } from '../../src/ledger/history/redis-histories.ts';
import { createLogger } from '../../src/logger.ts';
import { createProducer } from '../../src/queue/producer/producer.ts';
import { createKeys } from '../../src/redis/keys.ts';
import { testRedis } from '../support/redis.ts';
import { call, metrics, total } from '../support/system.ts';
import { until } from '../support/until.ts';
import { writeConfig } from '../support/write-config.ts';

const { url: redisUrl, prefix, redis } = testRedis();
const keys = createKeys(prefix);
const histories = createHistories(redis, keys);
/** Set it to see how it fares with more. */
const ALERTS = Number(process.env.STORM_ALERTS ?? 1_000);
const CAP = 3;
const WINDOW_MS = 1_500;
const PHONE = '+60123450000';

interface Sent {
  readonly at: string;
  readonly text: string;
}

async function start() {
  const path = await writeConfig(`
providers: { desk: { type: simulated, receipts: false } }
routes: [{ name: default, minSeverity: info, dedupeFor: 0, overflow: digest, providers: [desk] }]
caps: { perRecipient: [{ max: ${CAP}, per: ${WINDOW_MS}ms }], perHour: off }
redis: { prefix: "${prefix}" }
http: { port: 0 }
`);
  const app = createAll({ config: loadConfig({ path, env: {} }).config, redisUrl, logger: createLogger('error') });
  const { httpPort } = await app.start();
  onTestFinished(() => app.stop());
  const producer = createProducer({ redis: redisUrl, prefix });
  onTestFinished(() => producer.close());
  const url = `http://127.0.0.1:${httpPort}`;
  return { url, producer, outbox: async () => (await call<{ messages: Sent[] }>(`${url}/v1/simulated/outbox`)).body.messages.toReversed() };
}

const SEVERITIES = ['warning', 'error', 'critical'] as const;
/** Criticals among them are all of one problem. */
const alertOf = (nth: number) => {
  const severity = SEVERITIES[nth % 3] as (typeof SEVERITIES)[number];
  const dedupKey = severity === 'critical' ? 'the disk' : `problem ${nth}`;
  return { id: `storm-${nth}`, to: PHONE, severity, text: `trouble ${nth}`, dedupKey };
};

async function traceOf(alertId: string): Promise<MessageHistory> {
  const id = messageId(alertId, PHONE);
  return (await histories.message(id)) ?? Promise.reject(new Error(`no trace of ${alertId}`));
}

const ms = (duration: number) => `${Math.round(duration)} ms`;
const numberIn = (text: string) => Number(text.replaceAll(',', ''));

it(`a storm of ${ALERTS} alerts to one phone is reported in as many messages as the cap allows`, { timeout: 480_000 }, async () => {
  const { url, producer, outbox } = await start();
  const ids = Array.from({ length: ALERTS }, (_, nth) => alertOf(nth));
  const startedAt = performance.now();
  for (let from = 0; from < ALERTS; from += 250) {
    await producer.enqueueMany(ids.slice(from, from + 250));
    if (from === Math.floor(ALERTS / 500) * 250) {
      await producer.enqueue({ id: 'unheard-of', to: PHONE, severity: 'critical', text: 'the cellar is under water', dedupKey: 'cellar' });
    }
  }
  const raisedAt = performance.now();
  const alone = await until(async () => (await outbox()).find(({ text }) => text.includes('CRITICAL: the cellar')), 30_000);
  const aloneMs = performance.now() - raisedAt;
  const sent = await until(async () => {
    const all = await outbox();
    const inFlight = Number(await redis.get(keys.inFlight()));
    return inFlight === 0 && all.at(-1)?.text.startsWith('Alert storm over') ? all : undefined;
  }, 240_000);
  const overMs = performance.now() - startedAt;
  console.warn(
    `=== storm of ${ALERTS}: raised in ${ms(raisedAt - startedAt)}, the new critical texted ${ms(aloneMs)} after, over after ${ms(overMs)}, ${sent.length} texts ===`,
  );
  if (process.env.STORM_TEXTS !== undefined) for (const { at, text } of sent) console.warn(at, text);

  const times = sent.map(({ at }) => Date.parse(at));
  for (let nth = CAP; nth < times.length; nth += 1) {
    expect((times[nth] as number) - (times[nth - CAP] as number)).toBeGreaterThanOrEqual(WINDOW_MS);
  }

  const all = await Promise.all(ids.map(({ id }) => traceOf(id)));
  expect(new Set(all.map(({ state, reason }) => `${state} ${reason}`))).toEqual(new Set(['accepted null', 'suppressed digested']));
  const byDigest = new Map<string, number>();
  for (const { digest } of all) if (digest !== undefined) byDigest.set(digest, (byDigest.get(digest) ?? 0) + 1);
  for (const [digest, told] of byDigest) {
    const trace = (await histories.message(digest)) as MessageHistory;
    expect(trace.state).toBe('accepted');
    expect(trace.events.find(({ verdict }) => verdict === 'closed')?.detail).toMatch(new RegExp(`^${told} alert`));
  }
  const own = all.filter(({ state }) => state === 'accepted');
  expect(own.every(({ digest }) => digest === undefined)).toBe(true);
  expect(own.length + 1).toBe(sent.filter(({ text }) => /^[A-Z]+: /.test(text)).length);
  expect(sent.filter(({ text }) => text === alone.text)).toHaveLength(1);
  const told = sent.map(({ text }) => numberIn(/([\d,]+) alerts? held back since/.exec(text)?.[1] ?? '0'));
  expect(told.reduce((sum, count) => sum + count, 0)).toBe(ALERTS - own.length);

  const overs = sent.filter(({ text }) => text.startsWith('Alert storm over'));
  expect(overs.at(-1)).toBe(sent.at(-1));
  // A machine that stands still for a window makes two storms of one.
  expect(sent.filter(({ text }) => text.startsWith('Alert storm:'))).toHaveLength(overs.length);
  const inAll = overs.map(({ text }) => numberIn(/([\d,]+) alerts held back in all/.exec(text)?.[1] ?? ''));
  // A machine that stands still between the first alerts begins the storm after them.
  if (overs.length === 1) {
    expect(inAll[0]).toBeLessThanOrEqual(ALERTS - own.length);
    expect(inAll[0]).toBeGreaterThan(ALERTS / 2);
  }

  const books = [await metrics(url)];
  expect(total(books, 'sms_messages_total')).toBe(total(books, 'sms_message_outcomes_total') + total(books, 'sms_messages_in_flight'));
  expect(total(books, 'sms_messages_in_flight')).toBe(0);
  expect(await redis.keys(`${prefix}:digest*`)).toEqual([]);
});
