import { Queue } from 'bullmq';
import { expect, it, onTestFinished } from 'vitest';
import { testRedis } from '../support/redis.ts';
import { call, launch, metrics, post } from '../support/system.ts';
import { until } from '../support/until.ts';

const { url: redisUrl, prefix } = testRedis();
const PHONES = ['+60123450160', '+60123450161'];

it('the same words reach two phones through three doors, whatever their purpose, each once', { timeout: 240_000 }, async () => {
  const config = `
providers: { desk: { type: simulated } }
routes: [{ name: default, dedupeFor: 30m, providers: [desk] }]
caps: { perRecipient: off }
redis: { prefix: "${prefix}" }
`;
  const { url } = await launch({ config, redisUrl });
  const queue = new Queue('sms-alerts', { connection: { url: redisUrl }, prefix });
  onTestFinished(() => queue.close());
  const entry = { status: 'firing', labels: { alertname: 'Disk' }, annotations: { summary: 'webhook' }, startsAt: '2026-11-20T03:00:00Z' };
  const webhook = { version: '4', status: 'firing', receiver: 'sms', alerts: [entry] };

  const raise = async () => {
    for (const to of PHONES) {
      await post(url, [{ severity: 'critical', to, text: 'http' }]);
      await queue.add('alert', { severity: 'critical', to, text: 'raw' });
      await call(`${url}/v1/webhooks/alertmanager?to=${encodeURIComponent(to)}`, { body: webhook });
    }
  };
  await raise();
  await raise();
  for (const purpose of ['verification', 'notification']) {
    for (const to of PHONES) await post(url, [{ severity: 'critical', purpose, to, text: purpose }]);
  }
  const outbox = async () => (await call<{ messages: { to: string; text: string }[] }>(`${url}/v1/simulated/outbox`)).body.messages;
  const words = ['http', 'raw', 'webhook', 'verification', 'notification'];
  await until(async () => (await outbox()).length >= PHONES.length * words.length);
  await until(async () => (await metrics(url)).get('sms_alert_outcomes_total{outcome="suppressed",reason="duplicate"}') === 4);
  const texts = (await outbox()).map(({ to, text }) => `${text} to ${to}`).toSorted();
  const phones = PHONES.map((phone) => `+60*******${phone.slice(-3)}`);
  expect(texts).toEqual(words.flatMap((word) => phones.map((phone) => `CRITICAL: ${word} to ${phone}`)).toSorted());
});
