import { expect, it, onTestFinished } from 'vitest';
import { startRedisServer } from '../support/redis-server.ts';
import { call, launch, post, trace } from '../support/system.ts';
import { until } from '../support/until.ts';

const WINDOW_MS = 6_000;
const COUNT = 60;
const PHONE = '+60123456789';

/** The default config but for its times, all of which are shorter by the same factor. */
const config = `
providers: { desk: { type: simulated, receipts: false } }
routes: [{ name: default, expiresAfter: ${WINDOW_MS}ms, providers: [desk] }]
caps: { perRecipient: [{ max: 5, per: ${WINDOW_MS}ms }] }
worker: { lock: 1s }
`;

interface Sent {
  readonly at: string;
  readonly text: string;
}

it('Sixty different criticals are named in one text each, by two dispatchers of which one is killed and replaced', {
  timeout: 480_000,
}, async () => {
  const redis = await startRedisServer();
  onTestFinished(() => redis.stop());
  const options = { config, redisUrl: redis.url };
  const receiver = await launch({ ...options, kind: 'receiver' });
  const [, victim] = await Promise.all([
    launch({ ...options, kind: 'router' }),
    launch({ ...options, kind: 'dispatcher' }),
    launch({ ...options, kind: 'dispatcher' }),
  ]);
  const outbox = async () => (await call<{ messages: Sent[] }>(`${receiver.url}/v1/simulated/outbox`)).body.messages;

  const alerts = Array.from({ length: COUNT }, (_, n) => ({ to: PHONE, severity: 'critical', text: `Disk of host-${n} is full` }));
  const ids = [...(await post(receiver.url, alerts.slice(0, 40))), ...(await post(receiver.url, alerts.slice(40)))];
  victim?.kill();
  await launch({ ...options, kind: 'dispatcher' });
  const messages = await until(async () => {
    const found = (await Promise.all(ids.map((id) => trace(receiver.url, id)))).flatMap((alert) => alert.messages);
    const texts = await outbox();
    const named = found.filter((_, n) => texts.some(({ text }) => new RegExp(`host-${n}\\b`).test(text)));
    return found.length === COUNT && named.length === COUNT ? found : undefined;
  }, 360_000);

  expect(messages.filter(({ state }) => state !== 'accepted' && state !== 'suppressed' && state !== 'unknown')).toEqual([]);
  const sent = await outbox();
  const times = sent.map(({ at }) => Date.parse(at)).toSorted((a, b) => a - b);
  for (let nth = 5; nth < times.length; nth += 1)
    expect((times[nth] as number) - (times[nth - 5] as number)).toBeGreaterThanOrEqual(WINDOW_MS);
  // A text in flight when its dispatcher was killed may be sent once more, as onUnknown says of criticals; a digest of an alert that was sent is none.
  const unknown = messages.flatMap(({ attempts }) => attempts.filter(({ result }) => result === 'unknown')).length;
  const namings = Array.from({ length: COUNT }, (_, n) => sent.filter(({ text }) => new RegExp(`host-${n}\\b`).test(text)).length);
  expect(namings.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(COUNT + unknown);
  expect(Math.min(...namings)).toBe(1);
});
