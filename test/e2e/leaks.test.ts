import { once } from 'node:events';
import { connect } from 'node:net';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { launch, runToEnd, type SystemProcess } from '../support/system.ts';
import { until } from '../support/until.ts';
import { startFakeGateway } from '../support/vendors/gateway.ts';
import { type FakeTwilio, startFakeTwilio } from '../support/vendors/twilio.ts';
import { badRequests, configFor, ENV, FAULTY_LINES, gatewaySays, jobsByHand, type Request, TEXTS, twilioSays } from './misuse.ts';
import { ACCOUNT, digitsOf, leakingLines, leaksIn, phoneOf, SECRETS, type Trouble } from './spill.ts';

it.each([
  ['a secret', `Authorization: Bearer ${SECRETS.door}`, 'secret door'],
  ['a number', `to ${phoneOf('none')}.`, 'number of "none"'],
  ['a number without its plus', `"${digitsOf('none')}"`, 'number of "none"'],
  ['a number in a URL', `?to=${encodeURIComponent(phoneOf('none'))}`, 'number of "none"'],
  ['a number as people write it', '017-700 1000', 'number of "none"'],
])('the search finds %s', (_what, text, leak) => {
  expect(leaksIn(text)).toEqual([leak]);
});

interface Scene {
  readonly server: RedisServer;
  readonly redisUrl: string;
  readonly redis: Redis;
  readonly twilio: FakeTwilio;
  readonly config: string;
  /** Looks for leaks, and keeps what it finds. */
  look(where: string, text: string): void;
  readonly found: string[];
}

/** A Redis with a password, and vendors that talk too much. */
async function openScene(): Promise<Scene> {
  const server = await startRedisServer(['--requirepass', SECRETS.redis]);
  onTestFinished(() => server.stop());
  const redisUrl = `redis://:${SECRETS.redis}@127.0.0.1:${server.port}`;
  const redis = new Redis(redisUrl);
  redis.on('error', () => undefined);
  onTestFinished(() => redis.disconnect());
  const twilio = await startFakeTwilio(ACCOUNT);
  onTestFinished(() => twilio.close());
  twilio.respondWith(twilioSays);
  const gateway = await startFakeGateway();
  onTestFinished(() => gateway.close());
  gateway.respondWith(gatewaySays);
  const config = configFor({ twilio: twilio.url, gateway: gateway.url });
  const found: string[] = [];
  return { server, redisUrl, redis, twilio, config, found, look: (where, text) => void found.push(...leakingLines(where, text)) };
}

/** Asks a receiver, and looks through all of each answer. */
function openDoor({ url }: SystemProcess, { look }: Scene) {
  const ask = async ({ path, method, body, headers }: Request) => {
    const response = await fetch(url + path, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: { authorization: `Bearer ${SECRETS.door}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    // A vendor's id is shown as the vendor wrote it: by it a person finds the text at the vendor.
    const ours = text.replace(/"providerMessageId":"[^"]*"/g, '');
    look(`answer to ${path.slice(0, 30)} ${body?.slice(0, 100) ?? ''}`, JSON.stringify([...response.headers]) + ours);
    return { status: response.status, text };
  };
  const raise = async (trouble: Trouble, by = 'none') => {
    const alert = { severity: 'critical', to: phoneOf(trouble), text: trouble, labels: { by } };
    const { status, text } = await ask({ path: '/v1/alerts', body: JSON.stringify(alert) });
    if (status !== 202) throw new Error(text);
    return (JSON.parse(text) as { accepted: [{ id: string }] }).accepted[0].id;
  };
  const comesTo = (id: string, end: { readonly state: string; readonly reason: string | null }) =>
    until(
      async () => {
        const { text } = await ask({ path: `/v1/alerts/${id}` });
        const [message] = (JSON.parse(text) as { messages: { state: string; reason: string | null }[] }).messages;
        expect(message).toMatchObject(end);
        return true;
      },
      30_000,
      100,
    );
  return { ask, raise, comesTo };
}

describe.each([
  { level: 'info', kinds: ['start'] },
  { level: 'trace', kinds: ['receiver', 'router', 'dispatcher'] },
] as const)('at LOG_LEVEL=$level, run as $kinds', ({ level, kinds }) => {
  it('no full number and no secret is in any output, metric, error or Redis key', { timeout: 480_000 }, async () => {
    const scene = await openScene();
    const { server, redisUrl, redis, twilio, config, look, found } = scene;
    const env = { ...ENV, LOG_LEVEL: level };
    const processes = await Promise.all(kinds.map((kind) => launch({ kind, config, redisUrl, env })));
    const output = () => processes.map((process) => process.output()).join('\n');
    const receiver = processes[0] as SystemProcess;
    const { ask, raise, comesTo } = openDoor(receiver, scene);

    // Vendors that say what they should not.
    const raised = await Promise.all(TEXTS.map(async ({ trouble, end, by }) => ({ id: await raise(trouble, by), end })));
    for (const { id, end } of raised) await comesTo(id, end);

    // Jobs that nobody can read.
    const jobs = jobsByHand();
    for (const { queue, id, data, opts } of jobs) {
      const key = (part: string) => `{sms}:${queue}:${part}`;
      const fields = { name: 'alert', data, opts, timestamp: String(Date.now()), delay: '0', priority: '0' };
      await redis.multi().hset(key(id), fields).lpush(key('wait'), id).zadd(key('marker'), 0, '0').exec();
    }
    const bad =
      jobs.filter(({ good }) => good !== true).length + TEXTS.filter(({ end }) => end.state === 'failed' || end.state === 'expired').length;
    await until(async () => (await failedJobs(redis)).length === bad, 30_000);

    // Callers that say what they should not.
    for (const request of badRequests()) {
      const { status } = await ask(request);
      expect({ request, refused: status >= 400 }).toEqual({ request, refused: true });
    }
    look('answer to garbage', await sendRaw(receiver.httpPort, `${phoneOf('raw HTTP')} ${SECRETS.door}\r\n\r\n`));
    look('answer to a long head', await sendRaw(receiver.httpPort, `GET / HTTP/1.1\r\nX: ${digitsOf('raw HTTP').repeat(3000)}\r\n\r\n`));

    // A Redis that takes no writes, and one that is gone, each while a text is with its vendor.
    const another = (trouble: Trouble) => JSON.stringify({ severity: 'critical', to: phoneOf(trouble), text: 'another' });
    const refused = await holdAtVendor(twilio, () => raise('Redis refuses'));
    await redis.config('SET', 'maxmemory', '1');
    refused.release();
    await until(() => output().includes('is full and rejects writes'), 30_000);
    expect((await ask({ path: '/v1/alerts', body: another('Redis refuses') })).status).toBe(503);
    await redis.config('SET', 'maxmemory', '0');
    await comesTo(refused.id, { state: 'accepted', reason: null });

    await until(() => output().includes('Redis connection recovered'), 30_000);
    const away = await holdAtVendor(twilio, () => raise('Redis is away'));
    await server.kill();
    away.release();
    expect((await ask({ path: '/v1/alerts', body: another('Redis is away') })).status).toBe(503);
    await until(() => output().includes('cannot be reached'), 30_000);
    await server.restart();
    await comesTo(away.id, { state: 'accepted', reason: null });

    for (const { url } of processes) look(`metrics of ${url}`, await (await fetch(`${url}/metrics`)).text());
    look('Redis keys', (await redis.keys('*')).join('\n'));
    for (const job of await failedJobs(redis)) look(job, Object.values(await redis.hmget(job, 'failedReason', 'stacktrace')).join('\n'));
    for (const process of processes) {
      process.kill();
      expect(await process.exit()).toBe(0);
    }
    look('output', output());
    expect(found.join('\n')).toBe('');
  });
});

it('nor is one in what commands say, right or wrong', { timeout: 480_000 }, async () => {
  const scene = await openScene();
  const { redisUrl, server, config, look, found } = scene;
  const options = { config, redisUrl, env: ENV };
  const wrong = redisUrl.replace(SECRETS.redis, SECRETS.wrongRedis);
  const nowhere = redisUrl.replace(String(server.port), '1');
  const send = (to: string, ...rest: string[]) => ['send', '--to', to, ...rest, 'by command line'];
  const phone = phoneOf('command line');
  const runs = await Promise.all([
    runToEnd({ ...options, redisUrl: wrong, kind: 'dispatcher' }),
    runToEnd({ ...options, redisUrl: wrong, args: send(phone) }),
    runToEnd({ ...options, redisUrl: nowhere, args: send(phone, '--json') }),
    runToEnd({ ...options, args: send(`${phone}00000000`) }),
    runToEnd({ ...options, args: send(`contact:${phone}`, '--json') }),
    runToEnd({ ...options, args: ['start'], config: config + FAULTY_LINES }),
    // Nobody takes it within a second.
    runToEnd({ ...options, args: send(phone, '--wait=1', '--json') }),
  ]);
  for (const { code, output } of runs) {
    expect({ code, output }).toEqual({ code: 1, output: expect.stringMatching(/\S/) });
    look('command', output);
  }
  expect(found.join('\n')).toBe('');
});

/** Keys of the jobs in the failed sets. */
async function failedJobs(redis: Redis): Promise<string[]> {
  const queues = ['sms-alerts', 'sms-messages', 'sms-receipts'].map((queue) => `{sms}:${queue}`);
  const jobs = await Promise.all(
    queues.map(async (queue) => (await redis.zrange(`${queue}:failed`, '0', '-1')).map((id) => `${queue}:${id}`)),
  );
  return jobs.flat();
}

/** Raises an alert, and resolves once its text is with the vendor, who keeps quiet until the release and then accepts. */
async function holdAtVendor(twilio: FakeTwilio, raise: () => Promise<string>): Promise<{ readonly id: string; release(): void }> {
  const seen = twilio.requests.length;
  let release: () => void = () => undefined;
  const gate = new Promise<undefined>((resolve) => {
    release = () => resolve(undefined);
  });
  twilio.respondWith(() => gate);
  const id = await raise();
  await until(() => twilio.requests.length > seen, 20_000, 5);
  return { id, release };
}

/** Everything that comes back until the connection is closed. */
async function sendRaw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('error', () => undefined);
  socket.on('data', (chunk) => {
    answer += String(chunk);
  });
  socket.write(text);
  await once(socket, 'close');
  return answer;
}
