import { expect, test } from 'vitest';
import type { InboundDeps } from '../../../src/http/vendors/vendor-routes.ts';
import type { InboundReader, VendorInbound } from '../../../src/provider/contract/receipt-reader.ts';
import { RedisUnavailableError } from '../../../src/redis/unavailable.ts';
import { Secret } from '../../../src/setting/secret.ts';
import { openTestServer, problemOf } from '../test-server.ts';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** A body `from text`; the seal is a header. */
const reader: InboundReader = {
  isGenuine: ({ headers }) => headers['x-seal'] === 'right',
  read: ({ body }) => {
    const [from, text] = body.split(' ');
    return from === undefined || text === undefined ? undefined : { providerMessageId: 'SM1', from, text };
  },
  answer: { type: 'text/xml', body: '<Response/>' },
};

async function open(over: { enqueue?: InboundDeps['enqueue']; limits?: { answerWithinMs: number } } = {}) {
  const queued: [string, VendorInbound][] = [];
  const counted: [string, string][] = [];
  const server = await openTestServer({
    http: { tokens: [new Secret('the-token')] },
    ...(over.limits === undefined ? {} : { limits: over.limits }),
    inbound: {
      sources: new Map([
        ['vendor', { type: 'twilio', reader }],
        ['aws', { type: 'sns', reader: undefined }],
      ]),
      enqueue: async (provider, inbound) => {
        if (over.enqueue !== undefined) return over.enqueue(provider, inbound);
        queued.push([provider, inbound]);
      },
      count: (...args) => void counted.push(args),
    },
  });
  const post = (path: string, body: string, seal = 'right') => server.post(path, body, { ...FORM, 'x-seal': seal });
  return { server, post, queued, counted };
}

test('a text that proves itself is queued without a token of ours, and answered as the vendor expects', async () => {
  const { post, queued, counted } = await open();
  const response = await post('/v1/inbound/vendor', '+60123456789 STOP');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/xml\b/);
  expect(await response.text()).toBe('<Response/>');
  expect(queued).toEqual([['vendor', { providerMessageId: 'SM1', from: '+60123456789', text: 'STOP' }]]);
  expect(counted).toEqual([]);
});

test.each(['12345', 'BANK', '+22507123456', 'whatsapp:+60123456789'])('one from %s is taken: a STOP is never lost', async (from) => {
  const { post, queued, counted } = await open();
  expect((await post('/v1/inbound/vendor', `${from} STOP`)).status).toBe(200);
  expect(queued).toEqual([['vendor', { providerMessageId: 'SM1', from, text: 'STOP' }]]);
  expect(counted).toEqual([]);
});

test('a text with a byte order mark before it is read without the mark', async () => {
  const { post, queued } = await open();
  expect((await post('/v1/inbound/vendor', '\ufeff+60123456789 STOP')).status).toBe(200);
  expect(queued).toMatchObject([['vendor', { from: '+60123456789', text: 'STOP' }]]);
});

test('a forged one is refused, counted, and not even read', async () => {
  const { post, queued, counted } = await open();
  const response = await post('/v1/inbound/vendor', '+60123456789 STOP', 'wrong');
  expect(response.status).toBe(403);
  expect(await problemOf(response)).toMatchObject({ kind: 'forged-inbound' });
  expect({ queued, counted }).toEqual({ queued: [], counted: [['vendor', 'forged']] });
});

test.each(['nothing'])('one that cannot be read is refused and counted: %s', async (body) => {
  const { post, counted } = await open();
  const response = await post('/v1/inbound/vendor', body);
  expect(response.status).toBe(400);
  expect(await problemOf(response)).toMatchObject({ kind: 'unreadable-inbound' });
  expect(counted).toEqual([['vendor', 'unreadable']]);
});

test.each([
  ['nobody', 'No provider of this name is configured.'],
  ['aws', 'Inbound messages of sns are not supported.'],
])('for %s: 404', async (name, detail) => {
  const { post } = await open();
  const response = await post(`/v1/inbound/${name}`, '+60123456789 STOP');
  expect(response.status).toBe(404);
  expect(await problemOf(response)).toMatchObject({ detail });
});

test('only by POST', async () => {
  const { server } = await open();
  expect((await server.get('/v1/inbound/vendor')).status).toBe(405);
});

test.each<[string, InboundDeps['enqueue']]>([
  ['away', () => Promise.reject(new RedisUnavailableError(new Error('Connection is closed.')))],
  ['frozen', () => new Promise(() => undefined)],
])('while Redis is %s: 503, counted as nothing', async (_what, enqueue) => {
  const { post, counted } = await open({ enqueue, limits: { answerWithinMs: 100 } });
  expect((await post('/v1/inbound/vendor', '+60123456789 STOP')).status).toBe(503);
  expect(counted).toEqual([]);
});

test('neither the text of a message nor its sender is logged', async () => {
  const { server, post } = await open();
  await post('/v1/inbound/vendor', '+60123456789 secret-words');
  await post('/v1/inbound/vendor', '+60123456789 secret-words', 'wrong');
  expect(JSON.stringify(server.lines)).not.toMatch(/23456|secret-words/);
});
