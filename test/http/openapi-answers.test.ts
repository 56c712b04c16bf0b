import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { createOpenApi } from '../../src/http/openapi/openapi.ts';
import { BODY_LIMIT } from '../../src/http/server/problem.ts';
import { WEBHOOK_BODY_LIMIT } from '../../src/http/webhooks/webhook-routes.ts';
import type { InboundReader, ReceiptReader } from '../../src/provider/contract/receipt-reader.ts';
import { RedisUnavailableError } from '../../src/redis/unavailable.ts';
import { Secret } from '../../src/setting/secret.ts';
import { type DocumentedOperation, openApiDocument, operationsOf } from './openapi-3-1.ts';
import { histories, http, lists, openTestServer, type TestServer } from './test-server.ts';

interface Ask {
  readonly query?: string;
  readonly path?: Record<string, string>;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  readonly method?: string;
  /** Bare: no provider at all. */
  readonly world?: 'bare';
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** What must be asked of an operation to be answered with a status; 2xx comes of its own examples where it has some. */
const ASKS: Readonly<Record<string, Readonly<Record<string, Ask>>>> = {
  listAlerts: { 200: { query: '?severity=critical' }, 400: { query: '?state=gone' } },
  listMessages: { 200: { query: '?state=expired&since=2h' }, 400: { query: '?cursor=x' } },
  sendAlerts: { 400: { body: [{}] } },
  resolveAlerts: { 400: { body: {} } },
  acknowledgeAlert: { 400: { body: { by: 7 } }, 404: { path: { id: 'unknown' } }, 409: { path: { id: 'malformed' } } },
  getAlert: { 404: { path: { id: 'unknown' } } },
  getMessage: { 200: { path: { id: 'm-known' } }, 404: { path: { id: 'unknown' } } },
  getOutbox: { 400: { query: '?limit=0' }, 404: { world: 'bare' } },
  webhookAlertmanager: { 400: { body: { alerts: [7] } } },
  webhookGrafana: { 400: { body: { alerts: 'x' } } },
  webhookHertzBeat: { 400: { body: { alerts: 'x' } } },
  webhookCloudEventsHandshake: {
    200: { method: 'OPTIONS', headers: { 'webhook-request-origin': 'events.example.com' } },
    204: { method: 'OPTIONS' },
    400: { method: 'OPTIONS', headers: { 'webhook-request-origin': 'a b' } },
  },
  webhookCloudEvents: { 400: { body: {} } },
  postInbound: {
    200: { body: 'text', headers: FORM },
    400: { body: '?', headers: FORM },
    403: { body: 'forged', headers: FORM },
    404: { path: { provider: 'nobody' } },
  },
  postReceipts: {
    200: { body: 'id', headers: FORM },
    400: { body: '?', headers: FORM },
    403: { body: 'forged', headers: FORM },
    404: { path: { provider: 'nobody' } },
    405: { path: { provider: 'getter' } },
  },
  getReceipts: {
    200: { path: { provider: 'getter' }, query: '?id' },
    400: { path: { provider: 'getter' }, query: '??' },
    403: { path: { provider: 'getter' }, query: '?forged' },
    404: { path: { provider: 'nobody' } },
    405: {},
  },
};

/** What any operation that documents them is asked for these. */
const COMMON: Readonly<Record<string, Ask>> = {
  401: {},
  415: { headers: { 'content-encoding': 'gzip' } },
  default: { method: 'DELETE' },
};

const tooLarge = (path: string): Ask => ({
  body: 'x'.repeat((path.startsWith('/v1/webhooks/') ? WEBHOOK_BODY_LIMIT : BODY_LIMIT) + 1),
});

/** Never became a request of any route: `http-server.test.ts` sees it answered. */
const NOT_ASKED = ['408'];

type Call = { readonly target: string; readonly body: string };
/** A vendor's call says all it has to say in its body or its query. */
const said = ({ target, body }: Call) => body || target.split('?').slice(1).join('?');
const isGenuine = (call: Call) => said(call) !== 'forged';

function receiptReader(method: 'GET' | 'POST'): ReceiptReader {
  return {
    methods: [method],
    isGenuine,
    read: (call) => [said(call) === '?' ? undefined : { providerMessageId: 'id', state: 'delivered' }],
    answer: {},
  };
}

const inboundReader: InboundReader = {
  isGenuine,
  read: (call) => (said(call) === '?' ? undefined : { providerMessageId: 'SM1', from: '+60123456789', text: 'STOP' }),
  answer: { type: 'text/xml', body: '<Response/>' },
};

const texts = [{ at: '2026-11-20T03:00:00Z', provider: 'desk', messageId: 'm', to: '+60*******789', text: 'x' }];

const exposition = (contentType: string) => ({ contentType, text: async () => 'sms_alerts_total 0\n' });

/** A server with something behind every route; `redis: 'away'` fails all that needs it. */
async function open({ tokens = [], redis = 'well' }: { tokens?: Secret[]; redis?: 'well' | 'away' } = {}): Promise<TestServer> {
  const unlessAway = <Args extends readonly unknown[], T>(answer: (...args: Args) => T | Promise<T>) => {
    return async (...args: Args): Promise<T> => {
      if (redis === 'away') throw new RedisUnavailableError('down');
      return answer(...args);
    };
  };
  const server = await openTestServer({
    http: { tokens },
    metrics: {
      ...exposition('text/plain; version=0.0.4; charset=utf-8'),
      openMetrics: exposition('application/openmetrics-text; version=1.0.0; charset=utf-8'),
    },
    readiness: async () => (redis === 'away' ? { ready: false, reasons: ['Redis is away'] } : { ready: true, reasons: [] }),
    outbox: { latest: unlessAway(() => texts) },
    histories: { ...histories, alert: unlessAway(histories.alert), message: unlessAway(histories.message) },
    lists: { alerts: unlessAway(lists.alerts), messages: unlessAway(lists.messages) },
    receipts: {
      sources: new Map([
        ['vendor', { type: 'http', reader: receiptReader('POST') }],
        ['getter', { type: 'http', reader: receiptReader('GET') }],
      ]),
      enqueue: unlessAway(() => undefined),
      count: () => undefined,
    },
    inbound: {
      sources: new Map([['vendor', { type: 'twilio', reader: inboundReader }]]),
      enqueue: unlessAway(() => undefined),
      count: () => undefined,
    },
  });
  server.producer.before = unlessAway(() => undefined);
  server.producer.acknowledgements.set('known', { kind: 'acknowledged', cancelled: 1 });
  server.producer.acknowledgements.set('malformed', { kind: 'not_acknowledgeable' });
  return server;
}

interface Documented {
  readonly path: string;
  readonly method: string;
  readonly operation: DocumentedOperation;
}

async function ask(server: TestServer, { path, method, operation }: Documented, given: Ask): Promise<Response> {
  const values: Readonly<Record<string, string>> = { id: 'known', provider: 'vendor', ...given.path };
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => values[name] as string) + (given.query ?? '');
  const sent = given.method ?? method;
  if (sent !== 'POST') return fetch(server.url + filled, { method: sent, headers: given.headers ?? {} });
  const body = given.body ?? examplesOf(operation)['application/json'] ?? '';
  return server.post(filled, body, { ...(given.body === undefined ? headerExamples(operation) : {}), ...given.headers });
}

function examplesOf({ requestBody }: DocumentedOperation): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(requestBody?.content ?? {}).flatMap(([type, { example }]) => (example === undefined ? [] : [[type, example]])),
  );
}

function headerExamples({ parameters = [] }: DocumentedOperation): Record<string, string> {
  return Object.fromEntries(parameters.flatMap(({ in: place, name, example }) => (place === 'header' ? [[name, String(example)]] : [])));
}

const document = openApiDocument.parse(createOpenApi(http));
const operations = [...operationsOf(document)];
const ajv = new Ajv2020({ strict: false, validateFormats: false }).addSchema(document, 'document');

/** What is wrong with a value, by the schema at this place of the document. */
function faultsOf(value: unknown, ...place: readonly string[]): unknown {
  const at = place.reduce<unknown>((node, part) => (node as Record<string, unknown>)[part], document) as { $ref?: string };
  const pointer = place.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
  // Most are one of the components, which is compiled once.
  const validate = ajv.getSchema(`document${at.$ref ?? `#/${pointer}`}`) as ValidateFunction;
  return validate(value) ? [] : { value, faults: validate.errors };
}

async function expectDocumented(id: string, status: string, response: Response): Promise<void> {
  const { path, method, operation } = operationsOf(document).get(id) as Documented;
  const { content = {}, headers = {} } = operation.responses[status] as DocumentedOperation['responses'][string];
  const type = response.headers.get('content-type')?.split(';')[0] ?? 'none';
  if (Object.keys(content).length > 0) expect(Object.keys(content), `${id} ${status}`).toContain(type);
  const missing = Object.keys(headers).filter((name) => !response.headers.has(name));
  expect(response.ok ? [] : missing, `${id} ${status}`).toEqual([]);
  const text = await response.text();
  if (Object.keys(content).length === 0) return expect(text, `${id} ${status}`).toBe('');
  const body = type.endsWith('json') ? JSON.parse(text) : text;
  expect(faultsOf(body, 'paths', path, method.toLowerCase(), 'responses', status, 'content', type, 'schema'), `${id} ${status}`).toEqual(
    [],
  );
}

test('every answer of the document is given, in its type and shape', async () => {
  const worlds = {
    well: await open(),
    locked: await open({ tokens: [new Secret('sesame')] }),
    away: await open({ redis: 'away' }),
    bare: await openTestServer(),
  };
  const asked: string[] = [];
  for (const [id, documented] of operations) {
    const fine = ASKS[id]?.[200] ?? { query: '?to=group:oncall' };
    for (const status of Object.keys(documented.operation.responses).filter((status) => !NOT_ASKED.includes(status))) {
      const given = ASKS[id]?.[status] ?? (status === '413' ? tooLarge(documented.path) : COMMON[status]) ?? fine;
      const world = given.world ?? (status === '401' ? 'locked' : status === '503' ? 'away' : 'well');
      const response = await ask(worlds[world], documented, given);
      expect(status === 'default' ? response.ok : String(response.status), `${id} ${status}`).toBe(status === 'default' ? false : status);
      await expectDocumented(id, status, response);
      asked.push(`${id} ${status}`);
    }
  }
  expect(asked.length).toBeGreaterThan(80);
});

test('every response of an operation has a status of the document', async () => {
  const worlds = [await open(), await open({ tokens: [new Secret('sesame')] }), await open({ redis: 'away' }), await openTestServer()];
  for (const [id, documented] of operations) {
    const { default: _other, ...common } = COMMON;
    for (const given of [...Object.values(common), ...Object.values(ASKS[id] ?? {})]) {
      const statuses = await Promise.all(worlds.map(async (server) => String((await ask(server, documented, given)).status)));
      expect(Object.keys(documented.operation.responses), `${id} ${JSON.stringify(given).slice(0, 80)}`).toEqual(
        expect.arrayContaining(statuses),
      );
    }
  }
});

test('every example of the document fits its schema, and is taken', async () => {
  let taken = 0;
  for (const [id, documented] of operations) {
    const { path, method, operation } = documented;
    for (const [type, example] of Object.entries(examplesOf(operation))) {
      const server = await open();
      expect(faultsOf(example, 'paths', path, method.toLowerCase(), 'requestBody', 'content', type, 'schema'), `${id} ${type}`).toEqual([]);
      const headers = { ...(type === 'application/json' ? headerExamples(operation) : {}), 'content-type': type };
      const response = await ask(server, documented, { body: example, query: '?to=group:oncall', headers });
      expect(response.ok, `${id} ${type}`).toBe(true);
      await expectDocumented(id, String(response.status), response);
      taken += 1;
    }
  }
  expect(taken).toBe(9);
});

test('metrics are served in the format that the request accepts', async () => {
  const server = await open();
  await expectDocumented('metrics', '200', await server.get('/metrics', { accept: 'application/openmetrics-text;version=1.0.0' }));
});

test('the schemas hold no word that JSON Schema does not know, and their examples fit', () => {
  const strict = new Ajv2020({ allowUnionTypes: true, validateFormats: false });
  strict.addVocabulary(['components']);
  for (const [name, schema] of Object.entries(document.components.schemas)) {
    expect(() => strict.compile({ ...(schema as object), components: document.components }), name).not.toThrow();
    const { examples = [] } = schema as { examples?: readonly unknown[] };
    for (const example of examples) expect(faultsOf(example, 'components', 'schemas', name), name).toEqual([]);
  }
});
