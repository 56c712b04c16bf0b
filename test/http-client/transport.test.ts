import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createTransport, type HttpRequest, rebase, type TransportOptions } from '../../src/http-client/transport.ts';
import { testPort } from '../support/test-port.ts';
import { until } from '../support/until.ts';
import { MISBEHAVIOURS, type Misbehaviour, startFaultServer } from '../support/vendors/fault-server.ts';
import { startHttpVendor } from '../support/vendors/http-vendor.ts';
import { selfSigned } from '../support/vendors/self-signed.ts';

const REQUEST: HttpRequest = { method: 'POST', url: 'https://vendor.example/send?key=k', headers: { 'x-key': 'k' }, body: 'hello' };
const never = new AbortController().signal;

function transport(options: TransportOptions) {
  const created = createTransport(options);
  onTestFinished(() => created.close());
  return created;
}

async function server(misbehave: Misbehaviour) {
  const started = await startFaultServer(misbehave);
  onTestFinished(started.close);
  return started;
}

it.each([
  ['https://api.twilio.com/a/b.json?x=1', undefined, 'https://api.twilio.com/a/b.json?x=1'],
  ['https://api.twilio.com/a/b.json?x=1', 'http://127.0.0.1:8080', 'http://127.0.0.1:8080/a/b.json?x=1'],
  ['https://api.twilio.com/a', 'http://127.0.0.1:8080/', 'http://127.0.0.1:8080/a'],
  ['https://api.twilio.com/a?x=%2B1', 'https://proxy.example/twilio', 'https://proxy.example/twilio/a?x=%2B1'],
  ['https://api.twilio.com/a', 'https://proxy.example/twilio/', 'https://proxy.example/twilio/a'],
  ['https://api.twilio.com:8443/a', 'https://fake.test', 'https://fake.test/a'],
  ['https://api.twilio.com//evil.example/a', 'https://fake.test', 'https://fake.test//evil.example/a'],
])('%s under base URL %s goes to %s', (url, baseUrl, target) => {
  expect(rebase(url, baseUrl).href).toBe(target);
});

it('gives status, headers in lower case and the whole body', async () => {
  const { url } = await server((socket) => socket.end('HTTP/1.1 202 X\r\nX-Id: 7\r\nX-Two: a\r\nX-Two: b\r\nContent-Length: 2\r\n\r\nok'));
  const answer = await transport({ baseUrl: url, timeoutMs: 5_000 }).exchange(REQUEST, never);
  expect(answer).toEqual({ kind: 'answer', status: 202, headers: { 'x-id': '7', 'x-two': 'a, b', 'content-length': '2' }, body: 'ok' });
});

it('puts characters together that came in pieces', async () => {
  const body = Buffer.from('你好🔥');
  const { url } = await server((socket) => {
    socket.write(`HTTP/1.1 200 X\r\nContent-Length: ${body.length}\r\n\r\n`);
    socket.write(body.subarray(0, 4), () => setTimeout(() => socket.end(body.subarray(4)), 20));
  });
  const answer = await transport({ baseUrl: url, timeoutMs: 5_000 }).exchange(REQUEST, never);
  expect(answer).toMatchObject({ kind: 'answer', body: '你好🔥' });
});

it('takes the answer behind an announcement (1xx) for the answer', async () => {
  const { url } = await server((socket) => {
    socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n');
    socket.end('HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\nok');
  });
  const answer = await transport({ baseUrl: url, timeoutMs: 5_000 }).exchange(REQUEST, never);
  expect(answer).toMatchObject({ kind: 'answer', status: 200, body: 'ok' });
});

it('speaks TLS, and keeps that connection too', async () => {
  // The certificate is the test's own; everywhere else it must be refused.
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  onTestFinished(() => void vi.unstubAllEnvs());
  let connections = 0;
  const vendor = createTlsServer(selfSigned(), (socket) => {
    connections += 1;
    socket.on('data', () => socket.write('HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\nok'));
    socket.on('error', () => undefined);
  });
  vendor.listen(0, '127.0.0.1');
  await once(vendor, 'listening');
  onTestFinished(() => void vendor.close());
  const { exchange } = transport({ baseUrl: `https://127.0.0.1:${(vendor.address() as AddressInfo).port}`, timeoutMs: 5_000 });
  for (let sent = 0; sent < 3; sent++) {
    expect(await exchange(REQUEST, never)).toMatchObject({ kind: 'answer', body: 'ok' });
    await new Promise(setImmediate);
  }
  expect(connections).toBe(1);
});

it('takes a body of 64 KiB and not a byte more', async () => {
  for (const [length, kind] of [
    [65_536, 'answer'],
    [65_537, 'fault'],
  ] as const) {
    const vendor = await startHttpVendor(() => ({ status: 200, body: 'a'.repeat(length) }));
    onTestFinished(vendor.close);
    const exchange = await transport({ baseUrl: vendor.url, timeoutMs: 5_000 }).exchange(REQUEST, never);
    expect(exchange.kind).toBe(kind);
    if (exchange.kind === 'fault')
      expect(exchange).toEqual({ kind: 'fault', sent: 'maybe', code: 'UND_ERR_RES_EXCEEDED_MAX_SIZE', status: 200 });
  }
});

it('may have been sent when the connection is reset with half the request on its way', async () => {
  const vendor = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.resetAndDestroy());
  }).listen(0, '127.0.0.1');
  await once(vendor, 'listening');
  onTestFinished(() => void vendor.close());
  const { exchange } = transport({ baseUrl: `http://127.0.0.1:${(vendor.address() as AddressInfo).port}`, timeoutMs: 5_000 });
  const fault = await exchange({ ...REQUEST, body: 'a'.repeat(8_000_000) }, never);
  expect(fault).toMatchObject({ kind: 'fault', sent: 'maybe' });
  expect(fault).not.toHaveProperty('status');
});

it('says which status it had read when the body stalls', async () => {
  const { url } = await server(MISBEHAVIOURS['stalls in the body']);
  const fault = await transport({ baseUrl: url, timeoutMs: 500 }).exchange(REQUEST, never);
  expect(fault).toEqual({ kind: 'fault', sent: 'maybe', code: 'TIMEOUT', status: 201 });
});

it('does not write a request that was given up while the connection came up', async () => {
  const vendor = await server(MISBEHAVIOURS['never answers']);
  const { exchange, close } = createTransport({ baseUrl: vendor.url, timeoutMs: 5_000 });
  const caller = new AbortController();
  const call = exchange(REQUEST, caller.signal);
  // In the same turn of the event loop: the socket cannot be connected yet.
  caller.abort();
  expect(await call).toEqual({ kind: 'fault', sent: 'no', code: 'ABORTED' });
  // The connection comes up all the same; then it is shut without a word.
  await until(() => vendor.connections === 1 && vendor.open === 0);
  expect(vendor.requests).toBe(0);
  await close();
});

it('goes on with the next call after one that was given up', async () => {
  const caller = new AbortController();
  const vendor = await startHttpVendor((hit) => {
    if (hit.body !== 'slow') return { status: 200, body: 'ok' };
    caller.abort();
    return 'hang';
  });
  onTestFinished(vendor.close);
  const { exchange } = transport({ baseUrl: vendor.url, timeoutMs: 5_000 });
  expect(await exchange({ ...REQUEST, body: 'slow' }, caller.signal)).toEqual({ kind: 'fault', sent: 'maybe', code: 'ABORTED' });
  expect(await exchange(REQUEST, never)).toMatchObject({ kind: 'answer', body: 'ok' });
});

it('was not sent when it could not even be put together', async () => {
  const { exchange } = transport({ baseUrl: `http://127.0.0.1:${await testPort()}`, timeoutMs: 5_000 });
  const fault = await exchange({ ...REQUEST, headers: { 'x-key': 'line\nbreak' } }, never);
  expect(fault).toEqual({ kind: 'fault', sent: 'no', code: 'UND_ERR_INVALID_ARG' });
});

it('may be closed twice', async () => {
  const { close } = createTransport({ timeoutMs: 100 });
  await close();
  await close();
});
