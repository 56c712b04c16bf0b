import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createHttpServer } from '../../../src/http/server/http-server.ts';
import { RedisUnavailableError } from '../../../src/redis/unavailable.ts';
import { Secret } from '../../../src/setting/secret.ts';
import { until } from '../../support/until.ts';
import { alertHistory, openTestServer, problemOf } from '../test-server.ts';

const alert = { severity: 'critical', to: '+60123456789', text: 'Disk full' };

describe('a request that is not understood', () => {
  test.each([
    ['an object with a trailing comma', '{\n  "text": "x",\n}', { detail: 'Invalid JSON at line 3, column 1.', line: 3, column: 1 }],
    ['a list with a trailing comma', '[1,]', { detail: 'Invalid JSON: unexpected "]".' }],
    ['an end too early', '{"a":[1', { line: 1, column: 8 }],
    ['words', 'hello', { detail: 'Invalid JSON: unexpected "h".' }],
    ['nothing', '', { detail: 'The body is empty.' }],
    ['bytes that are not UTF-8', new Uint8Array([0x22, 0xc4, 0xe3, 0x22]), { detail: 'The body is not UTF-8.' }],
  ])('is refused with the place of the fault: %s', async (_name, body, expected) => {
    const server = await openTestServer();
    const response = await server.post('/v1/alerts', body);
    expect(response.status).toBe(400);
    expect(await problemOf(response)).toMatchObject({ kind: 'malformed-json', ...expected });
  });

  test('does not have its body quoted back or logged', async () => {
    const server = await openTestServer();
    const answer = await (await server.post('/v1/alerts', '{"to": +60123456789}')).text();
    expect(answer + JSON.stringify(server.lines)).not.toContain('0123456');
  });

  test.each([
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['plain text', { 'content-type': 'text/plain' }],
    ['no such thing as a type', { 'content-type': 'x' }],
    ['compressed JSON', { 'content-encoding': 'gzip' }],
  ])('is refused with 415 when it is %s', async (_name, headers) => {
    const server = await openTestServer();
    const response = await server.post('/v1/alerts', alert, headers);
    expect(response.status).toBe(415);
    expect(await problemOf(response)).toMatchObject({ kind: 'unsupported-media-type' });
    expect(server.producer.taken).toEqual([]);
  });

  test.each(['application/json; charset=utf-8', 'Application/JSON', 'application/vnd.alerts+json'])('is taken as %s', async (type) => {
    const server = await openTestServer();
    expect((await server.post('/v1/alerts', alert, { 'content-type': type })).status).toBe(202);
  });

  test('is refused with 413 from one byte over 1 MiB on', async () => {
    const server = await openTestServer();
    const padded = (bytes: number) => JSON.stringify(alert).padEnd(bytes, ' ');
    expect((await server.post('/v1/alerts', padded(1024 * 1024))).status).toBe(202);
    const response = await server.post('/v1/alerts', padded(1024 * 1024 + 1));
    expect(response.status).toBe(413);
    expect(await problemOf(response)).toMatchObject({ kind: 'body-too-large' });
  });

  test.each(['/', '/v2/alerts', '/v1', '/v1/alert', '/v1/receipts', '/v1/receipts/nobody'])(
    'is 404 at %s, for every method',
    async (path) => {
      const server = await openTestServer();
      for (const response of [
        await server.get(path),
        await server.post(path, '{'),
        await server.post(path, 'x', { 'content-type': 'text/plain' }),
      ]) {
        expect(response.status).toBe(404);
        expect(await problemOf(response)).toMatchObject({ kind: 'not-found' });
      }
    },
  );

  test.each([
    ['DELETE', '/v1/alerts', 'POST, GET, HEAD'],
    ['GET', '/v1/alerts/resolve', 'POST'],
    ['OPTIONS', '/v1/alerts', 'POST, GET, HEAD'],
    ['POST', '/v1/alerts/some-id', 'GET, HEAD'],
    ['GET', '/v1/webhooks/alertmanager', 'POST'],
    ['POST', '/metrics', 'GET, HEAD'],
  ])('is 405 for %s %s, with the allowed methods', async (method, path, allow) => {
    const server = await openTestServer();
    const response = await fetch(server.url + path, { method, ...(method === 'POST' ? { body: 'x' } : {}) });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allow);
    expect(await problemOf(response)).toMatchObject({ kind: 'method-not-allowed' });
  });

  test('is 400 with a path that cannot be decoded, and with what is not HTTP', async () => {
    const server = await openTestServer();
    const response = await server.get('/v1/alerts/%zz');
    expect(response.status).toBe(400);
    expect(await problemOf(response)).toMatchObject({ kind: 'invalid-request' });
    expect(await raw(server.url, 'HELLO\r\n\r\n')).toMatch(/^HTTP\/1.1 400 Bad Request\r\nContent-Type: application\/problem\+json\r\n/);
    expect(await raw(server.url, `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431 .*headers-too-large.*At most 16384 bytes/s,
    );
  });

  test('is none for an expectation that we do not know: the alert is taken', async () => {
    const server = await openTestServer();
    const body = JSON.stringify(alert);
    const head = ['POST /v1/alerts HTTP/1.1', 'host: localhost', 'expect: 200-ok', 'content-type: application/json', 'connection: close'];
    const text = `${head.join('\r\n')}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    expect(await raw(server.url, text)).toMatch(/^HTTP\/1.1 202 /);
    expect(server.producer.taken).toHaveLength(1);
  });
});

describe('a slow request', () => {
  const head = (length: number) =>
    `POST /v1/alerts HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n`;

  test('is served when it arrives in pieces, longer than an answer may take', async () => {
    const server = await openTestServer({ limits: { answerWithinMs: 100 } });
    const body = JSON.stringify(alert);
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    const answer = collect(socket);
    const started = performance.now();
    socket.write(head(body.length) + body.slice(0, 10));
    await until(() => performance.now() - started > 200);
    socket.write(body.slice(10));
    expect(await answer).toMatch(/^HTTP\/1.1 202 /);
  });

  test('is ended with 408 when it never arrives, and does not affect others', async () => {
    const server = await openTestServer({ limits: { arriveWithinMs: 200 } });
    const stuck = raw(server.url, `${head(100)}{"severity":`);
    expect((await server.post('/v1/alerts', alert)).status).toBe(202);
    expect(await stuck).toMatch(/^HTTP\/1.1 408 Request Timeout\r\nContent-Type: application\/problem\+json\r\n.*too-slow/s);
    expect(server.producer.taken).toHaveLength(1);
  });

  test('that is given up by its caller leaves no trace', async () => {
    const server = await openTestServer();
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write(`${head(100)}{"severity":`);
    await once(socket, 'connect');
    socket.destroy();
    expect((await server.post('/v1/alerts', alert)).status).toBe(202);
    expect(server.producer.taken).toHaveLength(1);
    expect(server.lines.filter(({ level }) => (level as number) >= 50)).toEqual([]);
  });
});

describe('when Redis is away', () => {
  const away = async () => {
    throw new RedisUnavailableError(new Error('connect ECONNREFUSED 10.1.2.3:6379'));
  };
  const frozen = () => new Promise<never>(() => undefined);
  const ways = [
    ['POST', '/v1/alerts'],
    ['POST', '/v1/alerts/resolve'],
    ['POST', '/v1/webhooks/alertmanager?to=group:oncall'],
    ['POST', '/v1/webhooks/grafana?to=group:oncall'],
    ['GET', '/v1/alerts/known'],
    ['GET', '/v1/messages/m-known'],
    ['GET', '/v1/simulated/outbox'],
    ['GET', '/readyz'],
  ] as const;
  const body = JSON.stringify({ dedupKey: 'k', alerts: [{ labels: { alertname: 'Down' } }] });
  const bodies: Record<string, string> = { '/v1/alerts': JSON.stringify(alert), '/v1/alerts/resolve': '{"dedupKey":"k"}' };

  test.each([
    ['refuses connections', away, undefined],
    ['is frozen', frozen, 100],
    ['fails in the words of its client', () => Promise.reject(new Error('Connection is closed.')), undefined],
  ] as const)('and %s, every way in answers 503 and when to come back', async (_name, fail, answerWithinMs) => {
    const server = await openTestServer({
      histories: { alert: fail, message: fail },
      outbox: { latest: fail },
      readiness: fail,
      limits: answerWithinMs === undefined ? {} : { answerWithinMs },
    });
    server.producer.before = fail;
    for (const [method, path] of ways) {
      const response = method === 'GET' ? await server.get(path) : await server.post(path, bodies[path] ?? body);
      expect(response.status, path).toBe(503);
      expect(Number(response.headers.get('retry-after')), path).toBeGreaterThan(0);
      const problem = await problemOf(response);
      expect(problem.kind, path).toBe('redis-unavailable');
      expect(JSON.stringify(problem)).not.toMatch(/10\.1\.2\.3|ECONNREFUSED|closed/);
    }
    expect(server.producer.taken).toEqual([]);
    expect((await server.get('/healthz')).status).toBe(200);
    expect((await server.get('/metrics')).status).toBe(200);
  });

  test('the log contains the cause', async () => {
    const server = await openTestServer();
    server.producer.before = away;
    await server.post('/v1/alerts', alert);
    const line = await until(() => server.lines[0]);
    expect(line).toMatchObject({ level: 40, status: 503, cause: 'Redis is not available: connect ECONNREFUSED 10.1.2.3:6379' });
  });

  test('permanently, the response still comes within 5 s on defaults', async () => {
    const server = await openTestServer();
    server.producer.before = frozen;
    const started = performance.now();
    expect((await server.post('/v1/alerts', alert)).status).toBe(503);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

test.each([null, undefined, 'a word', {}])('even %j, thrown, is 500', async (thrown) => {
  const server = await openTestServer();
  server.producer.before = () => Promise.reject(thrown);
  const response = await server.post('/v1/alerts', alert);
  expect(response.status).toBe(500);
  expect(await problemOf(response)).toMatchObject({ kind: 'internal' });
});

test('an unexpected error is a 500 without its message, which is logged without numbers', async () => {
  const server = await openTestServer();
  server.producer.before = async () => {
    throw new TypeError('no way to text 60123456789 or +60 12-345 6789');
  };
  const response = await server.post('/v1/alerts', alert);
  expect(response.status).toBe(500);
  const text = JSON.stringify(await problemOf(response));
  expect(text).toContain('internal');
  expect(text).not.toContain('no way');
  const line = await until(() => server.lines.find(({ msg }) => msg === 'request failed'));
  expect(line).toMatchObject({
    level: 50,
    method: 'POST',
    route: '/v1/alerts',
    status: 500,
    problem: 'internal',
    error: { type: 'TypeError' },
  });
  const { message, stack } = line.error as { message: string; stack: string };
  expect(message).toMatch(/^no way to text \+60\*+789 or \+60\*+789$/);
  expect(stack).toContain('http-server.test.ts');
});

describe('with tokens', () => {
  const tokens = [new Secret('first-token'), new Secret('second-token')];

  test.each([
    ['none', undefined, 401],
    ['a wrong one', 'Bearer wrong', 401],
    ['the beginning of one', 'Bearer first-toke', 401],
    ['an empty one', 'Bearer ', 401],
    ['another scheme', 'Basic first-token', 401],
    ['the first', 'Bearer first-token', 202],
    ['the second, in another case of the word', 'bearer second-token', 202],
  ])('%s (%s) gets %s', async (_name, authorization, status) => {
    const server = await openTestServer({ http: { tokens } });
    const response = await server.post('/v1/alerts', alert, authorization === undefined ? {} : { authorization });
    expect(response.status).toBe(status);
    expect(server.producer.taken).toHaveLength(status === 202 ? 1 : 0);
    if (status === 202) return;
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm="sms-dispatch"/);
    expect(await problemOf(response)).toMatchObject({ kind: 'unauthorized' });
  });

  test('everything under /v1 needs one, known or not, but for receipts', async () => {
    const server = await openTestServer({ http: { tokens } });
    const statuses = async (paths: string[], call: (path: string) => Promise<Response>) =>
      Object.fromEntries(await Promise.all(paths.map(async (path) => [path, (await call(path)).status])));
    const reads = ['/v1/alerts/known', '/v1/messages/m-known', '/v1/simulated/outbox', '/v1/nothing', '/v1/alerts', '/%761/alerts/known'];
    expect(await statuses(reads, server.get)).toEqual(Object.fromEntries(reads.map((path) => [path, 401])));
    const writes = ['/v1/alerts', '/v1/alerts/resolve', '/v1/webhooks/alertmanager', '/v1/webhooks/grafana', '/v1/nothing'];
    expect(await statuses(writes, (path) => server.post(path, '{'))).toEqual(Object.fromEntries(writes.map((path) => [path, 401])));
    expect(await statuses(['/metrics', '/healthz', '/readyz', '/openapi.json', '/v1/receipts/twilio'], server.get)).toEqual({
      '/metrics': 200,
      '/healthz': 200,
      '/readyz': 200,
      '/openapi.json': 200,
      '/v1/receipts/twilio': 404,
    });
  });

  test('none of them, right or wrong, is ever logged', async () => {
    const server = await openTestServer({ http: { tokens } });
    await server.post('/v1/alerts', alert, { authorization: 'Bearer first-token' });
    await server.get('/v1/alerts/known?token=first-token', { authorization: 'Bearer wrong-token' });
    await until(() => server.lines.length === 2);
    expect(JSON.stringify(server.lines)).not.toContain('-token');
  });
});

describe('readiness', () => {
  test('follows the given state, while the process stays alive', async () => {
    let state = { ready: true, reasons: [] as string[] };
    const server = await openTestServer({ readiness: async () => state });
    expect(await (await server.get('/readyz')).json()).toEqual({ ready: true, reasons: [] });
    state = { ready: false, reasons: ['Redis does not answer', 'shutting down'] };
    const response = await server.get('/readyz');
    expect(response.status).toBe(503);
    expect(await problemOf(response)).toMatchObject({ kind: 'not-ready', ready: false, reasons: state.reasons });
    expect(await (await server.get('/healthz')).json()).toEqual({ status: 'ok' });
    state = { ready: true, reasons: [] };
    expect((await server.get('/readyz')).status).toBe(200);
  });
});

test('metrics are served as they come', async () => {
  const response = await (await openTestServer()).get('/metrics');
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(await response.text()).toBe('sms_alerts_total 0\n');
});

test('the server of a router or dispatcher has its operations and nothing else', async () => {
  const server = await openTestServer({ role: 'operations' });
  for (const path of ['/metrics', '/healthz', '/readyz']) expect((await server.get(path)).status, path).toBe(200);
  for (const path of ['/openapi.json', '/v1/alerts/known', '/v1/simulated/outbox']) expect((await server.get(path)).status, path).toBe(404);
  expect((await server.post('/v1/alerts', alert)).status).toBe(404);
});

test('every response has the security headers for browsers', async () => {
  const server = await openTestServer();
  for (const path of ['/healthz', '/v1/alerts/known', '/nothing', '/v1/alerts/%zz']) {
    const { headers } = await server.get(path);
    expect(headers.get('x-content-type-options'), path).toBe('nosniff');
    expect(headers.get('content-security-policy'), path).toContain("default-src 'none'");
    expect(headers.get('cache-control'), path).toBe('no-store');
    expect(headers.get('access-control-allow-origin'), path).toBeNull();
  }
});

test('a log line has the pattern of the path and never the path, and probes are quiet', async () => {
  const server = await openTestServer();
  await server.get('/v1/alerts/order-60123456789?x=60123456789');
  await server.get('/nothing/60123456789');
  await server.get('/readyz');
  await until(() => server.lines.length === 3);
  expect(server.lines.map(({ time: _time, ms, ...line }) => ({ ...line, timed: typeof ms === 'number' }))).toEqual([
    { level: 30, method: 'GET', route: '/v1/alerts/:id', status: 404, problem: 'not-found', msg: 'request', timed: true },
    { level: 20, method: 'GET', route: 'none', status: 404, problem: 'not-found', msg: 'request', timed: true },
    { level: 20, method: 'GET', route: '/readyz', status: 200, msg: 'request', timed: true },
  ]);
});

describe('closing', () => {
  test('completes a request in flight, accepts no more, and does not wait for idle connections', async () => {
    let arrived = () => {};
    const inFlight = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const server = await openTestServer({
      histories: {
        message: async () => undefined,
        alert: async () => {
          arrived();
          await gate;
          return alertHistory;
        },
      },
    });
    await (await server.get('/healthz')).text();
    const slow = server.get('/v1/alerts/known');
    await inFlight;
    const started = performance.now();
    const closed = server.close();
    await until(() =>
      fetch(`${server.url}/healthz`).then(
        () => false,
        () => true,
      ),
    );
    release();
    expect((await slow).status).toBe(200);
    await closed;
    expect(performance.now() - started).toBeLessThan(2000);
  });

  test('fails loudly when the port is taken', async () => {
    const server = await openTestServer();
    const deps = { role: 'operations', metrics: { contentType: '', text: async () => '' }, logger: undefined as never } as const;
    const second = createHttpServer({ ...deps, readiness: async () => ({ ready: true, reasons: [] }) });
    await expect(second.listen({ host: '127.0.0.1', port: Number(new URL(server.url).port) })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    await second.close();
  });
});

/** Sends bytes as they are; resolves to all that came back once the server has closed the connection. */
function raw(url: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(bytes);
  return collect(socket);
}

async function collect(socket: ReturnType<typeof connect>): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => undefined);
  await once(socket, 'close');
  return text;
}
