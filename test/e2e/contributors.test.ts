import { expect, it, onTestFinished } from 'vitest';
import { createAll } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createLogger } from '../../src/logger.ts';
import { openOverview } from '../../src/roles/console.ts';
import { testRedis } from '../support/redis.ts';
import { metrics, post, settled } from '../support/system.ts';
import { createTyping } from '../support/type-command.ts';
import { until } from '../support/until.ts';
import { writeConfig } from '../support/write-config.ts';

const { redis, url: redisUrl, prefix } = testRedis();

it('who filled a cap is named by explain, by the overview and by a metric: source, route and contact', async () => {
  const loaded = loadConfig({
    path: await writeConfig(`
providers: { desk: { type: simulated, receipts: false } }
routes: [{ name: default, providers: [desk], overflow: defer }]
contacts: { alice: { phone: "+60123450031", consent: true } }
caps: { perRecipient: [{ max: 3, per: 1h }], perHour: off }
http: { port: 0 }
redis: { prefix: "${prefix}" }
shutdown: { grace: 1s }
`),
    env: {},
  });
  const app = createAll({ config: loaded.config, redisUrl, logger: createLogger('silent') });
  const { httpPort } = await app.start();
  onTestFinished(() => app.stop());
  const url = `http://127.0.0.1:${httpPort}`;
  const raise = async (text: string, source: string, to: string) =>
    (await post(url, { severity: 'critical', text, source, to }))[0] as string;

  for (const [text, source, to] of [
    ['one', 'checkout', 'contact:alice'],
    ['two', 'checkout', 'contact:alice'],
    ['three', 'db', '+60123450031'],
  ] as const) {
    await settled(url, await raise(text, source, to));
  }
  const held = await raise('four', 'call +60123450099', 'contact:alice');
  await settled(url, held, ['deferred']);

  const { stdout } = await createTyping({ redisUrl, loaded })('explain', held);
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain('cap 3 in 1 h, filled by 2 × checkout, route default, to alice; 1 × db, route default');
  expect(stdout).not.toContain('60123450099');

  const overview = openOverview(loaded.config, redis);
  onTestFinished(() => overview.close());
  const contributors = await until(async () => {
    const read = (await overview.read()).contributors;
    return read.heldBack.length > 0 && read.accepted.length === 2 ? read : undefined;
  });
  expect(contributors).toEqual({
    accepted: [
      { source: 'checkout', route: 'default', contact: 'alice', count: 2 },
      { source: 'db', route: 'default', contact: null, count: 1 },
    ],
    heldBack: [{ source: 'call +60*******099', route: 'default', contact: 'alice', reason: 'rate_cap_recipient', count: 1 }],
  });

  const scraped = await metrics(url);
  const series = [...scraped].filter(([name, value]) => name.startsWith('sms_messages_by_source_total') && value > 0);
  expect(series.map(([name, value]) => `${name} ${value}`).sort()).toEqual([
    'sms_messages_by_source_total{source="call +60*******099",route="default",result="held_back"} 1',
    'sms_messages_by_source_total{source="checkout",route="default",result="accepted"} 2',
    'sms_messages_by_source_total{source="db",route="default",result="accepted"} 1',
  ]);
});
