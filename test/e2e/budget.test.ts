import { expect, onTestFinished, test } from 'vitest';
import { createAll } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createLogger } from '../../src/logger.ts';
import { testRedis } from '../support/redis.ts';
import { call, metrics, post, settled } from '../support/system.ts';
import { writeConfig } from '../support/write-config.ts';

const { url: redisUrl, prefix } = testRedis();

/** Twenty texts for a month, the last ten of them for criticals. */
const CONFIG = `
providers: { desk: { type: simulated } }
routes: [{ name: default, minSeverity: info, dedupeFor: 0, overflow: defer, providers: [desk] }]
caps: { perRecipient: [], perHour: off }
money: { currency: USD, prices: { desk: { other: 0.05 } }, budgets: { month: { soft: 0.5, hard: 1 } } }
redis: { prefix: "${prefix}" }
shutdown: { grace: 1s }
http: { port: 0 }
`;

async function start(): Promise<string> {
  const config = loadConfig({ path: await writeConfig(CONFIG), env: {} }).config;
  const app = createAll({ config, redisUrl, logger: createLogger('silent') });
  const { httpPort } = await app.start();
  onTestFinished(app.stop);
  return `http://127.0.0.1:${httpPort}`;
}

test('Two whole systems on one Redis together spend the budget to the last unit, and show what is left of it', async () => {
  const [one, two] = await Promise.all([start(), start()]);
  /** To numbers that the simulated provider does nothing special for. */
  const alerts = (severity: string, count: number, first: number) =>
    Array.from({ length: count }, (_, n) => ({ to: `+60124${String(first + n)}`, severity, text: `text ${n}` }));
  const outcomes = async (ids: readonly string[]) => {
    const histories = await Promise.all(ids.map((id) => settled(one, id, ['accepted', 'delivered', 'deferred'])));
    const waiting = histories.filter(({ messages: [message] }) => message?.state === 'deferred');
    for (const { messages } of waiting) expect(messages[0]).toMatchObject({ reason: 'budget', attempts: [] });
    return { sent: ids.length - waiting.length, waiting: waiting.length };
  };

  expect(await outcomes(await post(one, alerts('warning', 25, 100_020)))).toEqual({ sent: 10, waiting: 15 });
  expect(await outcomes(await post(two, alerts('critical', 25, 200_020)))).toEqual({ sent: 10, waiting: 15 });

  const { body } = await call<{ messages: unknown[] }>(`${one}/v1/simulated/outbox`);
  expect(body.messages).toHaveLength(20);
  const scrapes = await Promise.all([metrics(one), metrics(two)]);
  for (const scrape of scrapes) {
    expect(scrape.get('sms_budget_spent{period="month"}')).toBe(1);
    expect(scrape.get('sms_budget_left{period="month"}')).toBe(0);
    expect(scrape.get('sms_budget_empty_seconds{period="month"}')).toBe(0);
  }
  const cost = scrapes.reduce((sum, scrape) => sum + (scrape.get('sms_cost_total{provider="desk"}') ?? 0), 0);
  expect(cost).toBeCloseTo(1, 9);
}, 120_000);
