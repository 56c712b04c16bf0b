import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { createProducer } from '../../src/queue/producer/producer.ts';
import { testRedis } from '../support/redis.ts';
import { launch } from '../support/system.ts';
import { until } from '../support/until.ts';

const { url: redisUrl, prefix, redis } = testRedis();
const ALERTS = Number(process.env.LARGE_ALERTS ?? 20);
const PHONES = 1_000;
const MINUTES_MS = 300_000;

const CONFIG = `
providers: { desk: { type: simulated } }
routes: [{ name: default, minSeverity: info, dedupeFor: 0, providers: [desk] }]
caps: { perRecipient: [], perHour: off }
redis: { prefix: "${prefix}" }
`;

it('alerts to a thousand phones each are routed in little memory, and one that a crash interrupts reaches each phone once', async () => {
  const producer = createProducer({ redis: redisUrl, prefix });
  for (let n = 0; n < ALERTS; n += 1) {
    const to = Array.from({ length: PHONES }, (_, phone) => `+6012${3_000_000 + n * PHONES + phone}`);
    await producer.enqueue({ id: `large-${n}`, to, severity: n % 2 === 0 ? 'critical' : 'info', text: 'Disk full' });
  }
  await producer.close();
  const jobs = async () => (await redis.llen(`${prefix}:sms-messages:wait`)) + (await redis.zcard(`${prefix}:sms-messages:prioritized`));
  const router = () => launch({ kind: 'router', config: CONFIG, redisUrl, env: { NODE_OPTIONS: '--max-old-space-size=256' } });

  const victim = await router();
  await until(async () => (await jobs()) > PHONES, MINUTES_MS, 1);
  victim.kill('SIGKILL');
  await victim.exit();
  expect(await jobs()).toBeLessThan(ALERTS * PHONES);

  const heir = await router();
  await until(async () => (await jobs()) >= ALERTS * PHONES, MINUTES_MS);
  const status = await readFile(`/proc/${heir.child.pid}/status`, 'utf8');
  const peakMb = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  const waiting = await redis.lrange(`${prefix}:sms-messages:wait`, 0, -1);
  expect(new Set(waiting).size).toBe(waiting.length);
  expect(await jobs()).toBe(ALERTS * PHONES);
  expect(peakMb).toBeLessThan(200);
  expect(heir.child.exitCode).toBeNull();
}, 600_000);
