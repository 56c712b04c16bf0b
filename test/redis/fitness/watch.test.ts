import { expect, it, type TestContext } from 'vitest';
import { connectRedis } from '../../../src/redis/connect.ts';
import { createRedisWatch } from '../../../src/redis/fitness/watch.ts';
import { tell } from '../../support/redis-groups.ts';
import { type RedisServer, startRedisServer } from '../../support/redis-server.ts';
import { until } from '../../support/until.ts';

async function watched({ onTestFinished }: TestContext, args: readonly string[] = [], password = '') {
  const server: RedisServer = await startRedisServer(args);
  onTestFinished(() => server.stop());
  const url = server.url.replace('//', password === '' ? '//' : `//:${password}@`);
  const lines: string[] = [];
  const watch = createRedisWatch({
    url,
    key: '{sms}:probe',
    everyMs: 30,
    onTrouble: ({ problem, hint, said }) => {
      expect(hint).not.toBe('');
      lines.push(`${problem.replace(/127\.0\.0\.1:\d+/, '…')} <${said.split(' ')[0]}>`);
    },
    onReplaced: ({ server }) => lines.push(`replaced ${server}`),
    onRecovered: ({ afterMs }) => lines.push(afterMs >= 0 ? 'recovered' : 'never'),
  });
  onTestFinished(() => watch.close());
  const clients = Array.from({ length: 5 }, () => connectRedis(url, 'commands', watch.onError));
  for (const client of clients) {
    onTestFinished(() => client.disconnect());
    await client.ping();
  }
  return { server, lines, clients };
}

it.concurrent('an outage is two lines, however many connections it cuts', async (t) => {
  const { server, lines, clients } = await watched(t);
  for (const outage of [1, 2]) {
    await server.kill();
    await until(() => clients.every(({ status }) => status !== 'ready'));
    await until(() => lines.length === 2 * outage - 1);
    await server.restart();
    await until(() => lines.length === 2 * outage);
    await Promise.all(clients.map((client) => client.ping()));
  }
  // Asked in the moment of its end, it may hang up before it closes its door.
  const told = lines.map((line) => line.replace('<read>', '<connect>'));
  expect(told).toEqual(Array(2).fill(['Redis at redis://… cannot be reached <connect>', 'recovered']).flat());
  expect(await clients[0]?.exists('{sms}:probe')).toBeLessThanOrEqual(1);
});

it.concurrent('a full Redis is reported once, and again when it has become full again', async (t) => {
  const { server, lines, clients } = await watched(t);
  for (const time of [1, 2]) {
    await tell(server.port, (redis) => redis.config('SET', 'maxmemory', '1'));
    const refused = await Promise.allSettled(clients.flatMap((client) => [client.set('a', 1), client.set('b', 1)]));
    expect(refused.every(({ status }) => status === 'rejected')).toBe(true);
    await tell(server.port, (redis) => redis.config('SET', 'maxmemory', '0'));
    await until(() => lines.length === 2 * time);
  }
  expect(lines).toEqual(Array(2).fill(['Redis at redis://… is full and rejects writes <OOM>', 'recovered']).flat());
});

it.concurrent('another reason in the same outage is another line, and no line holds the password', async (t) => {
  const { server, lines } = await watched(t, ['--requirepass', 'hunter2'], 'hunter2');
  await server.kill();
  await until(() => lines.length === 1);
  await server.restart();
  await tell(server.port, (redis) => redis.config('SET', 'requirepass', 'changed'), 'hunter2').catch(() => undefined);
  await tell(server.port, (redis) => redis.config('SET', 'requirepass', 'hunter2'), 'changed').catch(() => undefined);
  await until(() => lines.at(-1) === 'recovered');
  // Which call notices the outage first is up to the machine.
  expect(lines[0]).toMatch(/^Redis at redis:\/\/:\*\*\*@… cannot be reached <(connect|read)>$/);
  expect(lines.join()).not.toContain('hunter2');
});

it.concurrent('what is no fault of Redis is none', async (t) => {
  const { lines, clients } = await watched(t);
  const [client] = clients;
  await client?.set('text', 'x');
  await expect(client?.lpush('text', 'y')).rejects.toThrow('WRONGTYPE');
  await expect(client?.evalsha('0'.repeat(40), 0)).rejects.toThrow('NOSCRIPT');
  expect(lines).toEqual([]);
});
