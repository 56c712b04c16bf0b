import { describe, expect, it, onTestFinished } from 'vitest';
import { startRedisServer } from '../support/redis-server.ts';
import { call, launch, post, settled } from '../support/system.ts';
import { until } from '../support/until.ts';

const config = `
providers: { simulated: { type: simulated } }
routes: [{ providers: [simulated] }]
shutdown: { grace: 6s }
`;

describe('a process that is stopped', { timeout: 480_000 }, () => {
  const open = async () => {
    const server = await startRedisServer();
    onTestFinished(() => server.stop());
    const system = await launch({ config, redisUrl: server.url });
    const [id] = await post(system.url, { severity: 'critical', to: '+60123456789', text: 'before' });
    await settled(system.url, id as string, ['delivered']);
    return { server, system };
  };

  it('while Redis is away has nothing to wait for', async () => {
    const { server, system } = await open();
    await server.kill();
    await until(() => system.output().includes('cannot be reached'));
    system.kill();
    expect(await system.exit()).toBe(0);
    expect(system.output()).toContain('"msg":"drained"');
  });

  // Its connections come back one by one: when the first is there, others may still wait for their next try.
  it.each([0, 400, 800])('just when Redis is back after %i ms ends as well', async (awayMs) => {
    const { server, system } = await open();
    await server.kill();
    const gone = performance.now();
    await until(() => performance.now() - gone >= awayMs && system.output().includes('cannot be reached'));
    await server.restart();
    await until(async () => (await call(`${system.url}/v1/alerts/nobody`)).status === 404, 20_000, 5);
    system.kill();
    expect(await system.exit()).toBe(0);
  });
});
