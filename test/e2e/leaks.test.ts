import { once } from 'node:events';
import { connect } from 'node:net';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { alertmanagerCall, firing, w1 } from '../http/payloads.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { launch, runToEnd } from '../support/system.ts';
import { until } from '../support/until.ts';
import { type GatewayHit, gatewayAnswer, startFakeGateway } from '../support/vendors/gateway.ts';
import type { Reply } from '../support/vendors/http-vendor.ts';
import { startFakeTwilio, type TwilioHit, twilioAccepted, twilioError } from '../support/vendors/twilio.ts';
import { ACCOUNT, digitsOf, leakingLines, leaksIn, phoneOf, SECRETS, type Trouble, troubleOf } from './spill.ts';

it.each([
  ['a secret', `Authorization: Bearer ${SECRETS.door}`, 'secret door'],
  ['a number', `to ${phoneOf('none')}.`, 'number of "none"'],
  ['a number without its plus', `"${digitsOf('none')}"`, 'number of "none"'],
  ['a number in a URL', `?to=${encodeURIComponent(phoneOf('none'))}`, 'number of "none"'],
  ['a number as people write it', '017-700 1000', 'number of "none"'],
])('the search finds %s', (_what, text, leak) => {
  expect(leaksIn(text)).toEqual([leak]);
});

const configFor = (twilio: string, gateway: string) => `
providers:
  twilio-main:
    type: twilio
    accountSid: ${ACCOUNT.accountSid}
    authToken: "\${TWILIO}"
    from: "+15005550006"
    baseUrl: ${twilio}
    timeout: 1s
    receiptToken: ${SECRETS.receipts}
  gateway:
    type: http
    url: ${gateway}/send?key=\${GATEWAY_QUERY}
    headers: { Authorization: "Bearer \${GATEWAY_HEADER}" }
    messageId: /data/id
    errors: { pointer: /code, map: {} }
    timeout: 1s
  away: { type: http, url: "http://127.0.0.1:1/send?key=${SECRETS.gatewayQuery}", timeout: 1s }
routes:
  - { name: gateway, match: { labels: { by: gateway } }, providers: [gateway] }
  - { name: away, match: { labels: { by: away } }, expiresAfter: 2s, providers: [away] }
  - { name: default, onUnknown: hold, providers: [twilio-main] }
caps: { perRecipient: [], perHour: off }
defaultCountry: MY
http: { tokens: ["\${DOOR}"] }
`;

const ENV = { TWILIO: SECRETS.twilio, GATEWAY_HEADER: SECRETS.gatewayHeader, GATEWAY_QUERY: SECRETS.gatewayQuery, DOOR: SECRETS.door };

/** The texts that meet a trouble at their vendor, and where each comes to rest. */
const TEXTS: readonly (readonly [Trouble, { readonly state: string; readonly reason: string | null }, by?: string])[] = [
  ['none', { state: 'accepted', reason: null }],
  ['vendor says why not', { state: 'failed', reason: 'recipient' }],
  ['vendor has it as its code', { state: 'failed', reason: 'content' }],
  ['vendor quotes the token', { state: 'deferred', reason: 'auth' }],
  ['vendor fails with a page', { state: 'unknown', reason: 'unknown_outcome' }],
  ['vendor redirects', { state: 'unknown', reason: 'unknown_outcome' }],
  ['vendor has it as its message id', { state: 'accepted', reason: null }],
  ['vendor hangs', { state: 'unknown', reason: 'unknown_outcome' }],
  ['vendor resets', { state: 'unknown', reason: 'unknown_outcome' }],
  ['vendor throttles', { state: 'deferred', reason: 'throttled' }],
  ['gateway says why not', { state: 'failed', reason: 'content' }, 'gateway'],
  ['gateway has it as its message id', { state: 'accepted', reason: null }, 'gateway'],
  ['gateway is away', { state: 'expired', reason: 'expired' }, 'away'],
];

function twilioSays({ form }: TwilioHit): Reply | undefined {
  const to = form.To as string;
  const says = `'To' number ${to} (${to.slice(1)}) for ${SECRETS.twilio}`;
  switch (troubleOf(to)) {
    case 'vendor says why not':
      return twilioError(400, 21211, says);
    case 'vendor has it as its code':
      return twilioError(400, Number(to), says);
    case 'vendor quotes the token':
      return twilioError(401, 20003, `Authenticate: ${says}`, { 'x-echo': says });
    case 'vendor fails with a page':
      return { status: 500, headers: { 'content-type': 'text/html' }, body: `<h1>${says}</h1>` };
    case 'vendor redirects':
      return { status: 302, headers: { location: `/elsewhere/${to}?token=${SECRETS.twilio}` }, body: says };
    case 'vendor has it as its message id': {
      const accepted = twilioAccepted(ACCOUNT.accountSid, form) as Exclude<Reply, string>;
      return { ...accepted, body: JSON.stringify({ ...JSON.parse(accepted.body), sid: to.slice(1) }) };
    }
    case 'vendor hangs':
      return 'hang';
    case 'vendor resets':
      return 'reset';
    case 'vendor throttles':
      return twilioError(429, 20429, says, { 'retry-after': to.slice(1) });
    default:
      return undefined;
  }
}

function gatewaySays({ fields }: GatewayHit): Reply {
  const to = String(fields.to);
  if (troubleOf(to) === 'gateway has it as its message id') return gatewayAnswer(200, { code: '0', data: { id: `${to}-1` } });
  return gatewayAnswer(400, { code: to, message: `${to}: refused for ${SECRETS.gatewayHeader}, ${SECRETS.gatewayQuery}` });
}

/** Jobs that no client of ours writes: their fields, by queue. */
function jobsByHand(): readonly { queue: string; id: string; data: string; opts?: string }[] {
  const alert = (trouble: Trouble, fields: object) => JSON.stringify({ severity: 'critical', to: phoneOf(trouble), text: 'x', ...fields });
  const alerts: [Trouble, string, string?][] = [
    ['job is not JSON', `x${digitsOf('job is not JSON')}`],
    ['job is not JSON', `{"to":"${phoneOf('job is not JSON')}"`],
    ['job is not JSON', `["${digitsOf('job is not JSON')}" "${phoneOf('job is not JSON')}"]`],
    ['job is not an alert', `"${digitsOf('job is not an alert')}"`],
    ['job is not an alert', alert('job is not an alert', { to: `${phoneOf('job is not an alert')}0000000` })],
    ['job has it as severity', alert('job has it as severity', { severity: digitsOf('job has it as severity') })],
    ['job has it as contact', alert('job has it as contact', { to: `contact:${digitsOf('job has it as contact')}` })],
    ['job has it as key', alert('job has it as key', { [digitsOf('job has it as key')]: 1 })],
    ['job has it as alert id', alert('job has it as alert id', { id: digitsOf('job has it as alert id') })],
    ['job has it as alert id', alert('job has it as alert id', { id: digitsOf('job has it as alert id'), severity: 'wrong' })],
    ['job has it in its options', alert('job has it in its options', {}), `["${digitsOf('job has it in its options')}"x`],
  ];
  const about = (trouble: Trouble) => JSON.stringify({ to: phoneOf(trouble), provider: digitsOf(trouble), [digitsOf(trouble)]: 1 });
  return [
    ...alerts.map(([, data, opts], index) => ({
      queue: 'sms-alerts',
      id: `by-hand-${index}`,
      data,
      ...(opts === undefined ? {} : { opts }),
    })),
    { queue: 'sms-messages', id: 'by-hand', data: about('message job') },
    { queue: 'sms-messages', id: 'by-hand-too', data: `x${digitsOf('message job')}` },
    { queue: 'sms-receipts', id: 'by-hand', data: about('receipt job') },
    { queue: 'sms-receipts', id: 'by-hand-too', data: `x${digitsOf('receipt job')}` },
  ];
}

async function addByHand(redis: Redis): Promise<number> {
  const jobs = jobsByHand();
  for (const { queue, id, data, opts = '{}' } of jobs) {
    const key = (part: string) => `{sms}:${queue}:${part}`;
    await redis
      .multi()
      .hset(key(id), { name: 'alert', data, opts, timestamp: String(Date.now()), delay: '0', priority: '0' })
      .lpush(key('wait'), id)
      .zadd(key('marker'), 0, '0')
      .exec();
  }
  return jobs.length;
}

interface Request {
  readonly path: string;
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a door has to say no to. */
function badRequests(): Request[] {
  const [path, query, body, webhook] = (['path', 'query', 'body', 'webhook'] as const).map(digitsOf) as [string, string, string, string];
  const alert = (fields: object) => ({
    path: '/v1/alerts',
    body: JSON.stringify({ severity: 'critical', to: `+${body}`, text: 'x', ...fields }),
  });
  const hook = (to: string, payload: unknown = alertmanagerCall([firing(w1)])) => ({
    path: `/v1/webhooks/alertmanager?to=${encodeURIComponent(to)}`,
    body: JSON.stringify(payload),
  });
  return [
    { path: `/v1/alerts/+${path}` },
    { path: `/v1/alerts/${path}` },
    { path: `/v1/messages/%2B${path}` },
    { path: `/v1/nothing/${path}` },
    { path: `/v1/alerts/${path}`, method: 'DELETE' },
    { path: `/v1/alerts/%zz${path}` },
    { path: `/v1/simulated/outbox?limit=${query}` },
    { path: `/v1/nothing?to=+${query}&token=${SECRETS.receipts}` },
    { path: `/v1/receipts/twilio-main?token=${SECRETS.receipts}x&to=${query}`, body: `{"To":"+${query}"}` },
    { path: `/v1/alerts?access_token=${SECRETS.door}`, headers: { authorization: `Bearer ${SECRETS.wrongRedis}` } },
    { path: '/v1/alerts', body: `{"to":"+${body}" "x"}` },
    { path: '/v1/alerts', body: `x${body}` },
    { path: '/v1/alerts', body: `+${body}`, headers: { 'content-type': `text/${body}` } },
    { path: '/v1/alerts', body: JSON.stringify([`+${body}`, Number(body), [body]]) },
    { path: '/v1/alerts', body: JSON.stringify({ severity: 'critical', to: `+${body}`, text: body.repeat(100_000) }) },
    alert({ to: `+${body}00000000` }),
    alert({ to: [{ phone: `+${body}` }] }),
    alert({ to: `contact:+${body}` }),
    alert({ to: `group:${body}` }),
    alert({ severity: body }),
    alert({ status: body }),
    alert({ purpose: `+${body}` }),
    alert({ id: `+${body}` }),
    alert({ [body]: 'x' }),
    alert({ [`+${body}`]: 'x' }),
    alert({ labels: { [body]: 1 } }),
    alert({ text: undefined, template: { name: body } }),
    alert({ raisedAt: body }),
    { path: '/v1/alerts/resolve', body: JSON.stringify({ dedupKey: { to: body }, [body]: 1 }) },
    hook(`+${webhook}00000000`),
    hook(`contact:${webhook}`),
    hook(`contact:+60 17-${webhook.slice(4, 7)} ${webhook.slice(7)}`),
    hook(`+${digitsOf('none')}`, { receiver: webhook, alerts: [{ status: webhook }, { status: 'firing', labels: {}, startsAt: webhook }] }),
    hook(`+${digitsOf('none')}`, { receiver: webhook, alerts: `+${webhook}` }),
  ];
}

describe.each(['info', 'trace'])('at LOG_LEVEL=%s', (level) => {
  it('no full number and no secret is in any output, metric, error or Redis key', { timeout: 180_000 }, async () => {
    const found: string[] = [];
    const look = (where: string, text: string) => void found.push(...leakingLines(where, text));

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

    const config = configFor(twilio.url, gateway.url);
    const options = { config, redisUrl, env: { ...ENV, LOG_LEVEL: level } };
    const processes = await Promise.all((['receiver', 'router', 'dispatcher'] as const).map((kind) => launch({ ...options, kind })));
    const [receiver, router, dispatcher] = processes as [(typeof processes)[0], (typeof processes)[0], (typeof processes)[0]];

    /** Calls the door, and looks through its whole answer. */
    const ask = async ({ path, method, body, headers }: Request) => {
      const response = await fetch(receiver.url + path, {
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: { authorization: `Bearer ${SECRETS.door}`, 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body }),
      });
      const text = await response.text();
      look(`answer to ${method ?? ''} ${path.slice(0, 24)} ${body?.slice(0, 100)}`, JSON.stringify([...response.headers]) + text);
      return { status: response.status, text };
    };
    const raise = async (trouble: Trouble, by = 'none') => {
      const alert = { severity: 'critical', to: phoneOf(trouble), text: trouble, labels: { by } };
      const { status, text } = await ask({ path: '/v1/alerts', body: JSON.stringify(alert) });
      if (status !== 202) throw new Error(text);
      return (JSON.parse(text) as { accepted: [{ id: string }] }).accepted[0].id;
    };
    const messageOf = async (id: string) => {
      const { text } = await ask({ path: `/v1/alerts/${id}` });
      return (JSON.parse(text) as { messages: { state: string; reason: string | null }[] }).messages[0];
    };
    const comesTo = (id: string, end: { state: string; reason: string | null }) =>
      until(async () => expect(await messageOf(id)).toMatchObject(end) ?? true, 20_000, 100);

    // Vendors that tell what they should not.
    const raised = await Promise.all(TEXTS.map(async ([trouble, end, by]) => ({ id: await raise(trouble, by), end })));
    for (const { id, end } of raised) await comesTo(id, end);

    // Jobs that nobody can read.
    const byHand = await addByHand(redis);
    const failedJobs = async () => {
      const queues = ['sms-alerts', 'sms-messages', 'sms-receipts'].map((queue) => `{sms}:${queue}`);
      const jobs = await Promise.all(
        queues.map(async (queue) => (await redis.zrange(`${queue}:failed`, 0, -1)).map((id) => `${queue}:${id}`)),
      );
      return jobs.flat();
    };
    // One of them is in order but for its id; two texts had failed before.
    await until(
      async () => (await failedJobs()).length === byHand - 1 + TEXTS.filter(([, { state }]) => state === 'failed').length,
      20_000,
    );

    // Callers that say what they should not.
    for (const request of badRequests())
      expect({ request, status: (await ask(request)).status }).toMatchObject({ status: expect.toSatisfy((status) => status >= 400) });
    look('answer to garbage', await sendRaw(receiver.httpPort, `${phoneOf('raw HTTP')} ${SECRETS.door}\r\n\r\n`));
    look('answer to a long head', await sendRaw(receiver.httpPort, `GET / HTTP/1.1\r\nX: ${digitsOf('raw HTTP').repeat(3000)}\r\n\r\n`));

    // A Redis that takes no writes, and one that is gone, each while a text is with its vendor.
    const { hold, release } = holdAt(twilio);
    const refused = await hold(() => raise('Redis refuses'));
    await redis.config('SET', 'maxmemory', '1');
    release();
    await until(() => dispatcher.output().includes('Redis refuses a write'), 20_000);
    expect(
      (await ask({ path: '/v1/alerts', body: JSON.stringify({ severity: 'critical', to: phoneOf('Redis refuses'), text: 'y' }) })).status,
    ).toBe(503);
    await redis.config('SET', 'maxmemory', '0');
    await comesTo(refused, { state: 'accepted', reason: null });

    const away = await hold(() => raise('Redis is away'));
    await server.kill();
    release();
    expect(
      (await ask({ path: '/v1/alerts', body: JSON.stringify({ severity: 'critical', to: phoneOf('Redis is away'), text: 'y' }) })).status,
    ).toBe(503);
    await until(() => [router, dispatcher].every((process) => process.output().includes('ECONNREFUSED')), 20_000);
    await server.restart();
    await comesTo(away, { state: 'accepted', reason: null });

    // People at the terminal.
    const wrong = redisUrl.replace(SECRETS.redis, SECRETS.wrongRedis);
    const nowhere = redisUrl.replace(String(server.port), '1');
    const send = ['send', '--to', phoneOf('command line'), 'by command line'];
    const commands = await Promise.all([
      runToEnd({ ...options, redisUrl: wrong, kind: 'dispatcher' }),
      runToEnd({ ...options, redisUrl: wrong, args: send }),
      runToEnd({ ...options, redisUrl: nowhere, args: [...send, '--json'] }),
      runToEnd({ ...options, args: ['send', '--to', `${phoneOf('command line')}00000000`, 'x'] }),
      runToEnd({ ...options, args: ['send', '--to', `contact:${phoneOf('command line')}`, '--json', 'x'] }),
      runToEnd({ ...options, args: ['start'], config: config.replace('defaultCountry: MY', faultyLines()) }),
    ]);
    for (const { code, output } of commands) {
      expect(code).toBe(1);
      look('command', output);
    }
    const sent = await runToEnd({ ...options, args: [...send, '--wait', '--json'] });
    expect(sent.code).toBe(0);
    look('command', sent.output);

    for (const { url } of processes) look(`metrics of ${url}`, await (await fetch(`${url}/metrics`)).text());
    look('Redis keys', (await redis.keys('*')).join('\n'));
    for (const job of await failedJobs())
      look(`failure of ${job}`, Object.values(await redis.hmget(job, 'failedReason', 'stacktrace')).join('\n'));
    for (const process of processes) {
      process.kill();
      expect(await process.exit()).toBe(0);
    }
    for (const [index, { output }] of processes.entries()) look(`output of ${['receiver', 'router', 'dispatcher'][index]}`, output());
    expect(found.join('\n')).toBe('');
  });
});

/** Makes the vendor keep the next text until it is released. */
function holdAt(twilio: Awaited<ReturnType<typeof startFakeTwilio>>) {
  let release: () => void = () => undefined;
  return {
    /** Runs `send`, and resolves once the text is with the vendor. */
    async hold<T>(send: () => Promise<T>): Promise<T> {
      const seen = twilio.requests.length;
      const gate = new Promise<undefined>((resolve) => {
        release = () => resolve(undefined);
      });
      twilio.respondWith(() => gate);
      const result = await send();
      await until(() => twilio.requests.length > seen);
      return result;
    },
    release: () => release(),
  };
}

/** Lines of a config with everything in the wrong place. */
function faultyLines(): string {
  return `
contacts: { alice: { phone: "${phoneOf('config')}00000000", ${SECRETS.door}: 1 }, bob: "${phoneOf('config')}" }
groups: { oncall: ["${phoneOf('config')}"] }
webhooks: { to: ["contact:${digitsOf('config')}"] }
metrics: { port: ${digitsOf('config')} }
defaultCountry: "${digitsOf('config')}"
`;
}

async function sendRaw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('utf8').on('error', () => undefined);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  socket.write(text);
  await once(socket, 'close');
  return answer;
}
