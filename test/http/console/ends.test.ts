import { describe, expect, it, onTestFinished } from 'vitest';
import { createReceiver } from '../../../src/app.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { until } from '../../support/until.ts';
import { ask, problem, watch, write } from './browser.ts';
import { bearer, consoleSystems, TOKEN } from './console-system.ts';

const systems = consoleSystems();

describe('when things end', () => {
  it('a process that drains ends its streams, and is not held up by them', async () => {
    const receiver = await systems.start(`console: true, tokens: [${TOKEN}]`, { create: createReceiver });
    onTestFinished(receiver.stop);
    const live = await watch(`${receiver.url}/console/api/live`, bearer);
    expect(live.status).toBe(200);
    const from = performance.now();
    await receiver.stop();
    await live.ended;
    expect(performance.now() - from).toBeLessThan(2_000);
  });

  it('a token that is taken out of the config ends its sessions and streams', async () => {
    const receiver = await systems.start(`console: true, tokens: [${TOKEN}, kept-token-of-this-test]`, { create: createReceiver });
    onTestFinished(receiver.stop);
    const login = await write(`${receiver.url}/console/session`, { token: TOKEN });
    const cookie = { cookie: String(login.headers['set-cookie']?.[0]).replace(/;.*/, '') };
    const live = await watch(`${receiver.url}/console/api/live`, cookie);
    const from = performance.now();
    expect(await receiver.app.reload(await systems.configure('console: true, tokens: [kept-token-of-this-test]'))).toBe(true);
    await live.ended;
    expect(performance.now() - from).toBeLessThan(3_000);
    expect((await ask(`${receiver.url}/console/api/overview`, { headers: cookie })).status).toBe(401);
  });

  it('while Redis is away or frozen every call is answered 503 within 5 s, and the page stays', async () => {
    const proxy = await startTcpProxy(Number(new URL(systems.redisUrl).port));
    onTestFinished(() => proxy.close());
    const receiver = await systems.start('console: true', { create: createReceiver, url: `redis://127.0.0.1:${proxy.port}` });
    onTestFinished(receiver.stop);
    const calls = () =>
      Promise.all([
        ...['overview', 'recent', 'live', 'search?q=alice', 'story/a', 'dead', 'unknown', 'outbox'].map((path) =>
          ask(`${receiver.url}/console/api/${path}`),
        ),
        ask(`${receiver.url}/console/queues/api/queues`),
        write(`${receiver.url}/console/api/send`, { to: ['contact:alice'], severity: 'info', text: 'x' }),
        write(`${receiver.url}/console/api/dead/a/replay`),
        write(`${receiver.url}/console/api/unknown/m-a`, { word: 'sent' }),
      ]);
    for (const mode of ['refuse', 'blackhole'] as const) {
      await proxy.set(mode);
      const from = performance.now();
      expect((await calls()).map(problem)).toEqual(Array.from({ length: 12 }, () => [503, 'redis-unavailable']));
      expect(performance.now() - from).toBeLessThan(5_000);
      if (mode === 'refuse') await proxy.set('pass');
      if (mode === 'refuse') await until(async () => (await ask(`${receiver.url}/console/api/recent`)).status === 200);
    }
    expect((await ask(`${receiver.url}/console/api/session`)).status).toBe(200);
    expect((await ask(`${receiver.url}/console/queues/`)).status).toBe(200);
    await proxy.set('pass');
  });
});
