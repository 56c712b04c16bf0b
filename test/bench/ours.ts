import { once } from 'node:events';
import { Redis } from 'ioredis';
import { type App, createAll, createDispatcher, createRouter } from '../../src/app.ts';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createLogger } from '../../src/logger.ts';
import { createProducer } from '../../src/queue/producer/producer.ts';
import type { Producer } from '../../src/queue/producer/producer-port.ts';
import { until } from '../support/until.ts';
import { writeConfig } from '../support/write-config.ts';
import { ACCOUNT, type Figures, meter, phone, type Task, TEXT } from './scenario.ts';

const BATCH = 500;
const PATIENCE_MS = 120_000;

/** Everything on, caps too wide to hold anything back but the storm. */
export function configText(
  { prefix, vendorUrl }: Pick<Task, 'prefix' | 'vendorUrl'>,
  provider: 'simulated' | 'twilio' | 'http',
  http: { readonly console?: boolean } = {},
): string {
  const { accountSid, authToken, from } = ACCOUNT;
  const providers = {
    simulated: '{ type: simulated, receipts: false }',
    twilio: `{ type: twilio, accountSid: ${accountSid}, authToken: ${authToken}, from: "${from}", baseUrl: "${vendorUrl}" }`,
    http: `{ type: http, url: "${vendorUrl}/send", messageId: /id, body: { to: "{to}", text: "{text}" } }`,
  };
  return `
providers: { bench: ${providers[provider]} }
routes: [{ name: default, overflow: defer, providers: [bench] }]
caps: { perRecipient: [{ max: 5, per: 1h }], perHour: { max: 10000000, criticalReserve: 20 } }
redis: { prefix: "${prefix}" }
http: { port: 0, console: ${http.console ?? false} }
metrics: { port: 0 }
`;
}

export async function configOf(...[task, provider, http]: Parameters<typeof configText>): Promise<Config> {
  const file = await writeConfig(configText(task, provider, http));
  return loadConfig({ path: file, env: {} }).config;
}

const quiet = createLogger('silent');

export async function raise(producer: Producer, count: number, to: (index: number) => string): Promise<void> {
  for (let from = 0; from < count; from += BATCH) {
    await producer.enqueueMany(
      Array.from({ length: Math.min(BATCH, count - from) }, (_, index) => ({
        to: to(from + index),
        severity: 'critical',
        text: `${TEXT} ${from + index}`,
      })),
    );
  }
}

/** Every message has its outcome, and all of them are accepted: what a look at the metrics would say, for less. */
async function allAccepted(redis: Redis, port: number, { prefix, count }: Task): Promise<void> {
  await until(async () => Number(await redis.get(`${prefix}:in-flight`)) === 0, PATIENCE_MS);
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const accepted = Number(/^sms_message_outcomes_total\{state="accepted",reason="none",severity="critical"\} (\d+)/m.exec(text)?.[1] ?? 0);
  if (accepted !== count) throw new Error(`${accepted} of ${count} accepted`);
}

/** No alert waits or is in work, and every message has its outcome. */
export async function settledIn(redis: Redis, prefix: string): Promise<void> {
  const empty = async (state: string) => (await redis.llen(`${prefix}:sms-alerts:${state}`)) === 0;
  await until(async () => (await empty('wait')) && (await empty('active')), PATIENCE_MS);
  await until(async () => Number(await redis.get(`${prefix}:in-flight`)) === 0, PATIENCE_MS);
}

/** Alert to accepted: door, router, every gate and cap, ledger, simulated provider, all in one process. */
export const fullPath = (task: Task): Promise<Figures> => fullPathWith(task, {}, async () => () => undefined);

/** @param watch begins to watch the app on this port, and answers with how to stop */
export async function fullPathWith(
  task: Task,
  http: { readonly console?: boolean },
  watch: (port: number) => Promise<() => unknown>,
): Promise<Figures> {
  const { redisUrl, prefix, count } = task;
  const run = async (redis: Redis, port: number) => {
    const stop = await watch(port);
    const producer = createProducer({ redis: redisUrl, prefix });
    const gauge = await meter(redis);
    await raise(producer, count, phone);
    await settledIn(redis, prefix);
    await allAccepted(redis, port, task);
    const figures = await gauge.stop(count);
    stop();
    return figures;
  };
  return withApp(createAll, task, 'simulated', run, http);
}

/** A runaway loop: one phone, five texts, the rest told by the cap to wait. */
export async function storm(task: Task): Promise<Figures> {
  const { redisUrl, prefix, count } = task;
  return withApp(createAll, task, 'simulated', async (redis) => {
    const producer = createProducer({ redis: redisUrl, prefix });
    const gauge = await meter(redis);
    await raise(producer, count, () => phone(0));
    await until(async () => (await redis.zcard(`${prefix}:sms-messages:delayed`)) >= count - 5, PATIENCE_MS);
    return gauge.stop(count);
  });
}

/** The dispatcher alone, on messages that the router has laid out before, against the same server as the hand-written one. */
export async function dispatcherTwilio(task: Task): Promise<Figures> {
  const { redisUrl, prefix, count } = task;
  await withApp(createRouter, task, 'twilio', async (redis) => {
    const producer = createProducer({ redis: redisUrl, prefix });
    await raise(producer, count, phone);
    await until(async () => (await redis.llen(`${prefix}:sms-messages:wait`)) >= count, PATIENCE_MS);
    return {};
  });
  const redis = new Redis(redisUrl);
  const gauge = await meter(redis);
  return withApp(createDispatcher, task, 'twilio', async (_, port) => {
    await allAccepted(redis, port, task);
    return gauge.stop(count);
  });
}

async function withApp(
  create: (deps: Parameters<typeof createAll>[0]) => App,
  task: Task,
  provider: 'simulated' | 'twilio',
  run: (redis: Redis, port: number) => Promise<Figures>,
  http: { readonly console?: boolean } = {},
): Promise<Figures> {
  const redis = new Redis(task.redisUrl);
  if (redis.status !== 'ready') await once(redis, 'ready');
  const app = create({ config: await configOf(task, provider, http), redisUrl: task.redisUrl, logger: quiet });
  const { httpPort } = await app.start();
  const figures = await run(redis, httpPort);
  await app.stop();
  redis.disconnect();
  return figures;
}
