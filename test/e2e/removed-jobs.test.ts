import { Queue } from 'bullmq';
import { expect, it } from 'vitest';
import { testRedis } from '../support/redis.ts';
import { call, launch, metrics, post, settled } from '../support/system.ts';
import { until } from '../support/until.ts';

const { redis, url: redisUrl, prefix } = testRedis();
const config = `
redis: { prefix: "${prefix}" }
providers: { desk: { type: simulated } }
routes: [{ name: default, minSeverity: info, providers: [desk] }]
`;

it('alerts that another client drained before any router saw them are texted or expire, and everybody can see why', {
  timeout: 360_000,
}, async () => {
  const door = await launch({ kind: 'receiver', config, redisUrl });
  const raise = (alert: object) => post(door.url, { severity: 'critical', ...alert });
  const [kept] = (await raise({ to: '+60123450001', text: 'kept' })) as [string];
  const [warning] = (await raise({ to: '+60123450011', text: 'kept too', severity: 'warning' })) as [string];
  const [late] = (await raise({ to: '+60123450021', text: 'late', expiresAt: new Date(Date.now() + 3_000).toISOString() })) as [string];
  const alerts = new Queue('sms-alerts', { connection: redis, prefix });
  await alerts.drain();
  await alerts.close();
  expect((await call<{ outcome: string }>(`${door.url}/v1/alerts/${kept}`)).body.outcome).toBe('pending');

  const router = await launch({ kind: 'router', config, redisUrl });
  await launch({ kind: 'dispatcher', config, redisUrl });
  for (const id of [kept, warning]) {
    expect(await settled(door.url, id, ['accepted', 'delivered'], 40_000)).toMatchObject({ outcome: 'routed', messages: [{}] });
  }
  const ended = await until(async () => {
    const { body } = await call<{ outcome: string; reason: string | null }>(`${door.url}/v1/alerts/${late}`);
    return body.outcome !== 'pending' && body;
  }, 160_000);
  expect(ended).toMatchObject({ outcome: 'suppressed', reason: 'expired' });
  expect((await metrics(router.url)).get('sms_jobs_requeued_total{queue="sms-alerts"}')).toBe(3);
  expect(router.output()).toContain('"msg":"missing jobs added again"');
});
