import { describe, expect, it, onTestFinished } from 'vitest';
import type { MessageHistory } from '../../src/ledger/history/history.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { call, launch, post, type SystemProcess, trace } from '../support/system.ts';
import { until } from '../support/until.ts';

const config = `
providers: { desk: { type: simulated, receipts: false } }
routes: [{ name: default, providers: [desk], overflow: defer }]
worker: { lock: 1s }
`;

const phone = '+60123456789';
const critical = (text: string) => ({ to: phone, severity: 'critical', text });

async function outbox(url: string): Promise<unknown[]> {
  return (await call<{ messages: unknown[] }>(`${url}/v1/simulated/outbox`)).body.messages;
}

async function messagesOf(url: string, ids: readonly string[]): Promise<MessageHistory[]> {
  const alerts = await Promise.all(ids.map((id) => trace(url, id)));
  return alerts.flatMap(({ messages }) => messages);
}

/** Waits until nothing moves any more: each message was accepted or waits for the cap. */
async function atRest(url: string, ids: readonly string[]): Promise<MessageHistory[]> {
  return until(async () => {
    const messages = await messagesOf(url, ids);
    return messages.length === ids.length && messages.every(({ state }) => state === 'accepted' || state === 'deferred')
      ? messages
      : undefined;
  }, 80_000);
}

async function end(...processes: SystemProcess[]): Promise<void> {
  for (const process of processes) process.kill();
  await Promise.all(processes.map((process) => process.exit()));
}

describe('the shipped cap of five texts an hour to one phone', () => {
  it('lets six criticals become five texts, says when the sixth can go, and still holds after everything was restarted', async () => {
    const redis = await startRedisServer();
    onTestFinished(() => redis.stop());
    const options = { config, redisUrl: redis.url };

    const system = await launch(options);
    const started = Date.now();
    const ids = await post(
      system.url,
      Array.from({ length: 6 }, (_, index) => critical(`number ${index}`)),
    );
    const messages = await atRest(system.url, ids);
    expect(messages.filter(({ state }) => state === 'accepted')).toHaveLength(5);
    const [sixth] = messages.filter(({ state }) => state === 'deferred');
    expect(sixth?.reason).toBe('rate_cap_recipient');
    const wait = Date.parse(sixth?.until as string) - started;
    expect(wait).toBeGreaterThan(3_599_000);
    expect(wait).toBeLessThanOrEqual(3_620_000);

    await end(system);
    await redis.kill();
    await redis.restart();
    const again = await launch(options);
    const more = await post(
      again.url,
      Array.from({ length: 6 }, (_, index) => critical(`after the restart ${index}`)),
    );
    expect((await atRest(again.url, more)).map(({ state }) => state)).toEqual(Array(6).fill('deferred'));
    expect(await outbox(again.url)).toHaveLength(5);
  }, 240_000);

  it('holds over four dispatchers that race for one phone', async () => {
    const redis = await startRedisServer();
    onTestFinished(() => redis.stop());
    const options = { config, redisUrl: redis.url };
    const door = await launch({ ...options, kind: 'receiver' });
    await Promise.all([
      launch({ ...options, kind: 'router' }),
      ...Array.from({ length: 4 }, () => launch({ ...options, kind: 'dispatcher' })),
    ]);

    const ids = await post(
      door.url,
      Array.from({ length: 200 }, (_, index) => critical(`storm ${index}`)),
    );
    const messages = await atRest(door.url, ids);
    expect(messages.filter(({ state }) => state === 'accepted')).toHaveLength(5);
    expect(await outbox(door.url)).toHaveLength(5);
  }, 240_000);
});

describe('a short window', () => {
  it('sends what waited as soon as there is room, and never more than the cap in any window', async () => {
    const redis = await startRedisServer();
    onTestFinished(() => redis.stop());
    const system = await launch({ config: `${config}\ncaps: { perRecipient: [{ max: 2, per: 2s }], perHour: off }`, redisUrl: redis.url });
    const ids = await post(
      system.url,
      Array.from({ length: 6 }, (_, index) => critical(`number ${index}`)),
    );
    await until(async () => {
      const messages = await messagesOf(system.url, ids);
      return messages.length === 6 && messages.every(({ state }) => state === 'accepted');
    }, 60_000);
    const sentAt = (await outbox(system.url)).map((entry) => Date.parse((entry as { at: string }).at)).sort((a, b) => a - b);
    expect(sentAt).toHaveLength(6);
    for (let index = 2; index < sentAt.length; index++) {
      expect((sentAt[index] as number) - (sentAt[index - 2] as number)).toBeGreaterThanOrEqual(2_000);
    }
  }, 120_000);

  it('by route drops what does not fit, by name', async () => {
    const redis = await startRedisServer();
    onTestFinished(() => redis.stop());
    const dropping = config.replace('overflow: defer', 'overflow: drop');
    const system = await launch({ config: `${dropping}\ncaps: { perRecipient: [{ max: 1, per: 1h }] }`, redisUrl: redis.url });
    const ids = await post(system.url, [critical('one'), critical('two')]);
    const states = await until(async () => {
      const messages = await messagesOf(system.url, ids);
      return messages.length === 2 && messages.every(({ state }) => state !== 'queued' && state !== 'sending')
        ? messages.map(({ state, reason }) => [state, reason])
        : undefined;
    });
    expect(states.sort()).toEqual([
      ['accepted', null],
      ['suppressed', 'rate_cap_recipient'],
    ]);
  }, 120_000);
});
