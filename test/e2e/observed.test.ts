import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conditions, readRules, withoutComparison } from '../metrics/boards/rules.ts';
import { expressions, filledIn, readDashboards } from '../metrics/dashboard.ts';
import { findTool, run } from '../metrics/tools.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { call, launch, post, settled } from '../support/system.ts';
import { testPort } from '../support/test-port.ts';
import { until } from '../support/until.ts';
import { startHttpVendor } from '../support/vendors/http-vendor.ts';
import { startFakeTwilio, twilioError } from '../support/vendors/twilio.ts';
import { writeConfig } from '../support/write-config.ts';
import { rest } from './rest.ts';
import { startObserver } from './stack.ts';

const prometheus = findTool('prometheus');
const promtool = findTool('promtool');

const KINDS = ['receiver', 'router', 'dispatcher', 'dispatcher'] as const;
const ACCOUNT = { accountSid: `AC${'e'.repeat(32)}`, authToken: 'the-token-of-the-observed-test' };
/** Prometheus reads it from where its own config lies. */
const RULES = resolve('grafana/alerts.yml');
const { alerts, records } = readRules();
const dashboards = readDashboards();

/** What rightly has no answer while all is well, and why. */
const SILENT: Readonly<Record<string, string>> = {
  'absent(sms_worker_info{role=~"start|worker|router"})': 'a router is up',
  'absent(sms_worker_info{role=~"start|worker|dispatcher"})': 'dispatchers are up',
  'absent(sms_worker_info{role=~"start|receiver"})': 'a receiver is up',
  'sum by (provider) (increase(sms_provider_requests_total{result="accepted"}[1h] offset 30m))': 'nothing was scraped half an hour ago',
};

const cleanups: (() => Promise<unknown>)[] = [];
const onEnd = (end: () => Promise<unknown>) => void cleanups.unshift(end);
let api = '';
let urls: readonly string[] = [];

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [at: number, value: string];
}

async function ask<Data>(path: string): Promise<Data> {
  const { body } = await call<{ status: string; error?: string; data: Data }>(`${api}/${path}`);
  if (body.status !== 'success') throw new Error(`${path}: ${body.error}`);
  return body.data;
}
const query = async (promql: string) => (await ask<{ result: Sample[] }>(`query?query=${encodeURIComponent(promql)}`)).result;
/** The one number that an expression comes to. */
const number = async (promql: string) => Number((await query(promql))[0]?.value[1]);
/** NaN is how a quantile says that nothing was measured. */
const answers = async (promql: string) => (await query(promql)).some(({ value }) => value[1] !== 'NaN');
async function unanswered(asked: readonly string[]): Promise<string[]> {
  const answered = await Promise.all(asked.map(answers));
  return asked.filter((_, i) => !answered[i]);
}
/** Waits until each has had an answer: the last scrape before may be half a second old. */
async function expectAnswers(asked: readonly string[]): Promise<void> {
  let missing = asked;
  await until(
    async () => {
      missing = await unanswered(missing);
      return missing.length === 0;
    },
    5_000,
    250,
  ).catch(() => undefined);
  expect(missing).toEqual([]);
}

function configText(urlsOf: { twilio: string; hook: string }, prefix: string, more = ''): string {
  const twilio = `type: twilio, accountSid: ${ACCOUNT.accountSid}, authToken: ${ACCOUNT.authToken}, from: "+15005550006", baseUrl: "${urlsOf.twilio}"`;
  return `
providers:
  sim-a: { type: simulated, timeout: 500ms }
  sim-b: { type: simulated, timeout: 500ms }
  vendor: { ${twilio} }
  locked-out: { ${twilio} }
routes:
  - { name: pair, match: { labels: { way: pair } }, expiresAfter: 2s, overflow: defer, providers: [sim-a, sim-b] }
  - { name: hold, match: { labels: { way: hold } }, onUnknown: hold, overflow: defer, providers: [sim-a] }
  - { name: odd, match: { labels: { way: odd } }, overflow: defer, providers: [vendor] }
  - { name: locked, match: { labels: { way: locked } }, overflow: defer, providers: [locked-out, sim-b], allowSimulated: true }
  - { name: chat, match: { labels: { way: chat } }, escalation: chat, overflow: defer, providers: [sim-a] }
  - { name: default, overflow: defer, providers: [sim-a, sim-b] }
channels: { ops-chat: { type: webhook, url: "${urlsOf.hook}/chat" } }
escalations: { chat: [{ after: 0, channels: [ops-chat] }] }
events: { shop: { url: "${urlsOf.hook}/events", secret: "whsec_${Buffer.alloc(32, 7).toString('base64')}" } }
money: { currency: USD, prices: { sim-a: { other: 0.01 }, sim-b: { other: 0.02 } }, budgets: { day: { soft: 50, hard: 100 } } }
caps: { perRecipient: [{ max: 3, per: 1h }], perHour: { max: 500, criticalReserve: 50 } }
redis: { prefix: "${prefix}" }
worker: { concurrency: 8 }
http: { port: 0 }
${more}`;
}

let phones = 0;
const phone = (ending: string) => `+6012${String(100 + phones++)}${ending}`;
const way = (name: string) => ({ labels: { way: name } });
const load = (): object[] =>
  [
    ...Array.from({ length: 6 }, () => ({ to: phone('0001') })),
    { to: phone('0002') },
    { to: phone('0003') },
    { to: phone('0006') },
    { to: phone('0007'), ...way('pair') },
    { to: phone('0005'), ...way('hold') },
    { to: phone('0005') },
    { to: phone('0008'), ...way('odd') },
    { to: phone('0008'), ...way('locked') },
    { to: phone('0008'), ...way('chat') },
    { to: phone('0008'), severity: 'info' },
    ...[1, 2].map(() => ({ to: '+60129990008', dedupKey: 'twice' })),
    ...[1, 2, 3, 4].map((n) => ({ to: '+60129980008', dedupKey: `too much ${n}` })),
  ].map((alert, nth) => ({ severity: 'critical', text: `text ${nth}`, ...alert }));

describe.skipIf(prometheus === undefined)(
  'a real Prometheus that scrapes a receiver, a router and two dispatchers under a mixed load',
  () => {
    beforeAll(async () => {
      const [redis, twilio, hook] = await Promise.all([
        startRedisServer(['--maxmemory', '256mb']),
        startFakeTwilio(ACCOUNT),
        startHttpVendor(() => ({ status: 200, body: 'ok' })),
      ]);
      for (const close of [redis.stop, twilio.close, hook.close]) onEnd(close);
      // The first to come is refused with a code that nobody knows, the other with one that only we can mend.
      twilio.respondWith(({ form }) =>
        String(form.Body).includes('text 13') ? twilioError(401, 20003, 'Authenticate') : twilioError(400, 99_999, 'Never heard of'),
      );
      const config = configText({ twilio: twilio.url, hook: hook.url }, '{observed}');
      const files = await Promise.all(KINDS.map(() => writeConfig(config)));
      // Prometheus takes 5 s to its first scrape, the processes a few to be there: both at once.
      const ports = await Promise.all(KINDS.map(testPort));
      urls = ports.map((port) => `http://127.0.0.1:${port}`);
      const targets = ports.map((port) => `127.0.0.1:${port}`);
      const observer = startObserver(prometheus as string, targets, RULES, onEnd);
      const processes = await Promise.all(
        KINDS.map((kind, i) => {
          const port = kind === 'receiver' ? 'PORT' : 'METRICS_PORT';
          const env = { SMS_DISPATCH_CONFIG: files[i] as string, [port]: String(ports[i]) };
          return launch({ kind, config, redisUrl: redis.url, env, onEnd });
        }),
      );
      api = await observer;
      await until(async () => (await number('count(count_over_time(sms_worker_info[1m]) > 1)')) === KINDS.length, 30_000);

      const door = urls[0] as string;
      const ids = await post(door, load());
      await Promise.all(
        ids.map((id) =>
          settled(door, id, ['accepted', 'delivered', 'undelivered', 'unknown', 'expired', 'failed', 'suppressed', 'deferred']),
        ),
      );
      // A producer of its own uses an id again, for something else.
      const raw = new Queue('sms-alerts', { connection: { url: redis.url }, prefix: '{observed}' });
      await raw.add('alert', { id: ids[0], severity: 'critical', to: phone('0001'), text: 'another alert by the same id' });
      await raw.close();
      await rest(door, { deferred: 1 });
      // One takes a new config, another is given one that it must refuse.
      await writeFile(files[0] as string, `${config}\ndefaultCountry: SG\n`);
      await writeFile(files[3] as string, `${config}\nnonsense: true\n`);
      for (const i of [0, 3]) processes[i]?.kill('SIGHUP');
      await until(async () => (await number('count(sms_config_last_reload_successful == 0)')) === 1, 10_000);
      await until(async () => (await number('count(count_values("hash", sms_config_hash))')) === 2, 10_000);
    }, 240_000);

    afterAll(async () => {
      for (const cleanup of cleanups) await cleanup();
    });

    it.each([...dashboards])('has an answer for every panel and annotation of %s', async (_name, dashboard) => {
      await expectAnswers([...new Set(expressions(dashboard).map(({ expr }) => filledIn(expr, '1m')))]);
    });

    it('has an answer for every recording rule, and for both sides of every condition of an alert rule, or rightly none', async () => {
      const asked = alerts.flatMap(({ expr }) => conditions(expr).map(withoutComparison));
      for (const silent of Object.keys(SILENT)) expect(asked).toContain(silent);
      expect(await unanswered(Object.keys(SILENT))).toEqual(Object.keys(SILENT));
      await expectAnswers([...records.map(({ record }) => record), ...asked.filter((promql) => SILENT[promql] === undefined)]);
    });

    it('evaluates every rule without a fault, and the watchdog fires', async () => {
      const { groups } = await ask<{ groups: { rules: { name: string; health: string; state?: string }[] }[] }>('rules');
      const rules = groups.flatMap((group) => group.rules);
      expect(rules).toHaveLength(alerts.length + records.length);
      expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
      expect(rules.find(({ name }) => name === 'SmsWatchdog')?.state).toBe('firing');
    });

    it('sees a series before its first event, so that the first failure counts', async () => {
      expect(await number('increase(sms_provider_requests_total{provider="vendor",reason="balance"}[1m])')).toBe(0);
    });

    it('fills every variable of the dashboards', async () => {
      for (const { name, query: source } of [...dashboards.values()].flatMap(({ templating }) => templating.list)) {
        const [, metric, label] = /label_values\((\w+), (\w+)\)/.exec(typeof source === 'string' ? source : source.query) ?? [];
        if (metric === undefined) continue;
        expect(`${name}: ${(await ask<string[]>(`label/${label}/values?match[]=${metric}`)).length > 1}`).toBe(`${name}: true`);
      }
    });

    it('finds the books balanced', async () => {
      expect(await number('sum(sms_alerts_total) - sum(sms_alert_outcomes_total)')).toBe(0);
      expect(await number('sum(sms_alerts_total)')).toBe(load().length);
      expect(await number('sum(sms_messages_total) - sum(sms_message_outcomes_total) - max(sms_messages_in_flight)')).toBe(0);
    });

    it('reads the same figures of the whole system from every process', async () => {
      const gauges = [
        'sms_messages_in_flight',
        'sms_messages_unknown',
        'sms_rate_cap_used',
        'sms_redis_durable',
        'sms_redis_memory_max_bytes',
      ];
      for (const gauge of gauges) {
        const by = `by (cap, check) (${gauge})`;
        expect(await number(`sum(max ${by} - min ${by})`), gauge).toBe(0);
        expect(await number(`min(count ${by})`), gauge).toBe(KINDS.length);
      }
      // One is held, another was sent once more and got no answer either.
      expect(await number('max(sms_messages_unknown)')).toBeGreaterThanOrEqual(2);
      expect(await number('max(sms_messages_unknown) - sum(sms_message_outcomes_total{state="unknown"})')).toBe(0);
      expect(await number('min(sms_redis_durable)')).toBe(1);
      // Of the two texts of routes with a real provider one was taken; what simulated routes send is counted apart.
      expect(await number('max(sms_rate_cap_used)')).toBe(1);
    });

    it.skipIf(promtool === undefined)('is given nothing that promtool would blame', async () => {
      const scrapes = await Promise.all(urls.map((url) => call<string>(`${url}/metrics`)));
      for (const { body } of scrapes) expect(run(promtool as string, ['check', 'metrics'], body)).toEqual({ code: 0, output: '' });
    });
  },
);
