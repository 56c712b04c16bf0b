import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProducer } from '../../src/index.ts';
import type { AlertHistory } from '../../src/ledger/history/history.ts';
import type { OutboxEntry } from '../../src/provider/simulated/outbox.ts';
import { alertmanagerCall, firing, grafanaCall, resolved, w1, w2 } from '../http/payloads.ts';
import { testRedis } from '../support/redis.ts';
import { call, ENDS, launch, post, runToEnd, type SystemProcess, settled } from '../support/system.ts';
import { until } from '../support/until.ts';
import { rest } from './rest.ts';

const { url: redisUrl, prefix, redis } = testRedis();

const config = `
providers: { simulated: { type: simulated, receipts: false } }
routes: [{ name: default, providers: [simulated] }]
caps: { perRecipient: [], perHour: off }
contacts:
  alice: { phone: "+60123456701", consent: true }
  albert: { phone: "+60 12-345 6701", consent: true }
  bob: { phone: "+60123456702", consent: true }
  mute: { phone: "+60123456703" }
groups: { oncall: [alice, albert, bob], silent: [mute] }
templates: { login-code: { text: "Your code is {code}, valid {minutes} minutes" } }
defaultCountry: MY
redis: { prefix: "${prefix}" }
`;

const cleanups: (() => Promise<unknown>)[] = [];
let system: SystemProcess;

beforeAll(async () => {
  system = await launch({ config, redisUrl, onEnd: (end) => cleanups.unshift(end) });
});
afterAll(async () => {
  for (const cleanup of cleanups) await cleanup();
});

const outbox = async () => (await call<{ messages: OutboxEntry[] }>(`${system.url}/v1/simulated/outbox`)).body.messages;

/** Waits until the alert is over, and gives its trace and the texts that went out for it. */
async function outcomeOf(id: string): Promise<{ trace: AlertHistory; texts: string[] }> {
  const trace = await settled(system.url, id, ENDS, 30_000);
  const ids = trace.messages.map((message) => message.id);
  return { trace, texts: (await outbox()).filter(({ messageId }) => ids.includes(messageId)).map(({ text }) => text) };
}

/** The same question, for an alert whose id only the system knows. */
async function textsSaying(words: string): Promise<string[]> {
  return (await outbox()).filter(({ text }) => text.includes(words)).map(({ text }) => text);
}

const refusal = (body: unknown) =>
  call<{ rejected: { index: number; errors: { path: string; message: string }[] }[] }>(`${system.url}/v1/alerts`, { body });

describe('an alert ends as one text by', { timeout: 480_000 }, () => {
  it('the TypeScript client', async () => {
    const producer = createProducer({ redis: redisUrl, prefix });
    cleanups.push(() => producer.close());
    const alert = { id: 'ts-1', severity: 'critical', to: '+60123450010', text: 'by TypeScript' } as const;
    expect(await producer.enqueue(alert)).toEqual({ id: 'ts-1', duplicate: false });
    expect(await outcomeOf('ts-1')).toMatchObject({ trace: { outcome: 'routed' }, texts: ['CRITICAL: by TypeScript'] });

    expect(await producer.enqueue(alert)).toEqual({ id: 'ts-1', duplicate: true });
    await rest(system.url);
    expect((await outcomeOf('ts-1')).texts).toHaveLength(1);

    const many = await producer.enqueueMany([{ ...alert, id: 'ts-2', text: 'second' }, { severity: 'critical' }]);
    expect(many).toMatchObject([
      { ok: true, id: 'ts-2', duplicate: false },
      { ok: false, issues: [{ path: 'to' }, { path: 'text' }] },
    ]);
    expect((await outcomeOf('ts-2')).texts).toEqual(['CRITICAL: second']);
  });

  it('a BullMQ client that adds plain data', async () => {
    const queue = new Queue('sms-alerts', { connection: { url: redisUrl }, prefix });
    cleanups.push(() => queue.close());
    const data = { id: 'bull-1', severity: 'page', to: '012-345 0011', instance: 'db-1', text: 'by BullMQ' };
    await queue.add('alert', data);
    expect((await outcomeOf('bull-1')).texts).toEqual(['Instance: db-1, Priority: CRITICAL, Content: by BullMQ']);

    // The id in the data decides, whatever the job is called.
    await queue.add('alert', data, { jobId: 'another-name' });
    await queue.add('alert', { severity: 'critical', to: '+60123450011', text: 'nameless' }, { jobId: 'mine' });
    await until(async () => (await textsSaying('nameless')).length > 0);
    await rest(system.url);
    expect(await textsSaying('nameless')).toEqual(['CRITICAL: nameless']);
    expect(await textsSaying('by BullMQ')).toHaveLength(1);
  });

  it('bare Redis commands, as any other language can send them', async () => {
    const key = (part: string) => `${prefix}:sms-alerts:${part}`;
    const data = JSON.stringify({ id: 'raw-1', severity: 'critical', to: '+60123450012', text: 'by hand' });
    await redis
      .multi()
      .hset(key('from-php-1'), { name: 'alert', data, opts: '{}', timestamp: String(Date.now()), delay: '0', priority: '0' })
      .lpush(key('wait'), 'from-php-1')
      .zadd(key('marker'), 0, '0')
      .exec();
    expect((await outcomeOf('raw-1')).texts).toEqual(['CRITICAL: by hand']);
  });

  it('HTTP, one at a time', async () => {
    const alert = { id: 'http-1', severity: 'critical', to: ['+60 12-345 0013'], text: 'by HTTP' };
    const first = await call(`${system.url}/v1/alerts`, { body: alert });
    expect(first.status).toBe(202);
    expect(first.headers.get('location')).toBe('/v1/alerts/http-1');
    expect(first.body).toEqual({ accepted: [{ index: 0, id: 'http-1', duplicate: false }], rejected: [] });
    const { trace, texts } = await outcomeOf('http-1');
    expect(texts).toEqual(['CRITICAL: by HTTP']);
    expect(trace.messages).toMatchObject([
      { state: 'accepted', to: expect.stringMatching(/^\+60\*+013$/), attempts: [{ provider: 'simulated', result: 'accepted' }] },
    ]);

    const again = await call(`${system.url}/v1/alerts`, { body: alert });
    expect(again.body).toEqual({ accepted: [{ index: 0, id: 'http-1', duplicate: true }], rejected: [] });
    await rest(system.url);
    expect((await outcomeOf('http-1')).texts).toHaveLength(1);
  });

  it('HTTP, a thousand at a time, with a verdict each', async () => {
    const alerts = Array.from({ length: 1000 }, (_, index) => ({
      id: `bulk-${index}`,
      severity: 'critical',
      // Every tenth is no number.
      to: index % 10 === 3 ? '+60' : `+6012${String(4_501_000 + index)}`,
      text: `bulk ${index}`,
    }));
    const { status, body } = await call<{
      accepted: { index: number; id: string }[];
      rejected: { index: number; errors: { path: string }[] }[];
    }>(`${system.url}/v1/alerts`, { body: alerts });
    expect(status).toBe(202);
    expect(body.accepted.map(({ index, id }) => [index, id])).toEqual(
      alerts.flatMap(({ id }, index) => (index % 10 === 3 ? [] : [[index, id]])),
    );
    expect(body.rejected.map(({ index, errors }) => [index, errors.map(({ path }) => path)])).toEqual(
      alerts.flatMap((_, index) => (index % 10 === 3 ? [[index, ['to[0]']]] : [])),
    );
    await until(async () => (await textsSaying('CRITICAL: bulk')).length >= 900, 60_000, 200);
    await rest(system.url);
    expect((await textsSaying('CRITICAL: bulk')).sort()).toEqual(body.accepted.map(({ index }) => `CRITICAL: bulk ${index}`).sort());
  });

  it('the command line', async () => {
    const args = ['send', '--to', '+60123450014', '--id', 'cli-1', 'by command line'];
    const sent = await runToEnd({ config, redisUrl, args });
    expect(sent).toMatchObject({ code: 0, output: expect.stringContaining('cli-1\n') });
    expect((await outcomeOf('cli-1')).texts).toEqual(['CRITICAL: by command line']);

    const again = await runToEnd({ config, redisUrl, args: [...args, '--wait'] });
    expect(again).toMatchObject({ code: 0, output: expect.stringContaining('was already accepted') });
    await rest(system.url);
    expect((await outcomeOf('cli-1')).texts).toHaveLength(1);

    const refused = await runToEnd({ config, redisUrl, args: ['send', '--to', 'contact:nobody', 'x'] });
    expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('no contact named "nobody"') });
  });

  it("Alertmanager's webhook, whose repeat and resolve send no message", async () => {
    const url = `${system.url}/v1/webhooks/alertmanager?to=%2B60123450015&to=contact:bob`;
    const { status, body } = await call<{ accepted: { id: string; duplicate: boolean }[] }>(url, { body: alertmanagerCall([firing(w1)]) });
    expect(status).toBe(200);
    const [id] = body.accepted.map((accepted) => accepted.id);
    const text = 'Instance: web-1:443, Priority: CRITICAL, Content: Latency is high on web-1';
    expect((await outcomeOf(id as string)).texts).toEqual([text, text]);

    for (const again of [[firing(w1)], [firing(w1), resolved(w2)], [resolved(w1)]])
      expect((await call(url, { body: alertmanagerCall(again) })).status).toBe(200);
    await rest(system.url);
    expect(await textsSaying('Latency is high on web-1')).toHaveLength(2);
    expect(await textsSaying('Latency is high on web-2')).toHaveLength(0);
  });

  it("Grafana's webhook", async () => {
    const body = grafanaCall([firing({ ...w2, annotations: { summary: 'Grafana says so' } })]);
    const answer = await call<{ accepted: { id: string }[] }>(`${system.url}/v1/webhooks/grafana?to=contact:alice`, { body });
    expect(answer.status).toBe(200);
    expect((await outcomeOf(answer.body.accepted[0]?.id as string)).texts).toEqual([
      'Instance: web-2:443, Priority: CRITICAL, Content: Grafana says so',
    ]);
    await call(`${system.url}/v1/webhooks/grafana?to=contact:alice`, { body });
    await rest(system.url);
    expect(await textsSaying('Grafana says so')).toHaveLength(1);
  });
});

describe('at the door', { timeout: 480_000 }, () => {
  it('a bad number refuses its alert and says which entry it is', async () => {
    const { status, headers, body } = await refusal({ severity: 'critical', to: ['+60123450016', '0123450017', '12'], text: 'never' });
    expect(status).toBe(400);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(body.rejected).toMatchObject([{ index: 0, errors: [{ path: 'to[2]', message: expect.stringContaining('phone number') }] }]);
  });

  it.each([
    ['a contact', { to: 'contact:nobody', text: 'x' }, { path: 'to[0]', message: 'no contact named "nobody" in the config' }],
    ['a group', { to: ['contact:bob', 'group:nobody'], text: 'x' }, { path: 'to[1]', message: 'no group named "nobody" in the config' }],
    [
      'a template',
      { to: 'contact:bob', template: { name: 'nope' } },
      { path: 'template.name', message: 'no template named "nope" in the config' },
    ],
    ['a key', { to: 'contact:bob', text: 'x', txet: 'y' }, { path: 'txet', message: 'unknown key: remove it, or correct its spelling' }],
  ])('%s that does not exist is rejected by name', async (_what, alert, error) => {
    expect(await refusal({ severity: 'critical', ...alert })).toMatchObject({
      status: 400,
      body: { rejected: [{ index: 0, errors: [error] }] },
    });
  });

  it('a template without one of its parameters is refused', async () => {
    const alert = { severity: 'critical', to: 'contact:bob', template: { name: 'login-code', params: { code: '1' } } };
    expect(await refusal(alert)).toMatchObject({ status: 400, body: { rejected: [{ errors: [{ path: 'template.params.minutes' }] }] } });
  });
});

describe('on the way', { timeout: 480_000 }, () => {
  it('a template is filled in', async () => {
    const template = { name: 'login-code', params: { code: '0042', minutes: '5' } };
    const [id] = await post(system.url, { severity: 'info', purpose: 'verification', to: 'contact:bob', template });
    expect((await outcomeOf(id as string)).texts).toEqual(['Your code is 0042, valid 5 minutes']);
  });

  it('a warning below the severity of its route sends no message', async () => {
    const [id] = await post(system.url, { severity: 'warn', to: 'contact:bob', text: 'only a warning' });
    expect((await outcomeOf(id as string)).trace).toMatchObject({ outcome: 'suppressed', reason: 'below_severity', messages: [] });
    expect(await textsSaying('only a warning')).toEqual([]);
  });

  it('the same trouble under another id is a duplicate', async () => {
    const alert = { severity: 'critical', to: 'contact:bob', text: 'twice', dedupKey: 'disk/full' };
    const [first] = await post(system.url, { ...alert, text: 'once' });
    expect((await outcomeOf(first as string)).texts).toHaveLength(1);
    const [second] = await post(system.url, alert);
    expect((await outcomeOf(second as string)).trace).toMatchObject({ outcome: 'suppressed', reason: 'duplicate' });
    expect(await textsSaying('twice')).toEqual([]);
  });

  it('a contact who has not agreed gets none, and the trace says why', async () => {
    const [id] = await post(system.url, { severity: 'critical', to: ['group:silent', 'contact:bob'], text: 'to the willing' });
    const { trace, texts } = await outcomeOf(id as string);
    expect(trace.messages.map(({ contact, state, reason }) => ({ contact, state, reason }))).toEqual([
      { contact: 'mute', state: 'suppressed', reason: 'no_consent' },
      { contact: 'bob', state: 'accepted', reason: null },
    ]);
    expect(texts).toEqual(['CRITICAL: to the willing']);
  });

  it('a phone that a group and a list name several times is texted once', async () => {
    const to = ['group:oncall', 'contact:alice', '012-3456701', '+60123456701'];
    const [id] = await post(system.url, { severity: 'critical', to, text: 'one phone' });
    const { trace, texts } = await outcomeOf(id as string);
    expect(trace.messages.map((message) => message.to.replace(/\*+/, '*'))).toEqual(['+60*701', '+60*702']);
    expect(texts).toHaveLength(2);
  });

  it.each([
    ['the endpoint', (dedupKey: string) => call(`${system.url}/v1/alerts/resolve`, { body: { dedupKey } })],
    ['a resolved alert', (dedupKey: string) => post(system.url, { severity: 'critical', status: 'resolved', dedupKey })],
    ['the command line', (dedupKey: string) => runToEnd({ config, redisUrl, args: ['resolve', dedupKey] })],
  ])('a resolve by %s cancels a deferred message immediately', async (way, resolve) => {
    // A number that the provider always throttles.
    const [id] = await post(system.url, { severity: 'critical', to: '+60123450004', text: `over by ${way}`, dedupKey: way });
    const [waiting] = (await settled(system.url, id as string, ['deferred'])).messages;
    expect(waiting).toMatchObject({ state: 'deferred', reason: 'throttled', until: expect.any(String) });
    await resolve(way);
    const [message] = (await settled(system.url, id as string)).messages;
    expect(message).toMatchObject({ state: 'cancelled', reason: 'resolved', attempts: expect.any(Array) });
    // On a busy machine it may have been tried again before the resolve came in; then it waits once more.
    const tried = message?.attempts.length ?? 0;
    expect(message?.attempts.every(({ reason }) => reason === 'throttled')).toBe(true);
    const cancelled = message?.events.find(({ verdict }) => verdict === 'cancelled');
    if (tried === 1) expect(Date.parse(cancelled?.at as string)).toBeLessThan(Date.parse(waiting?.until as string));
  });
});
