import { describe, expect, it, type TestContext } from 'vitest';
import { tell } from '../support/redis-groups.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { call, launch, metrics, post, runToEnd, type SystemProcess, settled, total } from '../support/system.ts';
import { until } from '../support/until.ts';
import { startFakeTwilio } from '../support/vendors/twilio.ts';

const account = { accountSid: `AC${'d'.repeat(32)}`, authToken: 'the-token-of-the-data-loss' };
const phone = (index: number) => `+6012345${String(1000 + index)}`;
const criticals = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({ severity: 'critical', to: phone(from + index), text: `number ${from + index}` }));

async function open({ onTestFinished }: TestContext, args: readonly string[] = [], kinds: readonly ('start' | 'receiver')[] = ['start']) {
  const server = await startRedisServer(args);
  onTestFinished(() => server.stop());
  const vendor = await startFakeTwilio(account);
  onTestFinished(() => vendor.close());
  const config = `
providers:
  only: { type: twilio, accountSid: ${account.accountSid}, authToken: ${account.authToken}, from: "+15005550006", baseUrl: "${vendor.url}", maxPerSecond: 200 }
routes: [{ name: default, providers: [only] }]
`;
  const systems = await Promise.all(kinds.map((kind) => launch({ kind, config, redisUrl: server.url, onEnd: onTestFinished })));
  const [system] = systems as [SystemProcess];
  return { server, vendor, config, systems, system };
}

/** Lines about lost data: kind by kind. */
const reported = (system: SystemProcess) =>
  system
    .output()
    .split('\n')
    .filter((line) => line.includes('Redis lost data that it had confirmed'))
    .map((line) => JSON.parse(line) as { level: string; kind: string; hint: string });

const counted = async (system: SystemProcess, kind: string) => (await metrics(system.url)).get(`sms_redis_data_loss_total{kind="${kind}"}`);

/** Confirmations that the data set has given by now. */
const confirmations = (server: RedisServer) => tell(server.port, async (redis) => Number(await redis.hget('{sms}:data-set', 'count')));

const send = async (system: SystemProcess, from: number, count: number) => {
  for (const id of await post(system.url, criticals(from, count))) await settled(system.url, id, ['accepted'], 20_000);
};

interface Status {
  readonly health: { readonly findings: readonly { readonly kind: string; readonly level: string; readonly reason?: string }[] };
}

describe.concurrent('Redis that loses data', { timeout: 360_000 }, () => {
  it('is reported once by each process after FLUSHALL, a text in progress ends, and everything works on', async (t) => {
    const { vendor, server, systems, system, config } = await open(t, [], ['start', 'receiver']);
    await send(system, 0, 3);
    let release: () => void = () => undefined;
    const released = new Promise<undefined>((resolve) => {
      release = () => resolve(undefined);
    });
    vendor.respondWith(() => released);
    await post(system.url, criticals(10, 1));
    await until(() => vendor.requests.length === 4);

    await tell(server.port, (redis) => redis.flushall());
    release();
    await until(() => systems.every((one) => reported(one).length > 0), 30_000);
    await until(async () => total([await metrics(system.url)], 'sms_message_outcomes_total', 'state="accepted"') === 4, 20_000);

    await send(system, 20, 8);
    const before = await confirmations(server);
    await until(async () => (await confirmations(server)) >= before + 2, 30_000);
    for (const one of systems) {
      expect(reported(one)).toMatchObject([{ level: 'error', kind: 'emptied', hint: expect.stringContaining('opt-outs') }]);
      expect(await counted(one, 'emptied')).toBe(1);
    }
    const scrape = await metrics(system.url);
    expect(total([scrape], 'sms_messages_total')).toBe(12);
    expect(total([scrape], 'sms_message_outcomes_total')).toBe(12);
    expect(total([scrape], 'sms_messages_in_flight')).toBe(0);
    expect(new Set(vendor.requests.map(({ form }) => form.To)).size).toBe(vendor.requests.length);

    const { output } = await runToEnd({ config, redisUrl: server.url, onEnd: t.onTestFinished, args: ['status', '--json'] });
    const { health } = JSON.parse(output) as Status;
    expect(health.findings).toContainEqual(expect.objectContaining({ kind: 'redis_data_lost', level: 'critical', reason: 'emptied' }));
  });

  it('is reported after a restart with an older dump', async (t) => {
    const { server, system } = await open(t, ['--appendonly', 'no']);
    await send(system, 0, 2);
    await tell(server.port, (redis) => redis.save());
    const saved = await confirmations(server);
    await until(async () => (await confirmations(server)) > saved, 30_000);
    await server.kill();
    await server.restart();
    await until(() => reported(system).length > 0, 30_000);
    expect(reported(system)).toMatchObject([{ kind: 'rolled_back' }]);
    await send(system, 10, 2);
    expect(await counted(system, 'rolled_back')).toBe(1);
  });

  it('is not what a restart with all its data, a pause, or a refusal of writes is', async (t) => {
    const { server, system } = await open(t);
    await send(system, 0, 1);
    const confirmedAgain = async () => {
      const before = await confirmations(server);
      await until(async () => (await confirmations(server)) > before, 30_000);
    };
    await server.kill();
    await server.restart();
    await confirmedAgain();
    await tell(server.port, (redis) => redis.config('SET', 'maxmemory', '1'));
    await until(async () => {
      await call(`${system.url}/v1/alerts`, { body: criticals(5, 1) });
      return system.output().includes('is full and rejects writes');
    }, 120_000);
    await tell(server.port, (redis) => redis.config('SET', 'maxmemory', '0'));
    await confirmedAgain();
    expect(reported(system)).toEqual([]);
    await send(system, 10, 1);
  });
});
