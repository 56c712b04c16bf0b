import { describe, expect, it } from 'vitest';
import type { ReceiptCall } from '../../../src/provider/contract/receipt-reader.ts';
import { createReceiptReader, providerConfigSchemas } from '../../../src/provider/registry.ts';

const MAP = { DELIVRD: 'delivered', REJECTD: 'undelivered', EXPIRED: 'undelivered', ENROUTE: 'pending', 1: 'delivered', true: 'delivered' };
const TARGET = '/v1/receipts/gateway?token=r-token';
const FORM = 'application/x-www-form-urlencoded';

async function reader(receipt: Readonly<Record<string, unknown>> | undefined) {
  const config = providerConfigSchemas.http.parse({ type: 'http', url: 'https://gateway.example/', receiptToken: 'r-token', receipt });
  const made = await createReceiptReader(config, { publicUrl: undefined, providers: new Map() });
  if (made === undefined) throw new Error('no reader');
  return made;
}

const post = (body: string, type = 'application/json', target = TARGET): ReceiptCall => ({
  method: 'POST',
  target,
  headers: { 'content-type': type },
  body,
});
const get = (target: string): ReceiptCall => ({ method: 'GET', target, headers: {}, body: '' });

describe('reads', () => {
  it('one text in JSON', async () => {
    const { read } = await reader({ id: '/sms/id', reference: '/ref', status: '/sms/state', map: MAP, code: '/sms/err' });
    const body = { ref: 'm-1', sms: { id: 77, state: 'REJECTD', err: 'E-17', text: 'more' } };
    expect(read(post(JSON.stringify(body)))).toEqual([{ messageId: 'm-1', providerMessageId: '77', state: 'undelivered', code: 'E-17' }]);
  });

  it('a list, each entry by itself', async () => {
    const { read } = await reader({ id: '/id', status: '/s', map: MAP });
    const body = [{ id: 'a', s: 'DELIVRD' }, { s: 'DELIVRD' }, 'a', null, { id: 'b', s: 'ENROUTE' }];
    const wanted = [
      { providerMessageId: 'a', state: 'delivered' },
      undefined,
      undefined,
      undefined,
      { providerMessageId: 'b', state: 'pending' },
    ];
    expect(read(post(JSON.stringify(body)))).toEqual(wanted);
  });

  it('a list inside an object', async () => {
    const { read } = await reader({ entries: '/results', id: '/id', status: '/status/name', map: MAP });
    const results = [
      { id: 'a', status: { name: 'DELIVRD' } },
      { id: 'b', status: { name: 'EXPIRED' } },
    ];
    expect(read(post(JSON.stringify({ results }), 'text/plain'))).toEqual([
      { providerMessageId: 'a', state: 'delivered' },
      { providerMessageId: 'b', state: 'undelivered' },
    ]);
    expect(read(post('{"result":[]}'))).toEqual([undefined]);
    expect(read(post('{"results":[]}'))).toEqual([]);
  });

  it('a form', async () => {
    const { read } = await reader({ id: '/msg.id', reference: '/a~1b', status: '/st', map: MAP, code: '/code' });
    const body = new URLSearchParams({ 'msg.id': 'gw 1+2', 'a/b': 'm-1', st: 'DELIVRD', code: '0' }).toString();
    expect(read(post(body, `${FORM}; charset=utf-8`))).toEqual([{ messageId: 'm-1', providerMessageId: 'gw 1+2', state: 'delivered' }]);
  });

  it('a query', async () => {
    const { methods, answer, read } = await reader({ reference: '/ref', status: '/status', map: MAP });
    expect({ methods, answer }).toEqual({ methods: ['GET', 'POST'], answer: {} });
    expect(read(get(`${TARGET}&ref=m-1&status=1`))).toEqual([{ messageId: 'm-1', state: 'delivered' }]);
    expect(read({ ...get(`${TARGET}&ref=m-1&status=1`), method: 'POST' })).toEqual([{ messageId: 'm-1', state: 'delivered' }]);
  });

  it('our id in the query of a call with a body', async () => {
    const { read } = await reader({ reference: '/ref', status: '/status', map: MAP });
    expect(read(post('{"status":true}', 'application/json', `${TARGET}&ref=m-1`))).toEqual([{ messageId: 'm-1', state: 'delivered' }]);
    expect(read(post('status=DELIVRD', FORM, `${TARGET}&ref=m-1`))).toEqual([{ messageId: 'm-1', state: 'delivered' }]);
  });

  it('a word that the map does not hold as pending, even one that every object has', async () => {
    const { read } = await reader({ reference: '/ref', status: '/status', map: MAP });
    for (const status of ['BUFFERED', 'constructor', 'delivrd', '']) {
      expect(read(post(JSON.stringify({ ref: 'm-1', status })))).toEqual([{ messageId: 'm-1', state: 'pending' }]);
    }
  });

  it('no code that may be a phone number, nor one of a text that arrived', async () => {
    const { read } = await reader({ reference: '/ref', status: '/status', map: MAP, code: '/code' });
    const failed = (code: unknown) => read(post(JSON.stringify({ ref: 'm-1', status: 'REJECTD', code })));
    for (const code of ['60123456789', 'no such number', {}, null])
      expect(failed(code)).toEqual([{ messageId: 'm-1', state: 'undelivered' }]);
    expect(read(post('{"ref":"m-1","status":"DELIVRD","code":"E1"}'))).toEqual([{ messageId: 'm-1', state: 'delivered' }]);
  });
});

it.each([
  ['nothing', post('')],
  ['no JSON', post('<xml/>')],
  ['null', post('null')],
  ['text', post('"m-1"')],
  ['no status', post('{"ref":"m-1"}')],
  ['no id', post('{"status":"DELIVRD"}')],
  ['an id that is none', post(`{"status":"DELIVRD","ref":{}}`)],
  ['an id of any length', post(JSON.stringify({ status: 'DELIVRD', ref: 'x'.repeat(129) }))],
  ['a query with nothing in it', get(TARGET)],
])('says that it cannot read %s', async (_what, call) => {
  expect((await reader({ reference: '/ref', status: '/status', map: MAP })).read(call)).toEqual([undefined]);
});

it('is rejected without the token', async () => {
  const { isGenuine } = await reader({ reference: '/ref', status: '/status', map: MAP });
  expect(isGenuine(get(`${TARGET}&ref=m-1`))).toBe(true);
  expect(isGenuine(get('/v1/receipts/gateway?ref=m-1'))).toBe(false);
  expect(isGenuine(get('/v1/receipts/gateway?token=r-toke'))).toBe(false);
});

it('is always rejected where the config does not define how to read it', async () => {
  const { isGenuine, read } = await reader(undefined);
  expect(isGenuine(get(TARGET))).toBe(false);
  expect(read(get(TARGET))).toEqual([]);
});
