import { describe, expect, test } from 'vitest';
import type { Verdicts } from '../../../src/http/alerts/alert-routes.ts';
import { RedisUnavailableError } from '../../../src/redis/unavailable.ts';
import { Secret } from '../../../src/setting/secret.ts';
import { until } from '../../support/until.ts';
import { openTestServer, problemOf, type TestServer } from '../test-server.ts';

const PATH = '/v1/webhooks/cloudevents';
const ONE = { 'content-type': 'application/cloudevents+json' };
const BATCH = { 'content-type': 'application/cloudevents-batch+json; charset=utf-8' };

const data = { severity: 'critical', to: '+60123456789', text: 'Disk full' };
const event = {
  specversion: '1.0',
  id: 'A234-1234-1234',
  source: 'https://shop.example.com/checkout',
  type: 'com.example.disk.full',
  time: '2026-11-20T03:00:00.123456789Z',
  subject: 'db-1',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  datacontenttype: 'application/json',
  data,
};
const attributes = {
  'ce-specversion': '1.0',
  'ce-id': event.id,
  'ce-source': event.source,
  'ce-type': event.type,
  'ce-time': event.time,
  'ce-subject': event.subject,
};

/** What a call that is refused names, as `index path: message`. */
async function faultsOf(response: Response): Promise<string[]> {
  const { rejected } = (await response.json()) as Verdicts;
  return rejected.flatMap(({ index, errors }) => errors.map(({ path, message }) => `${index} ${path}: ${message}`));
}

describe('an event', () => {
  test.each([
    ['structured', (server: TestServer) => server.post(PATH, event, ONE)],
    ['binary', (server: TestServer) => server.post(PATH, data, attributes)],
    ['the only one of a batch', (server: TestServer) => server.post(PATH, [event], BATCH)],
    [
      'in capitals, with null for what it leaves out',
      (server: TestServer) =>
        server.post(PATH, { ...event, dataschema: null }, { 'content-type': 'application/cloudevents+json;Charset="UTF-8"' }),
    ],
  ])('%s becomes the alert in its data, with an id, a source and a time of its own', async (_mode, send) => {
    const server = await openTestServer();
    const response = await send(server);
    expect(response.status).toBe(202);
    const { accepted, rejected } = (await response.json()) as Verdicts;
    expect(rejected).toEqual([]);
    expect(server.producer.taken).toMatchObject([
      { id: accepted[0]?.id, severity: 'critical', text: 'Disk full', to: ['+60123456789'], source: event.source, raisedAt: event.time },
    ]);
  });

  test('is the same alert in every mode, and however often it comes', async () => {
    const server = await openTestServer();
    const seen = [
      await server.post(PATH, event, ONE),
      await server.post(PATH, data, attributes),
      await server.post(PATH, [event, { ...event, id: 'other' }, { ...event, source: '/other' }], BATCH),
    ];
    const verdicts = (await Promise.all(seen.map((response) => response.json()))) as Verdicts[];
    expect(verdicts.map(({ accepted }) => accepted.map(({ duplicate }) => duplicate))).toEqual([[false], [true], [true, false, false]]);
    expect(new Set(verdicts.flatMap(({ accepted }) => accepted.map(({ id }) => id))).size).toBe(3);
    expect(seen.map(({ headers }) => headers.get('location'))).toEqual([
      `/v1/alerts/${verdicts[0]?.accepted[0]?.id}`,
      `/v1/alerts/${verdicts[0]?.accepted[0]?.id}`,
      null,
    ]);
  });

  test('does not override values of the alert', async () => {
    const server = await openTestServer();
    const own = { ...data, id: 'mine', source: 'checkout', raisedAt: '2026-11-20T02:00:00Z' };
    await server.post(`${PATH}?to=group:oncall`, { ...event, data: own }, ONE);
    expect(server.producer.taken).toMatchObject([{ ...own, to: ['+60123456789'] }]);
  });

  test('resolves with status resolved, and needs no recipient', async () => {
    const server = await openTestServer();
    const over = { severity: 'critical', status: 'resolved', dedupKey: 'k' };
    expect((await server.post(PATH, { ...event, data: over }, ONE)).status).toBe(202);
    expect(server.producer.taken).toMatchObject([over]);
  });

  test('is read from headers as the binding encodes them', async () => {
    const server = await openTestServer();
    await server.post(PATH, data, { ...attributes, 'ce-source': '/caf%C3%A9/%22x%22', 'ce-id': '"a \\"b\\""' });
    await server.post(PATH, { ...event, source: '/café/"x"', id: 'a "b"' }, ONE);
    expect(server.producer.taken.map(({ source }) => source)).toEqual(['/café/"x"']);
  });

  test('with a very long source is still an alert', async () => {
    const server = await openTestServer();
    await server.post(PATH, { ...event, source: `/${'x'.repeat(2000)}` }, ONE);
    expect(server.producer.taken.map(({ source }) => source?.length)).toEqual([256]);
  });
});

describe('recipients', () => {
  const { to: _none, ...nobody } = data;

  test.each([
    ['of ?to=', '?to=contact:alice&to=%2B60123456780', ['contact:alice', '+60123456780']],
    ['of the config', '', ['group:oncall']],
  ])('are those %s where the alert names none', async (_name, query, to) => {
    const server = await openTestServer({ http: { webhookTo: ['group:oncall'] } });
    expect((await server.post(PATH + query, { ...event, data: nobody }, ONE)).status).toBe(202);
    expect(server.producer.taken).toMatchObject([{ to }]);
  });

  test('missing everywhere are a fault of the alert, and a mistake in the URL one of the call', async () => {
    const server = await openTestServer();
    const unnamed = await server.post(PATH, { ...event, data: nobody }, ONE);
    expect(unnamed.status).toBe(400);
    expect(await faultsOf(unnamed)).toEqual([expect.stringMatching(/^0 data\.to: is required/)]);
    expect(await problemOf(await server.post(`${PATH}?to=group:nobody`, event, ONE))).toMatchObject({
      kind: 'invalid-request',
      detail: 'Recipients: to[0]: no group named "nobody" in the config',
    });
  });
});

describe('a batch', () => {
  test('is taken but for its bad ones, which are named and logged', async () => {
    const server = await openTestServer();
    const batch = [
      event,
      { ...event, id: '' },
      { ...event, id: 'e2', data: { ...data, to: ['+60123456789', '12'], surprise: 1 } },
      'x',
      { ...event, id: 'e4', data: { ...data, to: ['+60123456789', '12'] } },
      { ...event, id: 'e5' },
    ];
    const response = await server.post(PATH, batch, BATCH);
    expect(response.status).toBe(202);
    const { accepted, rejected } = (await response.json()) as Verdicts;
    expect(accepted.map(({ index }) => index)).toEqual([0, 5]);
    expect(rejected.map(({ index, errors }) => [index, errors[0]?.path])).toEqual([
      [1, 'id'],
      [2, 'data.surprise'],
      [3, ''],
      [4, 'data.to[1]'],
    ]);
    expect(await until(() => server.lines.find(({ level }) => level === 40))).toMatchObject({
      msg: 'webhook alerts rejected',
      accepted: 2,
    });
  });

  test('of bad ones only is 400, an empty one is taken, and more than 1,000 are too many', async () => {
    const server = await openTestServer();
    expect(await problemOf(await server.post(PATH, [{}, 7], BATCH))).toMatchObject({
      kind: 'all-rejected',
      accepted: [],
      rejected: [{ index: 0 }, { index: 1 }],
    });
    const empty = await server.post(PATH, [], BATCH);
    expect([empty.status, await empty.json()]).toEqual([202, { accepted: [], rejected: [] }]);
    expect(await problemOf(await server.post(PATH, Array(1001).fill(event), BATCH))).toMatchObject({
      status: 413,
      kind: 'too-many-alerts',
    });
    expect(await problemOf(await server.post(PATH, event, BATCH))).toMatchObject({
      status: 400,
      detail: expect.stringContaining('application/cloudevents+json'),
    });
  });
});

describe('receives its faults', () => {
  const without = (name: keyof typeof event) => Object.fromEntries(Object.entries(event).filter(([key]) => key !== name));

  test.each([
    ['no specversion', without('specversion'), ['0 specversion: is required: send 1.0']],
    ['an old one', { ...without('data'), specversion: '0.3' }, ['0 specversion: must be 1.0, got "0.3"']],
    [
      'a version that has no text of its own',
      { ...event, specversion: { toString: 1 } },
      ['0 specversion: must be 1.0, got a JSON object'],
    ],
    [
      'nothing but data',
      { data },
      ['0 specversion: is required: send 1.0', '0 id: is required', '0 source: is required', '0 type: is required'],
    ],
    ['a list as id', { ...event, id: [7] }, ['0 id: must be text, got a list']],
    ['no data', without('data'), ['0 data: is required: an alert in the format of POST /v1/alerts']],
    [
      'data in words',
      { ...event, data: 'Disk full' },
      ['0 data: must be a JSON object: an alert in the format of POST /v1/alerts, got "Disk full"'],
    ],
    ['data_base64', { ...without('data'), data_base64: 'e30=' }, ['0 data_base64: is not supported: send the alert as JSON in data']],
    ['a list', [event], ['0 : must be a JSON object, got a list']],
    [
      'an alert without severity',
      { ...event, data: { to: '+60123456789', text: 'x' } },
      ['0 data.severity: is required: info, warning, error, critical'],
    ],
  ])('%s', async (_name, body, faults) => {
    const server = await openTestServer();
    const response = await server.post(PATH, body, ONE);
    expect(response.status).toBe(400);
    expect(await faultsOf(response)).toEqual(faults);
    expect(server.producer.taken).toEqual([]);
  });

  test('in binary mode by the names of the headers', async () => {
    const server = await openTestServer();
    expect(await faultsOf(await server.post(PATH, '[]', { ...attributes, 'ce-id': '' }))).toEqual([
      '0 ce-id: must not be empty',
      '0 data: must be a JSON object: an alert in the format of POST /v1/alerts, got an empty list',
    ]);
    const [version] = await faultsOf(await server.post(PATH, event));
    expect(version).toBe('0 ce-specversion: is required: send 1.0, or the whole event as application/cloudevents+json');
  });

  test.each(['application/cloudevents+xml', 'application/cloudevents-protobuf+json', 'text/plain'])('%s is 415', async (type) => {
    const server = await openTestServer();
    expect((await server.post(PATH, event, { 'content-type': type })).status).toBe(415);
  });

  test('and no number of it is logged or returned', async () => {
    const server = await openTestServer();
    const response = await server.post(
      PATH,
      [
        { ...event, specversion: '60123456789' },
        { ...event, data: { ...data, '60123456789': 1 } },
      ],
      BATCH,
    );
    expect(await response.text()).not.toContain('23456');
    await until(() => server.lines.find(({ level }) => level === 50));
    expect(JSON.stringify(server.lines)).not.toContain('23456');
  });
});

test('a broker that takes a body for an event in reply gets none', async () => {
  const server = await openTestServer();
  const response = await server.post(PATH, event, { ...ONE, prefer: 'reply' });
  expect([response.status, await response.text(), response.headers.get('content-type')]).toEqual([202, '', null]);
  expect(server.producer.taken).toHaveLength(1);
  expect((await server.post(PATH, {}, { ...ONE, prefer: 'reply' })).status).toBe(400);
});

test('Redis away is 503 with Retry-After, and the same event again is taken', async () => {
  const server = await openTestServer();
  server.producer.before = async () => {
    throw new RedisUnavailableError('down');
  };
  const refused = await server.post(PATH, event, ONE);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
  server.producer.before = async () => undefined;
  expect(await (await server.post(PATH, event, ONE)).json()).toMatchObject({ accepted: [{ duplicate: false }] });
});

describe('what can be left out or read otherwise costs no alert', () => {
  const PLAIN = { ...event, id: 'plain' };

  test.each<[name: string, event: Record<string, unknown>, taken: Record<string, unknown>]>([
    ['a time in lower case', { ...PLAIN, time: '2026-11-20t03:00:00z' }, { raisedAt: '2026-11-20T03:00:00Z' }],
    ['a time in milliseconds', { ...PLAIN, time: 1_795_143_600_000 }, { raisedAt: '2026-11-20T03:00:00.000Z' }],
    [
      'a time that is none',
      { ...PLAIN, time: 'yesterday' },
      { raisedAt: undefined, remarks: ['time "yesterday" of the event is not a time and was left out'] },
    ],
    ['a time of null', { ...PLAIN, time: null }, { raisedAt: undefined, remarks: undefined }],
    ['a version as a number', { ...PLAIN, specversion: 1 }, { text: data.text }],
    ['the version of the document', { ...PLAIN, specversion: '1.0.2' }, { text: data.text }],
    ['a number as id', { ...PLAIN, id: 7 }, { text: data.text }],
    ['side attributes of any kind', { ...PLAIN, subject: 5, datacontenttype: {}, dataschema: '' }, { text: data.text }],
    ['data as a string of JSON', { ...PLAIN, data: JSON.stringify(data) }, { text: data.text }],
    [
      'fields of data without a value',
      { ...PLAIN, data: { ...data, id: null, source: '', labels: null, raisedAt: null } },
      { source: event.source },
    ],
  ])('%s', async (_name, body, taken) => {
    const server = await openTestServer();
    expect(await (await server.post(PATH, body, ONE)).json()).toMatchObject({ accepted: [{ index: 0 }], rejected: [] });
    expect({ raisedAt: undefined, remarks: undefined, ...server.producer.taken[0] }).toMatchObject(taken);
  });

  test('recipients of the URL replace `to: null`', async () => {
    const server = await openTestServer();
    const response = await server.post(`${PATH}?to=group:oncall`, { ...PLAIN, data: { ...data, to: null } }, ONE);
    expect(response.status).toBe(202);
    expect(server.producer.taken).toMatchObject([{ to: ['group:oncall'] }]);
  });
});

describe('the handshake of a sender', () => {
  const options = (server: TestServer, headers: Record<string, string>, query = '') =>
    fetch(`${server.url}${PATH}${query}`, { method: 'OPTIONS', headers });
  const told = (response: Response) => ({
    status: response.status,
    allow: response.headers.get('allow'),
    origin: response.headers.get('webhook-allowed-origin'),
    rate: response.headers.get('webhook-allowed-rate'),
  });

  test('is granted to its origin, at any rate', async () => {
    const server = await openTestServer();
    const response = await options(server, { 'webhook-request-origin': 'eventgrid.azure.net', 'webhook-request-rate': '120' });
    expect(told(response)).toEqual({ status: 200, allow: 'POST, OPTIONS', origin: 'eventgrid.azure.net', rate: '*' });
  });

  test('without an origin returns only what is allowed', async () => {
    const server = await openTestServer();
    expect(told(await options(server, {}))).toEqual({ status: 204, allow: 'POST, OPTIONS', origin: null, rate: null });
  });

  test('with an origin that is none is refused', async () => {
    const server = await openTestServer();
    const response = await options(server, { 'webhook-request-origin': 'a b' });
    expect(await problemOf(response)).toMatchObject({ status: 400, detail: 'WebHook-Request-Origin must be a host name, got "a b".' });
  });

  test('is the same with and without tokens and recipients, and never permits a browser', async () => {
    const answers = await Promise.all(
      [{}, { tokens: [new Secret('sesame-sesame')] }].flatMap((http) =>
        ['', '?to=group:oncall', '?to=contact:nobody'].map(async (query) => {
          const headers = {
            'webhook-request-origin': 'example.com',
            origin: 'http://evil.example',
            'access-control-request-method': 'POST',
          };
          const response = await options(await openTestServer({ http }), headers, query);
          return { ...told(response), body: await response.text(), cors: response.headers.get('access-control-allow-origin') };
        }),
      ),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 200, body: '', cors: null });
  });

  test('opens nothing else: other paths keep their token', async () => {
    const server = await openTestServer({ http: { tokens: [new Secret('sesame-sesame')] } });
    for (const path of ['/v1/alerts', '/v1/webhooks/grafana']) {
      expect((await fetch(server.url + path, { method: 'OPTIONS', headers: { 'webhook-request-origin': 'example.com' } })).status).toBe(
        401,
      );
    }
    expect((await server.post(PATH, event, ONE)).status).toBe(401);
  });
});
