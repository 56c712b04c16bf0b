import { expect, it } from 'vitest';
import type { ReceiptCall, ReceiptReader } from '../../../src/provider/contract/receipt-reader.ts';
import { createReceiptReader, providerConfigSchemas } from '../../../src/provider/registry.ts';

const PATH = '/v1/receipts/smslocal-in?token=the-token';

async function reader(): Promise<ReceiptReader> {
  const config = providerConfigSchemas.smslocal.parse({ type: 'smslocal', apiKey: 'k', receiptToken: 'the-token' });
  return (await createReceiptReader(config, { publicUrl: undefined, providers: new Map() })) as ReceiptReader;
}

const get = (query: string): ReceiptCall => ({ method: 'GET', target: `${PATH}&${query}`, headers: {}, body: '' });
const post = (body: string, query = ''): ReceiptCall => ({ method: 'POST', target: PATH + query, headers: {}, body });

it.each([
  ['a GET', get('msgid=a-1&status=Delivrd&errorcode=0&subdate=2611200300&donedate=2611200301')],
  ['a POST of JSON', post('{"msgid":"a-1","status":"Delivrd","errorcode":0}')],
  ['a POST of a list', post('[{"msgId":"a-1","Status":"DELIVRD","errorCode":"000"}]')],
  ['a POST of a form', post('msgid=a-1&status=delivrd&errorcode=0')],
  ['a POST with all in its query', post('', '&msgid=a-1&status=Delivered')],
  ['a POST with its id in the query', post('{"status":"Delivered"}', '&msgid=a-1')],
  ['an id by its other name', post('{"id":"a-1","status":"Delivrd"}')],
])('reads %s', async (_what, call) => {
  const { read, isGenuine } = await reader();
  expect(isGenuine(call)).toBe(true);
  expect(read(call)).toEqual([{ providerMessageId: 'a-1', state: 'delivered' }]);
});

it.each([
  ['status=Failed&errorcode=27', { state: 'undelivered', code: '27' }],
  ['status=Failed&errorcode=0', { state: 'undelivered', code: 'Failed' }],
  ['status=Failed&errorcode=200', { state: 'undelivered', code: 'Failed' }],
  ['status=Undeliv', { state: 'undelivered', code: 'Undeliv', reason: 'recipient' }],
  ['status=Rejectd&errorcode=8', { state: 'undelivered', code: '8', reason: 'content' }],
  ['status=Expired&errorcode=%2B60123456789', { state: 'undelivered', code: 'Expired', reason: 'recipient' }],
  ['status=Sent', { state: 'pending' }],
  ['status=Enroute', { state: 'pending' }],
  ['status=Somewhere&errorcode=5', { state: 'pending' }],
])('%s', async (query, expected) => {
  const { read } = await reader();
  expect(read(get(`msgid=a-1&${query}`))).toEqual([{ providerMessageId: 'a-1', ...expected }]);
});

it.each([
  ['nothing', get('')],
  ['no status', get('msgid=a-1')],
  ['no id', get('status=Delivrd')],
  ['an empty id', get('msgid=&status=Delivrd')],
  ['a reply of the recipient', get('msgid=a-1&direction=mo&status=Delivrd&content=stop')],
  ['XML', post('<report/>')],
  ['a word', post('"Delivrd"')],
  ['a list of words', post('["Delivrd"]')],
])('cannot read %s', async (_what, call) => {
  const { read } = await reader();
  expect(read(call)).toEqual([undefined]);
});

it('takes the token for its proof, and says that it has it', async () => {
  const { isGenuine, methods, answer } = await reader();
  expect(isGenuine({ ...post('{}'), target: '/v1/receipts/smslocal-in?token=other' })).toBe(false);
  expect(isGenuine({ ...post('{"token":"the-token"}'), target: '/v1/receipts/smslocal-in' })).toBe(false);
  expect({ methods, answer }).toEqual({ methods: ['GET', 'POST'], answer: {} });
});
