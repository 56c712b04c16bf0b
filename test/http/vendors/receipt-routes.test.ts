import { describe, expect, test } from 'vitest';
import type { ReceiptDeps } from '../../../src/http/vendors/vendor-routes.ts';
import {
  hasReceiptToken,
  type ReceiptCall,
  type ReceiptReader,
  type VendorReceipt,
} from '../../../src/provider/contract/receipt-reader.ts';
import { RedisUnavailableError } from '../../../src/redis/unavailable.ts';
import { Secret } from '../../../src/setting/secret.ts';
import { openTestServer, problemOf } from '../test-server.ts';

const TOKEN = new Secret('the-token');
const URL = '/v1/receipts/gateway?token=the-token';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** Ids separated by commas, as a body or as `?ids=`; `?` is an entry that cannot be read. */
function listReader(calls: ReceiptCall[], methods: ReceiptReader['methods'] = ['POST']): ReceiptReader {
  return {
    methods,
    isGenuine: (call) => hasReceiptToken(call, TOKEN),
    read: (call) => {
      calls.push(call);
      const ids = (call.method === 'GET' ? (new globalThis.URL(call.target, 'http://x').searchParams.get('ids') ?? '') : call.body).split(
        ',',
      );
      return ids.filter((id) => id !== '').map((id) => (id === '?' ? undefined : { providerMessageId: id, state: 'delivered' }));
    },
    answer: { code: 0, msg: 'OK' },
  };
}

async function open(over: { enqueue?: ReceiptDeps['enqueue']; limits?: { answerWithinMs: number }; tokens?: Secret[] } = {}) {
  const calls: ReceiptCall[] = [];
  const queued: [string, readonly VendorReceipt[]][] = [];
  const counted: [string, string][] = [];
  const server = await openTestServer({
    http: { tokens: over.tokens ?? [] },
    ...(over.limits === undefined ? {} : { limits: over.limits }),
    receipts: {
      sources: new Map([
        ['gateway', { type: 'http', reader: listReader(calls) }],
        ['caller', { type: 'exotel', reader: listReader(calls, ['GET', 'POST']) }],
        ['aws', { type: 'sns', reader: undefined }],
      ]),
      enqueue: over.enqueue ?? (async (...args) => void queued.push(args)),
      count: (...args) => void counted.push(args),
    },
  });
  return { server, calls, queued, counted };
}

describe('a receipt that proves itself', () => {
  test('is queued, and answered as the vendor expects', async () => {
    const { server, queued, counted } = await open();
    const response = await server.post(URL, 'a', FORM);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ code: 0, msg: 'OK' });
    expect(queued).toEqual([['gateway', [{ providerMessageId: 'a', state: 'delivered' }]]]);
    expect(counted).toEqual([]);
  });

  test('is read without the byte order mark before it', async () => {
    const { server, queued } = await open();
    expect((await server.post(URL, '\ufeffa', FORM)).status).toBe(200);
    expect(queued).toEqual([['gateway', [{ providerMessageId: 'a', state: 'delivered' }]]]);
  });

  test('needs no bearer token', async () => {
    const { server } = await open({ tokens: [new Secret('sesame')] });
    expect((await server.post(URL, 'a', FORM)).status).toBe(200);
  });

  test('comes with others in one call, and all go to the queue in one', async () => {
    const { server, queued } = await open();
    const ids = Array.from({ length: 500 }, (_, index) => `id-${index}`);
    expect((await server.post(URL, ids.join(), FORM)).status).toBe(200);
    expect(queued).toHaveLength(1);
    expect(queued[0]?.[1].map(({ providerMessageId }) => providerMessageId)).toEqual(ids);
  });

  test('comes by GET where the vendor calls so, and only there', async () => {
    const { server, queued } = await open();
    expect((await server.get('/v1/receipts/caller?token=the-token&ids=a')).status).toBe(200);
    expect(queued).toEqual([['caller', [{ providerMessageId: 'a', state: 'delivered' }]]]);
    const refused = await server.get(`${URL}&ids=a`);
    expect(refused.status).toBe(405);
    expect(refused.headers.get('allow')).toBe('POST');
    for (const method of ['PUT', 'DELETE', 'OPTIONS', 'HEAD']) {
      expect((await fetch(server.url + URL, { method })).status, method).toBe(405);
    }
    expect(queued).toHaveLength(1);
  });

  test.each([
    ['JSON', 'application/json', '{"a" : [1,  2]}'],
    ['JSON that is none', 'application/json; charset=utf-8', '{"a" : '],
    ['a form', 'application/x-www-form-urlencoded; charset=UTF-8', 'To=%2B60123456789&Body=a+b%20c&Body='],
    ['text', 'text/plain', 'id:1 stat:DELIVRD 你好\r\n'],
    ['XML', 'application/xml', '<a/>'],
  ])('reaches its reader byte for byte: %s', async (_what, type, body) => {
    const { server, calls } = await open();
    const target = `${URL}&x=a%20b+c%2f&y=%E4%BD%A0`;
    await server.post(target, body, { 'content-type': type, 'X-Signature': 'AbC=' });
    expect(calls).toMatchObject([{ method: 'POST', target, body, headers: { 'x-signature': 'AbC=', 'content-type': type } }]);
  });

  test('may have no body and no content type', async () => {
    const { server, calls } = await open();
    expect((await fetch(server.url + URL, { method: 'POST' })).status).toBe(200);
    expect(calls).toMatchObject([{ body: '' }]);
  });
});

describe('a receipt is turned away', () => {
  test.each([
    ['without a token', '/v1/receipts/gateway'],
    ['with a wrong one', '/v1/receipts/gateway?token=the-token2'],
    ['with an empty one', '/v1/receipts/gateway?token='],
  ])('%s: 403, counted, and not even read', async (_what, path) => {
    const { server, calls, queued, counted } = await open();
    const response = await server.post(path, 'a', FORM);
    expect(response.status).toBe(403);
    expect(await problemOf(response)).toMatchObject({ kind: 'forged-receipt' });
    expect({ calls, queued, counted }).toEqual({ calls: [], queued: [], counted: [['gateway', 'forged']] });
  });

  test('when nothing in it can be read: 400, and counted', async () => {
    const { server, queued, counted } = await open();
    const response = await server.post(URL, '?,?', FORM);
    expect(response.status).toBe(400);
    expect(await problemOf(response)).toMatchObject({ kind: 'unreadable-receipt' });
    expect({ queued, counted }).toEqual({ queued: [], counted: Array(2).fill(['gateway', 'unreadable']) });
  });

  test('but not with its batch: what can be read is taken, and the rest counted', async () => {
    const { server, queued, counted } = await open();
    expect((await server.post(URL, 'a,?,b', FORM)).status).toBe(200);
    expect(queued[0]?.[1].map(({ providerMessageId }) => providerMessageId)).toEqual(['a', 'b']);
    expect(counted).toEqual([['gateway', 'unreadable']]);
  });

  test('never for being an empty batch', async () => {
    const { server, queued, counted } = await open();
    expect((await server.post(URL, '', FORM)).status).toBe(200);
    expect({ queued, counted }).toEqual({ queued: [], counted: [] });
  });

  test.each([
    ['nobody', 'No provider of this name is configured.'],
    ['aws', 'Receipts of sns are not supported.'],
    ['__proto__', 'No provider of this name is configured.'],
  ])('for %s: 404', async (name, detail) => {
    const { server, counted } = await open();
    const response = await server.post(`/v1/receipts/${name}?token=the-token`, 'a', FORM);
    expect(response.status).toBe(404);
    expect(await problemOf(response)).toMatchObject({ kind: 'not-found', detail });
    expect(counted).toEqual([]);
  });

  test.each([
    ['application/json', '{}'],
    ['application/x-www-form-urlencoded', 'a='],
  ])('when it is larger than 1 MiB: 413 (%s)', async (type, body) => {
    const { server, calls } = await open();
    const response = await server.post(URL, body.padEnd(1024 * 1024 + 1, 'x'), { 'content-type': type });
    expect(response.status).toBe(413);
    expect(calls).toEqual([]);
    expect((await server.post(URL, body.padEnd(1024 * 1024, 'x'), { 'content-type': type })).status).toBe(200);
  });

  test('when it is compressed: 415', async () => {
    const { server } = await open();
    expect((await server.post(URL, 'a', { ...FORM, 'content-encoding': 'gzip' })).status).toBe(415);
  });

  test.each<[string, ReceiptDeps['enqueue']]>([
    ['away', () => Promise.reject(new RedisUnavailableError(new Error('Connection is closed.')))],
    ['frozen', () => new Promise(() => undefined)],
  ])('while Redis is %s: 503, so that the vendor comes again', async (_what, enqueue) => {
    const { server } = await open({ enqueue, limits: { answerWithinMs: 100 } });
    const response = await server.post(URL, 'a', FORM);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).not.toBeNull();
    expect(await problemOf(response)).toMatchObject({ kind: 'redis-unavailable' });
  });
});

test('forms are for receipts only', async () => {
  const { server } = await open();
  const response = await server.post('/v1/alerts', 'a=1', FORM);
  expect(response.status).toBe(415);
  expect(await problemOf(response)).toMatchObject({ kind: 'unsupported-media-type' });
});

test('no content of a receipt is logged', async () => {
  const { server } = await open();
  await server.post(`${URL}&to=60123456789`, '60123456789', FORM);
  await server.post('/v1/receipts/60123456789?token=x60123456789', '60123456789', FORM);
  expect(JSON.stringify(server.lines)).not.toMatch(/23456|the-token/);
});
