import { readFileSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { createProducer } from '../../src/index.ts';
import { QUEUES } from '../../src/queue/names.ts';
import { REDIS_USERS, type RedisUser } from '../../src/redis/access/permissions.ts';
import { createKeys } from '../../src/redis/keys.ts';
import { tell } from '../support/redis-groups.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { call, ENDS, launch, post, runToEnd, settled, trace } from '../support/system.ts';
import { until } from '../support/until.ts';
import { type Hit, startHttpVendor } from '../support/vendors/http-vendor.ts';
import { signedCallback, startFakeTwilio } from '../support/vendors/twilio.ts';

const ACCOUNT = { accountSid: `AC${'e'.repeat(32)}`, authToken: 'the-token-of-the-users-test' };
const PUBLIC_URL = 'https://sms.example.com';

/** A Redis that knows the users of deploy/redis/users.acl and no other, but for one of the test that sees all. */
async function startRedis() {
  const server = await startRedisServer();
  onTestFinished(() => server.stop());
  await tell(server.port, async (redis) => {
    for (const line of readFileSync('deploy/redis/users.acl', 'utf8').trim().split('\n')) {
      const [, name = '', ...rules] = line.split(' ');
      await redis.acl('SETUSER', name, ...rules);
    }
    await redis.acl('SETUSER', 'test', 'on', '>test', '~*', '&*', '+@all');
    await redis.acl('SETUSER', 'default', 'off');
  });
  const urlOf = (user: string, password = 'CHANGE-ME') => `redis://${user}:${password}@127.0.0.1:${server.port}`;
  return {
    port: server.port,
    of: (user: RedisUser) => urlOf(`sms-${user}`),
    /** What was refused to each user, as the server recorded it. */
    async refusals(): Promise<string[]> {
      const entries = await tell(server.port, (redis) => redis.call('ACL', 'LOG') as Promise<string[][]>, {
        username: 'test',
        password: 'test',
      });
      return entries.map((entry) => {
        const field = (name: string) => entry[entry.indexOf(name) + 1];
        return `${field('username')}: ${field('reason')} ${field('object')}`;
      });
    },
    keys: () => tell(server.port, (redis) => redis.keys('*'), { username: 'test', password: 'test' }),
  };
}

it.each([
  ['in one process', ['start']],
  ['in one process for each role', ['receiver', 'router', 'dispatcher']],
] as const)('%s everything works with exactly the permissions of deploy/redis/users.acl', { timeout: 300_000 }, async (_, kinds) => {
  const redis = await startRedis();
  const hits: Hit[] = [];
  const take = (hit: Hit) => {
    hits.push(hit);
    return { status: 204, body: '' };
  };
  const [twilio, hook] = await Promise.all([startFakeTwilio(ACCOUNT), startHttpVendor(take)]);
  onTestFinished(async () => void (await Promise.all([twilio.close(), hook.close()])));
  const config = `
providers:
  desk: { type: simulated, timeout: 1s, maxPerSecond: 200, maxConcurrent: 20 }
  twilio-main: { type: twilio, accountSid: ${ACCOUNT.accountSid}, authToken: ${ACCOUNT.authToken}, from: "+15005550006", baseUrl: "${twilio.url}" }
channels: { chat: { type: webhook, url: "${hook.url}/chat" } }
escalations: { ladder: [{ after: 0, channels: [chat] }, { after: 200ms, sms: true }] }
routes:
  - { name: hold, match: { labels: { way: hold } }, onUnknown: hold, allowSimulated: true, providers: [desk] }
  - { name: ladder, match: { labels: { way: ladder } }, escalation: ladder, allowSimulated: true, providers: [desk] }
  - { name: late, match: { labels: { way: late } }, expiresAfter: 1s, overflow: defer, allowSimulated: true, providers: [desk] }
  - { name: real, match: { labels: { way: real } }, providers: [twilio-main] }
  - { name: default, allowSimulated: true, providers: [desk] }
caps: { perRecipient: [{ max: 2, per: 2s }], perSource: [{ max: 50, per: 1m }] }
money: { currency: USD, prices: { desk: { other: 0.01 }, twilio-main: { other: 0.01 } }, budgets: { hour: { hard: 100 } } }
events: { erp: { url: "${hook.url}/erp", secret: "whsec_${Buffer.alloc(32, 7).toString('base64')}" } }
http: { console: true, publicUrl: "${PUBLIC_URL}", tokens: [] }
`;
  const systems = await Promise.all(kinds.map((kind) => launch({ kind, config, redisUrl: redis.of(kind) })));
  const url = systems[0]?.url as string;
  const type = async (user: RedisUser, ...args: string[]) => {
    const typed = await runToEnd({ config, redisUrl: redis.of(user), args });
    expect([args.join(' '), [0, 1].includes(typed.code ?? -1), /NOPERM|permission/.test(typed.output)]).toEqual([
      args.join(' '),
      true,
      false,
    ]);
    return typed.output;
  };
  const raise = async (alert: object) => (await post(url, [{ severity: 'critical', ...alert }]))[0] as string;
  const ended = async (id: string, deadlineMs = 30_000) => (await settled(url, id, ENDS, deadlineMs)).messages.map(({ state }) => state);

  const delivered = await raise({ to: '+60123450001', text: 'a receipt says it was delivered' });
  const refused = await raise({ to: '+60123450006', text: 'the number is refused' });
  const late = await raise({ to: '+60123450004', text: 'throttled until it is too late', labels: { way: 'late' } });
  const unknown = await raise({ to: '+60123450005', text: 'no answer', labels: { way: 'hold' } });
  const laddered = await raise({ to: '+60123450008', text: 'chat, then a text', labels: { way: 'ladder' } });
  const real = await raise({ to: '+60123450009', text: 'through Twilio', labels: { way: 'real' } });
  const storm = await post(
    url,
    Array.from({ length: 6 }, (__, nth) => ({ severity: 'critical', to: '+60123457777', source: 'storm', text: `storm ${nth}` })),
  );
  await until(async () => (await trace(url, delivered)).messages[0]?.state === 'delivered', 30_000);
  expect([await ended(refused), await ended(late), await ended(unknown), await ended(laddered), await ended(real)]).toEqual([
    ['failed'],
    ['expired'],
    ['unknown'],
    [expect.stringMatching(/accepted|delivered/)],
    ['accepted'],
  ]);
  for (const id of storm) await ended(id);
  await until(() => hits.some(({ body }) => body.includes('message.accepted')));
  expect(hits.some(({ path }) => path === '/chat')).toBe(true);

  const fields = {
    AccountSid: ACCOUNT.accountSid,
    MessageSid: `SM${'1'.repeat(32)}`,
    From: '+60123450009',
    To: '+15005550006',
    Body: 'STOP',
    NumMedia: '0',
  };
  const { headers, body } = signedCallback(`${PUBLIC_URL}/v1/inbound/twilio-main`, ACCOUNT.authToken, fields);
  expect((await fetch(`${url}/v1/inbound/twilio-main`, { method: 'POST', headers, body })).status).toBe(200);
  await until(async () => (await redis.keys()).includes(createKeys('{sms}').optOuts()), 30_000);

  // Looks, by HTTP and by a user who may only read.
  const looks = ['alerts', 'messages', `alerts/${storm[0]}`, 'simulated/outbox'].map((path) => `/v1/${path}`);
  for (const path of [...looks, '/metrics', '/readyz', '/console/api/overview', '/console/api/recent', '/console/api/dead'])
    expect([path, (await call(url + path)).status < 400]).toEqual([path, true]);
  // Commands connect as the same users in both cases, so one case types them.
  if (kinds.length === 1) await typeCommands();

  async function typeCommands(): Promise<void> {
    const reads = [['status'], ['explain', refused], ['explain'], ['dead', 'list'], ['unknown', 'list'], ['inbound', 'list'], ['budget']];
    const read = await Promise.all(reads.map((args) => type('reader', ...args)));
    expect(read[0]).toMatch(/1 router/);
    await type('reader', 'doctor');
    expect(await type('reader', 'optouts', 'list', '--json')).toContain('+60');

    // Acts.
    await type('receiver', 'optouts', 'add', '+60123459999');
    await type('receiver', 'optouts', 'remove', '+60123459999');
    await type('receiver', 'unknown', 'resolve', (await trace(url, unknown)).messages[0]?.id as string, '--not-sent');
    await type('receiver', 'dead', 'replay', '--all');
    await type('receiver', 'dead', 'discard', '--all', '--yes');
    await type('receiver', 'send', '--to', '+60123450001', '--severity', 'critical', 'typed');
    await type('receiver', 'ack', laddered);
  }

  const producer = createProducer({ redis: redis.of('producer') });
  onTestFinished(() => producer.close());
  const alert = { severity: 'critical', to: '+60123451111', text: 'by the library', dedupKey: 'library' } as const;
  const { id } = await producer.enqueue(alert);
  expect(await producer.waitFor(id, { timeoutMs: 20_000 })).toMatchObject({ outcome: 'routed' });
  await producer.enqueueMany([
    { ...alert, to: ['+60123451112', '+60123451113'] },
    { ...alert, to: '+60123450004', severity: 'info' },
  ]);
  await producer.resolve('library');

  expect(await redis.refusals()).toEqual([]);
  const keys = await redis.keys();
  expect(keys.filter((key) => !key.startsWith('{sms}:'))).toEqual([]);
  expect(keys.length).toBeGreaterThan(QUEUES.length);
});

it.each(REDIS_USERS)('sms-%s may do nothing to keys and channels beside the prefix, and nothing to the server', async (user) => {
  const redis = await startRedis();
  const refusal = (command: string, ...args: string[]) =>
    tell(redis.port, (client) => client.call(command, ...args), { username: `sms-${user}`, password: 'CHANGE-ME' }).then(
      () => 'allowed',
      (error: Error) => error.message.split(' ')[0],
    );
  for (const [command, ...args] of [
    ['GET', 'other'],
    ['EVAL', 'return 1', '1', 'b_{sms}:cap:hour_settings'],
    ['CONFIG', 'GET', '*'],
    ['FLUSHALL'],
    ['KEYS', '*'],
    ['ACL', 'LIST'],
    ['PUBLISH', 'other', 'x'],
  ] as const)
    expect([command, await refusal(command, ...args)]).toEqual([command, 'NOPERM']);
  if (user === 'reader') expect(await refusal('SET', '{sms}:x', '1')).toBe('NOPERM');
});
