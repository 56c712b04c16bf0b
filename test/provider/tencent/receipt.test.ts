import { expect, it } from 'vitest';
import type { ReceiptCall } from '../../../src/provider/contract/receipt-reader.ts';
import { providerConfigSchemas } from '../../../src/provider/registry.ts';
import { createTencentReceiptReader, TENCENT_RECEIPT_CODES } from '../../../src/provider/tencent/receipt.ts';

const CONFIG = { type: 'tencent', secretId: 'AKID', secretKey: 'key', appId: '1400006666', templateId: '1' };
/** The example of https://www.tencentcloud.com/document/product/382/43547 */
const DELIVERED = {
  user_receive_time: '2015-10-17 08:03:04',
  nationcode: '86',
  mobile: '13xxxxxxxxx',
  report_status: 'SUCCESS',
  errmsg: 'DELIVRD',
  description: 'The SMS message is successfully delivered',
  sid: '5000:1',
};

function reader(given: Readonly<Record<string, unknown>> = { receiptToken: 't0ken' }) {
  return createTencentReceiptReader(providerConfigSchemas.tencent.parse({ ...CONFIG, ...given }), {
    publicUrl: undefined,
    providers: new Map(),
  });
}

function call(body: unknown, target = '/v1/receipts/tencent-cn?token=t0ken'): ReceiptCall {
  return { method: 'POST', target, headers: {}, body: typeof body === 'string' ? body : JSON.stringify(body) };
}

it('takes POSTs with the right token only, and answers as Tencent wants', () => {
  const { methods, answer, isGenuine } = reader();
  expect({ methods, answer }).toEqual({ methods: ['POST'], answer: { result: 0, errmsg: 'OK' } });
  expect(isGenuine(call([]))).toBe(true);
  for (const target of ['/v1/receipts/tencent-cn', '/v1/receipts/tencent-cn?token=', '/v1/receipts/tencent-cn?token=other']) {
    expect(isGenuine(call([], target))).toBe(false);
  }
});

it('rejects every caller without a token in the config', () => {
  expect(reader({}).isGenuine(call([], '/v1/receipts/tencent-cn?token='))).toBe(false);
});

it('reads a batch, one entry a text', () => {
  const failed = { ...DELIVERED, report_status: 'FAIL', errmsg: 'UNDELIV', sid: '5000:2', news: { from: 'Tencent' } };
  expect(reader().read(call([DELIVERED, failed]))).toEqual([
    { providerMessageId: '5000:1', state: 'delivered', at: new Date('2015-10-17T00:03:04.000Z') },
    { providerMessageId: '5000:2', state: 'undelivered', code: 'UNDELIV', reason: 'recipient' },
  ]);
});

it.each([...TENCENT_RECEIPT_CODES])('%s is %s', (errmsg, reason) => {
  expect(reader().read(call([{ ...DELIVERED, report_status: 'FAIL', errmsg }]))).toEqual([
    { providerMessageId: '5000:1', state: 'undelivered', code: errmsg, reason },
  ]);
});

it("shows a carrier's own code without a guess, and nothing that may be a number", () => {
  const read = (errmsg: unknown) => reader().read(call([{ ...DELIVERED, report_status: 'FAIL', errmsg }]))[0];
  expect(read('MK:0001')).toEqual({ providerMessageId: '5000:1', state: 'undelivered', code: 'MK:0001' });
  expect(read('13812345678')).toEqual({ providerMessageId: '5000:1', state: 'undelivered' });
  expect(read(undefined)).toEqual({ providerMessageId: '5000:1', state: 'undelivered' });
});

it.each(['SENDING', '', 1, null, undefined])('takes no other word for the last one: %j', (report_status) => {
  expect(reader().read(call([{ ...DELIVERED, report_status }]))).toEqual([{ providerMessageId: '5000:1', state: 'pending' }]);
});

it('knows no moment that it cannot read', () => {
  expect(reader().read(call([{ ...DELIVERED, user_receive_time: 'yesterday' }]))).toEqual([
    { providerMessageId: '5000:1', state: 'delivered' },
  ]);
});

it('reads the others beside an entry that cannot be read', () => {
  const entries = [null, 'x', 7, {}, { ...DELIVERED, sid: '' }, { ...DELIVERED, sid: {} }, DELIVERED];
  expect(
    reader()
      .read(call(entries))
      .map((receipt) => receipt?.state),
  ).toEqual([...Array.from({ length: 6 }, () => undefined), 'delivered']);
});

it('reads a single receipt outside a list', () => {
  expect(reader().read(call(DELIVERED))).toMatchObject([{ state: 'delivered' }]);
});

it.each(['', 'null', '{}', '"x"', '['])('cannot read a body that holds no receipt: %s', (body) => {
  expect(reader().read(call(body))).toEqual([undefined]);
});

it('an empty batch holds nothing', () => {
  expect(reader().read(call([]))).toEqual([]);
});
