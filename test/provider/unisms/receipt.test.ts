import { expect, it } from 'vitest';
import type { ReceiptCall, ReceiptReader } from '../../../src/provider/contract/receipt-reader.ts';
import { createReceiptReader, providerConfigSchemas } from '../../../src/provider/registry.ts';

const TARGET = '/v1/receipts/unisms-cn?token=the-token';

async function reader(receiptToken: string | undefined = 'the-token'): Promise<ReceiptReader> {
  const config = providerConfigSchemas.unisms.parse({ type: 'unisms', accessKeyId: 'k', signature: 's', templateId: 't', receiptToken });
  return (await createReceiptReader(config, { publicUrl: undefined, providers: new Map() })) as ReceiptReader;
}

const call = (body: unknown, target = TARGET): ReceiptCall => ({
  method: 'POST',
  target,
  headers: { 'content-type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

/** As the documents show it. */
const REPORT = {
  id: 'b3f6106a6135ad78d6ac3f232bbf1812',
  status: 'delivered',
  to: '+8618600001234',
  regionCode: 'CN',
  countryCode: '86',
  messageCount: 1,
  price: '0.040000',
  currency: 'CNY',
  errorCode: 'DELIVRD',
  errorMessage: '发送成功',
  submitDate: '2022-03-07T05:18:00.252Z',
  doneDate: '2022-03-07T05:18:03.252Z',
};

it('reads the report that the vendor documents', async () => {
  const { methods, read, answer } = await reader();
  expect(read(call(REPORT))).toEqual([{ providerMessageId: REPORT.id, state: 'delivered', at: new Date(REPORT.doneDate) }]);
  expect({ methods, answer }).toEqual({ methods: ['POST'], answer: {} });
});

it('reads several in one call', async () => {
  const { read } = await reader();
  expect(read(call([REPORT, { id: 'b', status: 'sent' }, 'x']))).toMatchObject([{ state: 'delivered' }, { state: 'pending' }, undefined]);
});

it.each([
  ['delivered', 'DELIVRD', { state: 'delivered' }],
  ['Delivered', undefined, { state: 'delivered' }],
  ['sent', 'ACCEPTD', { state: 'pending' }],
  ['sent', 'REJECTD', { state: 'pending' }],
  ['pending', undefined, { state: 'pending' }],
  ['undelivered', 'UNDELIV', { state: 'undelivered', code: 'UNDELIV', reason: 'recipient' }],
  ['failed', 'EXPIRED', { state: 'undelivered', code: 'EXPIRED', reason: 'recipient' }],
  ['failed', 'REJECTD', { state: 'undelivered', code: 'REJECTD', reason: 'content' }],
  ['rejected', 'MK.0012', { state: 'undelivered', code: 'MK.0012', reason: 'content' }],
  ['failed', undefined, { state: 'undelivered', code: 'failed' }],
  ['failed', '+8618600001234', { state: 'undelivered', code: 'failed' }],
  // Words that no page lists: the carrier's code decides.
  ['arrived', 'DELIVRD', { state: 'delivered' }],
  ['blocked', 'UNDELIV', { state: 'undelivered', code: 'UNDELIV', reason: 'recipient' }],
  ['blocked', 'MK.0012', { state: 'undelivered', code: 'MK.0012' }],
  ['waiting', 'ENROUTE', { state: 'pending' }],
  ['waiting', undefined, { state: 'pending' }],
])('%s with %s', async (status, errorCode, expected) => {
  const { read } = await reader();
  expect(read(call({ id: 'a', status, errorCode }))).toEqual([{ providerMessageId: 'a', ...expected }]);
});

it.each([undefined, 'yesterday', '2022-03-07 05:18:03', '2022-03-07T05:18:03', '2022-99-07T05:18:03Z', 5])(
  'reads no time from %s, whose moment or zone is unknown',
  async (doneDate) => {
    const { read } = await reader();
    expect(read(call({ ...REPORT, doneDate }))).toEqual([{ providerMessageId: REPORT.id, state: 'delivered' }]);
  },
);

it.each(['', '<xml/>', 'null', '5', '{"id":"a",}', '{}', '{"id":"a"}', '{"status":"delivered"}', '{"id":{},"status":"delivered"}'])(
  'cannot read %s',
  async (body) => {
    const { read } = await reader();
    expect(read(call(body))).toEqual([undefined]);
  },
);

it('takes the token for its proof, and nothing else', async () => {
  const { isGenuine } = await reader();
  expect(isGenuine(call(REPORT))).toBe(true);
  for (const target of ['/v1/receipts/unisms-cn', '/v1/receipts/unisms-cn?token=', '/v1/receipts/unisms-cn?token=other']) {
    expect(isGenuine(call(REPORT, target))).toBe(false);
  }
  const config = providerConfigSchemas.unisms.parse({ type: 'unisms', accessKeyId: 'k', signature: 's', templateId: 't' });
  const tokenless = await createReceiptReader(config, { publicUrl: undefined, providers: new Map() });
  expect(tokenless?.isGenuine(call(REPORT, '/v1/receipts/unisms-cn?token='))).toBe(false);
});
