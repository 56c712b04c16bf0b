import { describe, expect, it, onTestFinished } from 'vitest';
import { type AppDeps, createAll, createDispatcher, createReceiver, createRouter } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createLogger } from '../../src/logger.ts';
import { judgeHealth } from '../../src/overview/judge-health.ts';
import { aclRules, type RedisUser } from '../../src/redis/access/permissions.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { openOverview } from '../../src/roles/console.ts';
import { readDoc, tableRows } from '../docs/markdown.ts';
import { tell } from '../support/redis-groups.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { call } from '../support/system.ts';
import { until } from '../support/until.ts';
import { writeConfig } from '../support/write-config.ts';

const APPS = { start: createAll, receiver: createReceiver, router: createRouter, dispatcher: createDispatcher };
type Kind = keyof typeof APPS;

async function startRedis(args: readonly string[] = []) {
  const server = await startRedisServer(args);
  onTestFinished(() => server.stop());
  const setUser = (...rules: string[]) => tell(server.port, (redis) => redis.acl('SETUSER', 'app', ...rules));
  return { ...server, appUrl: server.url.replace('redis://', 'redis://app:pw@'), setUser };
}

async function open(kind: Kind, redisUrl: string, more = '') {
  const path = await writeConfig(`
providers: { desk: { type: simulated } }
routes: [{ name: default, providers: [desk] }]
http: { port: 0 }
shutdown: { grace: 1s }
${more}`);
  const { config } = loadConfig({ path, env: { METRICS_PORT: '0' } });
  const deps: AppDeps = { config, redisUrl, logger: createLogger('silent') };
  const app = APPS[kind](deps);
  onTestFinished(() => app.stop());
  return { app, config };
}

const readiness = async (port: number) => await call<{ ready: boolean; reasons?: string[] }>(`http://127.0.0.1:${port}/readyz`);

describe('A process whose user of Redis lacks a permission', () => {
  it.each([
    ['start', 'start', ['-bzpopmin'], /may not use the command BZPOPMIN.*ACL SETUSER app \+bzpopmin/s],
    ['router', 'router', ['-@scripting'], /the command EVALSHA/],
    ['dispatcher', 'dispatcher', ['resetchannels'], /the channels \{sms\}:\*.*'&\{sms\}:\*'/s],
    ['dispatcher', 'dispatcher', ['resetkeys', '~{sms}:[^c]*'], /the keys \{sms\}:.*\{sms\}:cap:\*/s],
    ['receiver', 'reader', [], /the command SET.*\+set/s],
    ['receiver', 'receiver', ['-xadd'], /the command XADD/],
  ] as const)('does not start as %s with the permissions of %s and %j, and says which', async (kind, user, rules, expected) => {
    const redis = await startRedis();
    await redis.setUser('on', '>pw', ...aclRules(user as RedisUser, '{sms}'), ...rules);
    const { app } = await open(kind, redis.appUrl);
    await expect(app.start()).rejects.toThrow(expected);
  });

  it('is not ready and is a finding when the permission is taken away while it runs, and is ready when it comes back', async () => {
    const redis = await startRedis();
    await redis.setUser('on', '>pw', ...aclRules('start', '{sms}'));
    const { app, config } = await open('start', redis.appUrl);
    const { httpPort } = await app.start();
    expect((await readiness(httpPort)).status).toBe(200);
    await redis.setUser('-bzpopmin', '-zadd');
    const refused = await until(async () => {
      const { status, body } = await readiness(httpPort);
      return status === 503 ? JSON.stringify(body) : undefined;
    }, 80_000);
    expect(refused).toMatch(/the command ZADD.*\+zadd/);
    const door = connectRedis(redis.url, 'interactive');
    const overview = openOverview(config, door);
    onTestFinished(async () => {
      await overview.close();
      door.disconnect();
    });
    await until(async () => judgeHealth(await overview.read()).findings.some(({ kind }) => kind === 'redis_refuses'), 60_000);
    await redis.setUser('+bzpopmin', '+zadd');
    await until(async () => (await readiness(httpPort)).status === 200, 60_000);
  }, 180_000);
});

describe('The connections of a process', () => {
  const documented = new Map(
    tableRows(readDoc('docs/redis.md'), 'process').map(([kind, count]) => [kind?.replaceAll('`', ''), Number(count)] as const),
  );

  it.each(['start', 'receiver', 'router', 'dispatcher'] as const)('are as many as docs/redis.md says: %s', async (kind) => {
    const redis = await startRedis();
    const { app } = await open(
      kind,
      redis.url,
      'events: { erp: { url: "http://127.0.0.1:1", secret: "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=" } }',
    );
    await app.start();
    // Each of ours has a name, unlike that of the test.
    const ours = () => tell(redis.port, async (client) => String(await client.client('LIST')).match(/ name=\S+/g) ?? []);
    const count = documented.get(kind);
    // That of the look at the permissions is closed soon.
    await until(async () => (await ours()).length === count).catch(async () => expect(await ours()).toHaveLength(count as number));
  });

  it('that Redis does not give keep it from being ready, and the reason is said', async () => {
    const redis = await startRedis(['--maxclients', '8']);
    const { app } = await open('start', redis.url);
    await expect(app.start()).rejects.toThrow(
      /connections to Redis are not up: the server has reached its client limit .maxclients 8.; raise it: .*CONFIG SET maxclients/,
    );
  }, 240_000);
});
