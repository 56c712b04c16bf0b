import { execFileSync } from 'node:child_process';
import { createConnection } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startRedisServer } from '../support/redis-server.ts';
import { call, launch, post, runToEnd, settled, trace } from '../support/system.ts';
import { testPort } from '../support/test-port.ts';
import { until } from '../support/until.ts';

const config = `
providers: { desk: { type: simulated } }
routes: [{ name: default, providers: [desk] }]
caps: { perRecipient: [], perHour: off }
worker: { lock: 1s }
`;
const alert = (text: string) => ({ to: '+60123456789', severity: 'critical', text });

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

async function ownRedis() {
  const redis = await startRedisServer();
  onTestFinished(() => redis.stop());
  return redis;
}

describe('a process that cannot run', () => {
  it('for its config names every fault with path, value and hint, and exits 1', async () => {
    const { code, output } = await runToEnd({
      config: `
providers: { desk: { type: simulated, colour: red }, twilio-main: { type: twilio, accountSid: \${NOT_SET}, from: "+15005550006" } }
routes: [{ name: default, providers: [twillio-main] }]
caps: { perRecipient: [{ max: 0, per: 0s }] }
`,
    });
    expect(code).toBe(1);
    for (const fault of [
      /providers\.desk\.colour/,
      /NOT_SET/,
      /authToken/,
      /routes\[0\]\.providers\[0\]: no provider named "twillio-main".*did you mean "twilio-main"/,
      /caps\.perRecipient\[0\]\.max/,
      /caps\.perRecipient\[0\]\.per/,
    ]) {
      expect(output).toMatch(fault);
    }
    expect(output).not.toMatch(/ at .*\.js:\d+/);
  });

  it.each(['start', 'router', 'dispatcher', 'receiver'] as const)(
    'for want of its Redis: %s says so in one line and exits 1',
    async (kind) => {
      const port = await testPort();
      const started = performance.now();
      const { code, output } = await runToEnd({ kind, config, redisUrl: `redis://:hush-hush@127.0.0.1:${port}` });
      expect(code).toBe(1);
      expect(performance.now() - started).toBeLessThan(15_000);
      expect(output).toContain(`127.0.0.1:${port}`);
      expect(output).not.toContain('hush-hush');
      expect(output).not.toContain('"msg":"ready"');
    },
  );

  it('for a Redis that would evict queues names the setting and the command that fixes it', async () => {
    const redis = await startRedisServer(['--maxmemory-policy', 'allkeys-lru']);
    onTestFinished(() => redis.stop());
    const { code, output } = await runToEnd({ config, redisUrl: redis.url });
    expect(code).toBe(1);
    expect(output).toMatch(/maxmemory-policy/);
    expect(output).toMatch(/noeviction/);
  });
});

const localRedis = await answers(6379);
if (localRedis) console.warn('SKIPPED: a Redis answers on 127.0.0.1:6379, so `start` would not bring its own');

describe.skipIf(localRedis)('start without any Redis', () => {
  it('brings a real one of its own, sends the first text, and leaves no child behind', async () => {
    const system = await launch({ config });
    const line = await until(() => /embedded .* at (redis:\/\/127\.0\.0\.1:(\d+))/.exec(system.output()));
    const [id] = await post(system.url, alert('the first text'));
    expect((await settled(system.url, id as string, ['delivered'])).messages).toHaveLength(1);
    const { body } = await call<{ messages: { text: string }[] }>(`${system.url}/v1/simulated/outbox`);
    expect(body.messages.map(({ text }) => text)).toEqual(['CRITICAL: the first text']);

    system.kill('SIGINT');
    expect(await system.exit()).toBe(0);
    await until(async () => !(await answers(Number(line[2]))));
  }, 240_000);

  it('prints a command that can be pasted', async () => {
    const system = await launch({ config });
    const command = await until(() => /^\s*(curl .*)$/m.exec(system.output())?.[1]);
    const { accepted } = JSON.parse(execFileSync('sh', ['-c', command], { encoding: 'utf8' })) as { accepted: { id: string }[] };
    expect((await settled(system.url, accepted[0]?.id as string)).messages).toHaveLength(1);
  }, 240_000);
});

describe('a system that loses its Redis', () => {
  it('answers 503 while it is down, is not ready, and goes on by itself with nothing lost when it is back', async () => {
    const redis = await ownRedis();
    const system = await launch({ config, redisUrl: redis.url });
    const before = await post(
      system.url,
      Array.from({ length: 20 }, (_, index) => alert(`before ${index}`)),
    );
    await redis.kill();

    await until(async () => (await call(`${system.url}/readyz`)).status === 503);
    expect((await call(`${system.url}/healthz`)).status).toBe(200);
    const started = performance.now();
    const refused = await call(`${system.url}/v1/alerts`, { body: { ...alert('while down'), id: 'while-down' } });
    expect(performance.now() - started).toBeLessThan(5_500);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);

    await redis.restart();
    await until(async () => (await call(`${system.url}/readyz`)).status === 200, 20_000);
    const again = await call<{ accepted: { duplicate: boolean }[] }>(`${system.url}/v1/alerts`, {
      body: { ...alert('while down'), id: 'while-down' },
    });
    expect(again.status).toBe(202);
    for (const id of [...before, 'while-down']) expect((await settled(system.url, id, undefined, 40_000)).messages).toHaveLength(1);
    const { body } = await call<{ messages: { text: string }[] }>(`${system.url}/v1/simulated/outbox`);
    expect(new Set(body.messages.map(({ text }) => text)).size).toBe(21);
  }, 360_000);

  it('counts a frozen one as away', async () => {
    const redis = await ownRedis();
    const system = await launch({ config, redisUrl: redis.url });
    redis.process.kill('SIGSTOP');
    onTestFinished(() => void redis.process.kill('SIGCONT'));
    const started = performance.now();
    expect((await call(`${system.url}/v1/alerts`, { body: alert('frozen') })).status).toBe(503);
    expect(performance.now() - started).toBeLessThan(5_500);
    expect((await call(`${system.url}/readyz`)).status).toBe(503);
    await until(() => system.output().includes('does not answer'));
    redis.process.kill('SIGCONT');
    await until(async () => (await call(`${system.url}/readyz`)).status === 200, 30_000);
    const [id] = await post(system.url, alert('thawed'));
    await settled(system.url, id as string, undefined, 40_000);
    await until(() => system.output().includes('Redis connection recovered'));
  }, 360_000);
});

describe('a second signal', () => {
  it('ends a drain immediately with exit code 1', async () => {
    const redis = await ownRedis();
    const slow = config.replace('type: simulated', 'type: simulated, latency: 10s');
    const system = await launch({ config: slow, redisUrl: redis.url });
    const [id] = await post(system.url, alert('slow'));
    await until(async () => (await settled(system.url, id as string, ['sending'])).messages.length === 1);
    system.kill('SIGTERM');
    await until(() => system.output().includes('draining'));
    // An echo of the first within 300 ms is not a second one; a third one would end the process before it can leave by itself.
    const draining = performance.now();
    await until(() => performance.now() - draining > 350);
    system.kill('SIGTERM');
    expect(await system.exit()).toBe(1);
  }, 160_000);

  it('is not needed when the grace is over: what is in flight then is written down as unknown, for the next process to see', async () => {
    const redis = await ownRedis();
    const hasty = { config: `${config}\nshutdown: { grace: 1s }`, redisUrl: redis.url };
    const system = await launch(hasty);
    const [id] = await post(system.url, { ...alert('taken, never answered'), to: '+60123450005' });
    await settled(system.url, id as string, ['sending']);
    system.kill('SIGTERM');
    expect(await system.exit()).toBe(0);
    expect(system.output()).toContain('"msg":"drained"');

    const heir = await launch(hasty);
    const { messages } = await until(async () => {
      const found = await trace(heir.url, id as string);
      return (found.messages[0]?.attempts.length ?? 0) === 2 ? found : undefined;
    });
    expect(messages[0]?.attempts).toMatchObject([{ result: 'unknown', code: 'ABORTED' }, { provider: 'desk' }]);
  }, 160_000);
});
