import { randomUUID } from 'node:crypto';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type App, createAll } from '../../src/app.ts';
import type { CliDeps } from '../../src/cli/cli-deps.ts';
import { runCli } from '../../src/cli/run-cli.ts';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createLogger } from '../../src/logger.ts';
import type { HealthFinding } from '../../src/overview/finding.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { createKeys } from '../../src/redis/keys.ts';
import { openOverview } from '../../src/roles/console.ts';
import { testRedis } from '../support/redis.ts';
import { metrics, post, runToEnd, settled } from '../support/system.ts';
import { until } from '../support/until.ts';
import { type FakeTwilio, startFakeTwilio, twilioError } from '../support/vendors/twilio.ts';
import { writeConfig } from '../support/write-config.ts';

const account = { accountSid: `AC${'d'.repeat(32)}`, authToken: 'the-token-of-the-health-test' };
const { url: redisUrl, prefix: base, redis } = testRedis();

let main: FakeTwilio;
let second: FakeTwilio;
beforeAll(async () => {
  [main, second] = await Promise.all([startFakeTwilio(account), startFakeTwilio(account)]);
});
afterAll(() => Promise.all([main.close(), second.close()]));

const twilio = ({ url }: FakeTwilio) =>
  `{ type: twilio, accountSid: ${account.accountSid}, authToken: ${account.authToken}, from: "+15005550006", baseUrl: "${url}" }`;

/** A system of its own, and what `status`, `doctor` and `explain` say about it. */
async function run({ route = 'providers: [main]', more = 'caps: { perRecipient: [], perHour: off }' } = {}) {
  const prefix = `${base}:${randomUUID().slice(0, 8)}`;
  const config = `
providers: { main: ${twilio(main)}, second: ${twilio(second)} }
routes: [ { name: pages, minSeverity: info, dedupeFor: 0, overflow: defer, ${route} } ]
redis: { prefix: "${prefix}" }
${more}`;
  const path = await writeConfig(config);
  const load = () => loadConfig({ path, env: { PORT: '0' } });
  const app: App = createAll({ config: load().config, redisUrl, logger: createLogger('silent', { write: () => undefined }) });
  const { httpPort } = await app.start();
  onTestFinished(() => app.stop());
  const type = async (...args: string[]) => {
    const { code, output } = await runToEnd({ config, redisUrl, args });
    return { code, output };
  };
  const reading = connectRedis(redisUrl, 'interactive');
  onTestFinished(() => reading.disconnect());
  /** The command in this process: what it says and its exit code, without the second that a process takes to start. */
  const status = async () => {
    const written: string[] = [];
    const print = { write: (text: string) => void written.push(text) };
    const code = await runCli(['status', '--json'], {
      loadConfig: async () => load(),
      openOverview: async (config: Config) => openOverview(config, reading),
      stdout: print,
      stderr: print,
      now: () => new Date(),
      version: 'test',
    } as unknown as CliDeps);
    const { health } = JSON.parse(written.join('')) as { health: { level: string; findings: HealthFinding[] } };
    // The Redis of the tests keeps no file.
    return { code, level: health.level, findings: health.findings.filter(({ kind }) => kind !== 'redis_not_durable') };
  };
  return { app, load, prefix, keys: createKeys(prefix), url: `http://127.0.0.1:${httpPort}`, type, status };
}

let numbers = 0;
const critical = (facts: object = {}) => ({
  to: `+6012${String(5_000_000 + ++numbers)}`,
  severity: 'critical',
  text: `text ${numbers}`,
  ...facts,
});

it('Twilio revokes the token while criticals come in: exit code 1, the route, auth and 20003 by name, and the gauge at 0', async () => {
  main.respondWith(() => twilioError(401, 20003, 'Authenticate'));
  onTestFinished(() => main.respondWith(() => undefined));
  const { url, status, type, prefix } = await run();
  const ids = await post(url, [critical(), critical()]);
  for (const id of ids) await settled(url, id, ['deferred']);
  const { code, level, findings } = await until(async () => {
    const seen = await status();
    return seen.findings.length > 0 ? seen : undefined;
  });
  expect({ code, level }).toEqual({ code: 1, level: 'critical' });
  expect(findings).toMatchObject([
    {
      level: 'critical',
      kind: 'route_down',
      route: 'pages',
      provider: 'main',
      reason: 'auth',
      code: '20003',
      text: expect.stringMatching(/^Route pages sends nothing: main is not used since .*: auth \(20003\)\.$/),
      command: 'sms-dispatch providers check main',
    },
  ]);
  expect((await metrics(url)).get('sms_route_providers_up{route="pages"}')).toBe(0);
  const shown = await type('status');
  expect(shown.code).toBe(1);
  expect(shown.output).toContain('auth (20003)');
  expect(shown.output).not.toContain('OK');
  const broken = await runToEnd({
    config: `providers: [\nredis: { prefix: "${prefix}" }\n`,
    redisUrl,
    args: ['status', '--prefix', prefix],
  });
  expect(broken.code).toBe(1);
  expect(broken.output).toContain('Route pages sends nothing');
  const doctor = await type('doctor', '--json');
  expect(doctor.code).toBe(1);
  expect(doctor.output).toContain('"kind": "route_down"');
});

it('while a second provider of the route works it is a warning, and exit code 0', async () => {
  main.respondWith(() => twilioError(401, 20003, 'Authenticate'));
  onTestFinished(() => main.respondWith(() => undefined));
  const { url, status } = await run({ route: 'providers: [main, second]' });
  const [id] = await post(url, [critical()]);
  await settled(url, id as string, ['accepted']);
  const { code, level, findings } = await until(async () => {
    const seen = await status();
    return seen.findings.length > 0 ? seen : undefined;
  });
  expect({ code, level }).toEqual({ code: 0, level: 'warning' });
  expect(findings).toMatchObject([{ kind: 'provider_down', provider: 'main', reason: 'auth', code: '20003' }]);
  expect((await metrics(url)).get('sms_route_providers_up{route="pages"}')).toBe(1);
});

it('a paused queue is named until it is resumed, though every worker runs', async () => {
  const { prefix, status, type, url } = await run();
  const { hostname: host, port } = new URL(redisUrl);
  const queue = new Queue('sms-messages', { connection: { host, port: Number(port) }, prefix });
  onTestFinished(() => queue.close());
  await queue.pause();
  expect(await status()).toMatchObject({ code: 1, findings: [{ kind: 'queue_paused', queue: 'sms-messages', reason: 'paused' }] });
  expect((await type('doctor')).output).toContain('The queue sms-messages is paused');
  expect((await metrics(url)).get('sms_queue_paused{queue="sms-messages"}')).toBe(1);
  const [id] = await post(url, [critical()]);
  expect(await settled(url, id as string, ['queued'])).toMatchObject({ messages: [{ state: 'queued', pausedQueue: 'sms-messages' }] });
  expect((await type('explain', id as string)).output).toContain('the queue sms-messages is paused');
  await queue.resume();
  expect((await settled(url, id as string, ['accepted'])).messages[0]).not.toHaveProperty('pausedQueue');
  expect(await status()).toMatchObject({ code: 0, findings: [] });

  const alerts = new Queue('sms-alerts', { connection: { host, port: Number(port) }, prefix });
  onTestFinished(() => alerts.close());
  await alerts.pause();
  const [pending] = await post(url, [critical()]);
  const explained = await type('explain', pending as string);
  expect(explained.output).toContain('the queue sms-alerts is paused');
  expect(await status()).toMatchObject({ code: 1, findings: [{ kind: 'queue_paused', queue: 'sms-alerts' }] });
});

it('a critical that a cap holds for longer than a few minutes is named immediately with its cap, and as missed once it has expired', async () => {
  const { url, status, keys } = await run({ more: 'caps: { perRecipient: [{ max: 1, per: 1h }], perHour: off }' });
  const to = '+60125999999';
  const [first] = await post(url, [critical({ to })]);
  await settled(url, first as string, ['accepted']);
  const [id] = await post(url, [critical({ to })]);
  const [message] = (await settled(url, id as string, ['deferred'])).messages;
  expect(await status()).toMatchObject({ code: 1, findings: [{ kind: 'criticals_held', reason: 'rate_cap_recipient' }] });
  await redis.zincrby(keys.heldCriticals(), -240_000, message?.id as string);
  const { code, findings } = await status();
  expect(code).toBe(1);
  expect(findings).toMatchObject([
    {
      level: 'critical',
      kind: 'criticals_held',
      route: 'pages',
      reason: 'rate_cap_recipient',
      command: `sms-dispatch explain ${message?.id}`,
    },
  ]);
  expect((await metrics(url)).get('sms_critical_held_seconds{route="pages"}')).toBeGreaterThan(239);
  const [brief] = await post(url, [critical({ to, expiresAt: new Date(Date.now() + 2_000).toISOString() })]);
  await settled(url, brief as string, ['expired'], 60_000);
  const after = await status();
  expect(after.code).toBe(1);
  expect(after.findings).toContainEqual(expect.objectContaining({ kind: 'criticals_missed', route: 'pages', level: 'critical' }));
});

it('a hard budget below the price of one message is named before the first critical comes in', async () => {
  const { status, type } = await run({
    more: `caps: { perRecipient: [], perHour: off }
money: { currency: USD, prices: { main: { other: 0.05 } }, budgets: { day: { soft: 0.04, hard: 0.04 } } }`,
  });
  const { code, findings } = await status();
  expect(code).toBe(1);
  expect(findings).toMatchObject([
    {
      kind: 'budget_price',
      route: 'pages',
      text: 'Route pages sends nothing: a message costs at least 0.05 USD, and 0.04 USD is left of the budget of the day.',
      command: 'sms-dispatch budget',
    },
  ]);
  expect((await type('status')).output).toContain('Route pages sends nothing');
});

it('a reload that was refused is seen from another process, until one is taken', async () => {
  const { app, load, status } = await run();
  expect(await status()).toMatchObject({ findings: [] });
  await app.reload(() => {
    throw new Error('no such file');
  });
  expect(await until(async () => (await status()).findings[0])).toMatchObject({ level: 'warning', kind: 'config_refused' });
  await app.reload(load);
  await until(async () => (await status()).findings.length === 0 || undefined);
});
