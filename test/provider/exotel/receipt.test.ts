import { expect, it } from 'vitest';
import type { ReceiptCall } from '../../../src/provider/contract/receipt-reader.ts';
import { createReceiptReader, providerConfigSchemas } from '../../../src/provider/registry.ts';

/** The fields of https://developer.exotel.com/api-console/send-sms-api-console */
const FIELDS = {
  SmsSid: '0b6c6a98f32682862ce6edf1bdab3526',
  To: '+919876543210',
  Status: 'sent',
  SmsUnits: '1',
  DetailedStatus: 'DELIVERED_TO_HANDSET',
  DetailedStatusCode: '20005',
  DateSent: '2026-11-20 08:30:07',
  CustomField: 'm-1',
};

async function reader() {
  const config = providerConfigSchemas.exotel.parse({ type: 'exotel', sid: 'acme1', token: 't', receiptToken: 'r-token' });
  const made = await createReceiptReader(config, { publicUrl: undefined, providers: new Map() });
  if (made === undefined) throw new Error('no reader');
  return made;
}

function call(fields: Readonly<Record<string, string>>, target = '/v1/receipts/exotel-in?token=r-token'): ReceiptCall {
  const body = new URLSearchParams(fields).toString();
  return { method: 'POST', target, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body };
}

it('reads a receipt as Exotel posts it', async () => {
  const { methods, answer, read, isGenuine } = await reader();
  expect({ methods, answer }).toEqual({ methods: ['POST'], answer: {} });
  expect(isGenuine(call(FIELDS))).toBe(true);
  expect(read(call(FIELDS))).toEqual([{ messageId: 'm-1', providerMessageId: FIELDS.SmsSid, state: 'delivered' }]);
});

it('reads the same fields in JSON', async () => {
  const json: ReceiptCall = {
    ...call({}),
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ ...FIELDS, DetailedStatusCode: 20005, New: { field: 1 } }),
  };
  expect((await reader()).read(json)).toEqual([{ messageId: 'm-1', providerMessageId: FIELDS.SmsSid, state: 'delivered' }]);
});

it('has the reason why a message did not arrive', async () => {
  const { read } = await reader();
  expect(read(call({ ...FIELDS, Status: 'failed_dnd', DetailedStatusCode: '23005' }))).toMatchObject([
    { state: 'undelivered', code: '23005', reason: 'recipient' },
  ]);
  expect(read(call({ ...FIELDS, Status: 'failed', DetailedStatusCode: '23999' }))).toEqual([
    { messageId: 'm-1', providerMessageId: FIELDS.SmsSid, state: 'undelivered', code: '23999' },
  ]);
});

it('takes either id', async () => {
  const { read } = await reader();
  const { CustomField, ...withoutOurs } = FIELDS;
  const { SmsSid, ...withoutTheirs } = FIELDS;
  expect(read(call(withoutOurs))).toEqual([{ providerMessageId: SmsSid, state: 'delivered' }]);
  expect(read(call(withoutTheirs))).toEqual([{ messageId: CustomField, state: 'delivered' }]);
});

it('says so when it cannot read a call', async () => {
  const { read } = await reader();
  const json = (body: string): ReceiptCall => ({ ...call({}), headers: { 'content-type': 'application/json' }, body });
  expect(read(call({}))).toEqual([undefined]);
  expect(read(call({ SmsSid: 'a', Status: 'lost' }))).toEqual([undefined]);
  expect(read(call({ Status: 'sent' }))).toEqual([undefined]);
  for (const body of ['', 'null', '[]', '"sent"', '{']) expect(read(json(body))).toEqual([undefined]);
});

it('is rejected without the token', async () => {
  const { isGenuine } = await reader();
  for (const target of ['/v1/receipts/exotel-in', '/v1/receipts/exotel-in?token=', '/v1/receipts/exotel-in?token=r-token2']) {
    expect(isGenuine(call(FIELDS, target))).toBe(false);
  }
});
