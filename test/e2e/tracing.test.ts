import { context, SpanKind, trace as tracing } from '@opentelemetry/api';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type App, type AppDeps, createDispatcher, createReceiver, createRouter } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { storyOfAlert } from '../../src/explain/story-of-alert.ts';
import type { AlertHistory } from '../../src/ledger/history/history.ts';
import { createLogger } from '../../src/logger.ts';
import { ALERT_QUEUE } from '../../src/queue/names.ts';
import { createProducer } from '../../src/queue/producer/producer.ts';
import { activeExemplar } from '../../src/tracing/span.ts';
import { openTracing } from '../../workers/open-tracing.ts';
import { openQueue } from '../queue/support/queue-bench.ts';
import { type CollectedSpan, type OtlpCollector, startOtlpCollector } from '../support/otlp-collector.ts';
import { testRedis } from '../support/redis.ts';
import { call, launch, post, settled } from '../support/system.ts';
import { until } from '../support/until.ts';
import { type FakeTwilio, startFakeTwilio } from '../support/vendors/twilio.ts';
import { writeConfig } from '../support/write-config.ts';

const account = { accountSid: `AC${'e'.repeat(32)}`, authToken: 'the-token-of-the-tracing-test' };
const TOKEN = 'the-bearer-token-of-the-tracing-test';
const TEXT = 'the words of the tracing test';
const { url: redisUrl, prefix } = testRedis();
const accept = { accept: 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5' };

let first: FakeTwilio;
let second: FakeTwilio;
let collector: OtlpCollector;
let url: string;
let dispatcherUrl: string;
const log: string[] = [];
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  // As an operator would set them: the SDK reads them by itself.
  process.env.OTEL_BSP_SCHEDULE_DELAY = '30';
  process.env.OTEL_EXPORTER_OTLP_TIMEOUT = '900';
  process.env.OTEL_EXPORTER_OTLP_HEADERS = 'x-collector-key=of-the-tracing-test';
  process.env.OTEL_RESOURCE_ATTRIBUTES = 'deployment.environment.name=test';
  collector = await startOtlpCollector((end) => ends.push(end));
  [first, second] = await Promise.all([startFakeTwilio(account), startFakeTwilio(account)]);
  const twilio = `type: twilio, accountSid: ${account.accountSid}, authToken: ${account.authToken}, from: "+15005550006"`;
  const path = await writeConfig(`
providers:
  first: { ${twilio}, baseUrl: "${first.url}", maxConcurrent: 1 }
  second: { ${twilio}, baseUrl: "${second.url}" }
routes: [{ name: default, minSeverity: info, dedupeFor: 0, providers: [first, second] }]
caps: { perRecipient: [], perHour: off }
redis: { prefix: "${prefix}" }
shutdown: { grace: 1s }
http: { port: 0, tokens: ["${TOKEN}"] }
`);
  const { config } = loadConfig({ path, env: {} });
  const logger = createLogger('info', { write: (line) => void log.push(line) });
  const tracer = await openTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }, logger);
  ends.push(async () => tracer?.stop(), first.close, second.close);
  const run = async (create: (deps: AppDeps) => App): Promise<string> => {
    const app = create({ config, redisUrl, logger, exemplar: activeExemplar });
    const { httpPort } = await app.start();
    ends.push(app.stop);
    return `http://127.0.0.1:${httpPort}`;
  };
  [url, dispatcherUrl] = (await Promise.all([createReceiver, createDispatcher, createRouter].map(run))) as [string, string, string];
});
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});
beforeEach(() => {
  for (const vendor of [first, second]) vendor.respondWith(() => undefined);
});

let numbers = 0;
/** The national part of a number that only this text goes to. */
const nextNumber = () => `124${String(4_000_000 + ++numbers)}`;
const authorization = `Bearer ${TOKEN}`;
const of = (traceId: string) => collector.spans.filter((span) => span.traceId === traceId);
const names = (traceId: string) => of(traceId).map(({ name }) => name);
const newId = (length: number) => Array.from({ length }, () => Math.floor(Math.random() * 15 + 1).toString(16)).join('');

async function raise(alert: object, traceparent?: string): Promise<string> {
  const headers = { authorization, ...(traceparent === undefined ? {} : { traceparent }) };
  const body = { severity: 'critical', text: TEXT, ...alert };
  return (await call<{ accepted: { id: string }[] }>(`${url}/v1/alerts`, { body, headers })).body.accepted[0]?.id ?? '';
}

async function accepted(id: string): Promise<AlertHistory> {
  return until(async () => {
    const { body } = await call<AlertHistory>(`${url}/v1/alerts/${id}`, { headers: { authorization } });
    return body.messages?.length > 0 && body.messages.every(({ state }) => state === 'accepted') ? body : undefined;
  }, 15_000);
}

describe('one alert', () => {
  const traceId = newId(32);
  const callersSpan = newId(16);
  let number: string;
  let told: AlertHistory;

  beforeAll(async () => {
    number = nextNumber();
    const busy = { status: 429, headers: { 'content-type': 'application/json', 'retry-after': '1' }, body: '{"code":20429}' };
    let calls = 0;
    // Both turn it away once: it fails over, waits, and goes through in its second run.
    for (const vendor of [first, second]) vendor.respondWith(() => (calls++ < 2 ? busy : undefined));
    const id = await raise({ to: `+60${number}`, dedupKey: `desk +60${number}` }, `00-${traceId}-${callersSpan}-01`);
    told = await accepted(id);
    await until(() => names(traceId).filter((name) => name === 'process sms-messages').length === 2);
  });

  it('is one trace, from the HTTP request over both queues to the providers, through failover and a delayed retry', () => {
    expect(names(traceId).toSorted()).toEqual(
      [
        'POST /v1/alerts',
        'send sms-alerts',
        'process sms-alerts',
        'send sms-messages',
        'process sms-messages',
        'send first',
        'send second',
        'process sms-messages',
        'send first',
        // What became of it is asked later.
        ...(names(traceId).includes('send sms-lookups') ? ['send sms-lookups'] : []),
      ].toSorted(),
    );
    expect(told.messages[0]?.attempts.map(({ provider }) => provider)).toEqual(['first', 'second', 'first']);
  });

  it('each span hangs below the one that caused it, and the first below that of the caller', () => {
    const byId = new Map(of(traceId).map((span) => [span.spanId, span]));
    const above = (span: CollectedSpan): string =>
      byId.get(span.parentSpanId ?? '')?.name ?? (span.parentSpanId === callersSpan ? 'caller' : 'nobody');
    const pairs = [...new Set(of(traceId).map((span) => `${above(span)} > ${span.name}`))].filter((pair) => !pair.includes('lookups'));
    expect(pairs.toSorted()).toEqual(
      [
        'caller > POST /v1/alerts',
        'POST /v1/alerts > send sms-alerts',
        'send sms-alerts > process sms-alerts',
        'process sms-alerts > send sms-messages',
        'send sms-messages > process sms-messages',
        'process sms-messages > send first',
        'process sms-messages > send second',
      ].toSorted(),
    );
  });

  it('the spans say who was asked and what came of it', () => {
    const requests = of(traceId).filter(({ kind }) => kind === SpanKind.CLIENT + 1);
    expect(requests.filter(({ failed }) => failed).map(({ attributes }) => attributes)).toEqual(
      ['first', 'second'].map((name) => ({
        'sms.provider.name': name,
        'sms.provider.type': 'twilio',
        'sms.result': 'refused',
        'sms.reason': 'throttled',
        'error.type': 'throttled',
        'sms.vendor_code': '20429',
        'http.response.status_code': 429,
      })),
    );
    expect(requests.find(({ failed }) => !failed)?.attributes).toMatchObject({ 'sms.provider.name': 'first', 'sms.result': 'accepted' });
    const runs = of(traceId).filter(({ name }) => name === 'process sms-messages');
    expect(runs.map(({ attributes }) => [attributes['sms.job.run'], attributes['sms.outcome'], attributes['sms.job.move']])).toEqual([
      [1, 'deferred', 'delay'],
      [2, 'accepted', 'complete'],
    ]);
    expect(of(traceId).find(({ name }) => name.startsWith('POST'))).toMatchObject({
      kind: SpanKind.SERVER + 1,
      attributes: { 'http.request.method': 'POST', 'http.route': '/v1/alerts', 'http.response.status_code': 202 },
      resource: { 'service.name': 'sms-dispatch', 'deployment.environment.name': 'test' },
    });
    expect(collector.headers[0]).toMatchObject({ 'x-collector-key': 'of-the-tracing-test' });
  });

  it('its trace and its requests in the API name the trace, and so does explain', () => {
    expect(told).toMatchObject({ traceId, messages: [{ attempts: [{ traceId }, { traceId }, { traceId }] }] });
    expect(storyOfAlert(told, new Date()).facts).toContainEqual(['trace id', traceId]);
  });

  it('log lines name the trace and the span that they belong to', () => {
    const lines = log.filter((line) => line.includes(traceId)).map((line) => JSON.parse(line));
    const request = lines.find(({ msg }) => msg === 'request');
    expect(request).toMatchObject({
      route: '/v1/alerts',
      trace_id: traceId,
      span_id: of(traceId).find(({ name }) => name.startsWith('POST'))?.spanId,
    });
  });

  it('what was measured leads to the trace, for scrapers that ask for OpenMetrics; the others read what they always read', async () => {
    const exemplar = `# {trace_id="${traceId}",span_id="`;
    const before = await call<string>(`${dispatcherUrl}/metrics`);
    const asked = await call<string>(`${dispatcherUrl}/metrics`, { headers: accept });
    expect(asked.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    const lines = asked.body.split('\n').filter((line) => line.includes(exemplar));
    expect(new Set(lines.map((line) => line.replace(/\{.*/, '')))).toEqual(
      new Set(['sms_provider_request_duration_seconds_bucket', 'sms_alert_to_accepted_seconds_bucket']),
    );
    expect(asked.body.endsWith('# EOF\n')).toBe(true);
    const after = await call<string>(`${dispatcherUrl}/metrics`);
    expect(after.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const ours = (text: string) => text.split('\n').filter((line) => /sms_provider|sms_alert|sms_messages_total/.test(line));
    expect(ours(after.body)).toEqual(ours(before.body));
    expect(after.body).not.toContain('trace_id');
  });

  it('no span, and no other word to the collector, holds a number, a text or a secret', () => {
    const all = collector.bodies.join('\n');
    expect(all).toContain(traceId);
    for (const secret of [number, TEXT, TOKEN, account.authToken, account.accountSid, 'desk +60']) expect(all).not.toContain(secret);
  });
});

it('a job of a foreign producer goes on in the trace that it names, and its chosen id does not show', async () => {
  const { queue } = openQueue(redisUrl, prefix, ALERT_QUEUE);
  const traceId = newId(32);
  const number = nextNumber();
  const metadata = JSON.stringify({ traceparent: `00-${traceId}-${newId(16)}-01`, baggage: 'user=somebody' });
  const data = { id: `of-${number}`, to: `+60${number}`, severity: 'critical', text: TEXT };
  await queue.add('alert', data, { jobId: `page +60${number}`, telemetry: { metadata } });
  await until(() => names(traceId).includes('send first'));
  await until(() => names(traceId).includes('process sms-alerts'));
  expect(of(traceId).find(({ name }) => name === 'process sms-alerts')?.attributes['sms.outcome']).toBe('routed');
  const all = collector.bodies.join('\n');
  expect(all).not.toContain(number);
  expect(all).not.toContain('somebody');
});

it.each([
  ['no JSON', '{'],
  ['no traceparent', '{"traceparent":"00-zz"}'],
  ['nothing of the kind', '[null]'],
])('a job whose trace cannot be read (%s) is texted all the same, in a trace of its own', async (_what, metadata) => {
  const { queue } = openQueue(redisUrl, prefix, ALERT_QUEUE);
  const id = `unreadable-${newId(8)}`;
  const data = { id, to: `+60${nextNumber()}`, severity: 'critical', text: TEXT };
  await queue.add('alert', data, { telemetry: { metadata } });
  expect((await accepted(id)).traceId).toMatch(/^[0-9a-f]{32}$/);
});

it('texts that wait for their turn at a provider are each sent in their own trace', async () => {
  const histories = Array.from({ length: 6 }, () => newId(32));
  const ids = await Promise.all(histories.map((traceId) => raise({ to: `+60${nextNumber()}` }, `00-${traceId}-${newId(16)}-01`)));
  await Promise.all(ids.map(accepted));
  for (const traceId of histories) {
    const run = await until(() => of(traceId).find(({ name }) => name === 'process sms-messages'));
    const sent = of(traceId).filter(({ name }) => name === 'send first');
    expect(sent.map(({ parentSpanId }) => parentSpanId)).toEqual([run.spanId]);
  }
});

it('a TypeScript producer continues the trace of its caller', async () => {
  const producer = createProducer({ redis: redisUrl, prefix });
  onTestFinished(() => producer.close());
  const span = tracing.getTracer('checkout').startSpan('order');
  const { traceId } = span.spanContext();
  const { id } = await context.with(tracing.setSpan(context.active(), span), () =>
    producer.enqueue({ severity: 'critical', to: `+60${nextNumber()}`, text: TEXT }),
  );
  span.end();
  expect(await accepted(id)).toMatchObject({ traceId });
  await until(() => names(traceId).includes('order'));
  const sent = of(traceId).find(({ name }) => name === 'send sms-alerts');
  expect(sent?.parentSpanId).toBe(span.spanContext().spanId);
});

it('a caller that is not sampled is followed and not exported: nothing refers to a trace that does not exist', async () => {
  const traceId = newId(32);
  const told = await accepted(await raise({ to: `+60${nextNumber()}` }, `00-${traceId}-${newId(16)}-00`));
  expect(JSON.stringify(told)).not.toContain('traceId');
  expect(log.some((line) => line.includes(traceId))).toBe(true);
  expect(of(traceId)).toEqual([]);
});

it('strangers, probes, scrapes and reads make no spans', async () => {
  const before = collector.spans.length;
  const stranger = newId(32);
  const headers = { traceparent: `00-${stranger}-${newId(16)}-01` };
  expect((await call(`${url}/v1/alerts`, { body: {}, headers })).status).toBe(401);
  for (const path of ['/healthz', '/readyz', '/metrics']) await call(`${url}${path}`, { headers });
  await call(`${url}/v1/alerts/nobody`, { headers: { ...headers, authorization } });
  const last = await accepted(await raise({ to: `+60${nextNumber()}` }));
  await until(() => names(last.traceId ?? '').includes('process sms-messages'));
  expect(new Set(collector.spans.slice(before).map(({ traceId }) => traceId))).not.toContain(stranger);
});

it('a collector that is away is said once, slows nothing and ends nothing', async () => {
  await collector.close();
  for (let count = 0; count < 3; count += 1) {
    const started = performance.now();
    await accepted(await raise({ to: `+60${nextNumber()}` }));
    expect(performance.now() - started).toBeLessThan(2_000);
  }
  const saying = (words: string) => log.filter((line) => line.includes(words));
  // On a busy machine it may have been late, and back, before.
  const lost = () => saying('trace collector unreachable').slice(saying('trace collector accepts spans again').length);
  await until(() => lost().length > 0);
  await accepted(await raise({ to: `+60${nextNumber()}` }));
  expect(lost()).toHaveLength(1);
  expect(JSON.parse(lost()[0] as string)).toMatchObject({ level: 'warn', cause: expect.any(String) });
});

it('a process traces when its environment says so, and sends its last spans when it drains', async () => {
  const own = await startOtlpCollector();
  const system = await launch({
    config: `
providers: { desk: { type: simulated } }
routes: [{ name: default, minSeverity: info, providers: [desk] }]
redis: { prefix: "${prefix}-process" }
`,
    redisUrl,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: own.url, OTEL_SERVICE_NAME: 'pager' },
  });
  const [id = ''] = await post(system.url, { severity: 'critical', to: '+60123450001', text: TEXT });
  const { traceId } = await settled(system.url, id, ['accepted', 'delivered']);
  const { body } = await call<string>(`${system.url}/metrics`, { headers: accept });
  expect(body).toContain(`# {trace_id="${traceId}"`);
  system.kill();
  expect(await system.exit()).toBe(0);
  expect(own.spans.filter((span) => span.traceId === traceId).map(({ name }) => name)).toContain('send desk');
  expect(own.spans[0]?.resource).toMatchObject({ 'service.name': 'pager' });
}, 240_000);
