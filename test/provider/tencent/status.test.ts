import { expect, it } from 'vitest';
import type { StatusQuery } from '../../../src/provider/contract/provider.ts';
import { MESSAGE, NOW } from '../../conformance/candidate.ts';
import { tencentAnswer, tencentError } from '../../support/vendors/tencent.ts';
import { APP_ID, fake, never, provider } from './given-tencent.ts';

/** Ten minutes ago; the provider's timeout is 2 s. */
const SENT_AT = new Date(NOW.getTime() - 600_000);
const SENT_S = SENT_AT.getTime() / 1000;
const KNOWN: StatusQuery = { id: MESSAGE.id, to: MESSAGE.to, providerMessageId: '5000:1', sentAt: SENT_AT };
/** Of whom nobody knows whether Tencent took it. */
const UNKNOWN: StatusQuery = { id: MESSAGE.id, to: MESSAGE.to, sentAt: SENT_AT };

const record = (given: Readonly<Record<string, unknown>> = {}) => ({
  PhoneNumber: MESSAGE.to,
  SerialNo: '5000:1',
  SendStatus: 3,
  RequestCode: 'Ok',
  StatusCode: '',
  IsoCode: 'MY',
  Content: 'Instance: ****',
  SendTime: SENT_S + 1,
  UserReceiveTime: 0,
  ...given,
});

async function ask(query: StatusQuery, records: readonly unknown[] = [], now = NOW) {
  const tencent = await fake(now);
  tencent.respondWith(() => tencentAnswer({ SendRecordSet: records, TotalCount: records.length }));
  const { status } = await provider({ baseUrl: tencent.url }, new Map(), now);
  return { status: await status?.(query, never), requests: tencent.requests };
}

it("asks once for the phone's records around the attempt", async () => {
  const { requests } = await ask(KNOWN, [record()]);
  expect(requests).toMatchObject([
    {
      valid: true,
      action: 'DescribeSendRecordList',
      params: { PhoneNumber: MESSAGE.to, SmsSdkAppId: APP_ID, BeginTime: SENT_S - 300, EndTime: SENT_S + 302, Limit: 50, Offset: 0 },
    },
  ]);
});

it('names no end that has not come yet', async () => {
  const { requests } = await ask({ ...KNOWN, sentAt: NOW }, [record()]);
  expect(requests[0]?.params).not.toHaveProperty('EndTime');
});

it.each([
  ['under way', { SendStatus: 3 }, { kind: 'pending', providerMessageId: '5000:1' }],
  [
    'delivered',
    { SendStatus: 2, StatusCode: 'DELIVRD', UserReceiveTime: SENT_S + 9 },
    { kind: 'delivered', providerMessageId: '5000:1', at: new Date((SENT_S + 9) * 1000) },
  ],
  ['delivered, at no known moment', { SendStatus: 2 }, { kind: 'delivered', providerMessageId: '5000:1' }],
  [
    'not delivered for a documented reason',
    { SendStatus: 4, StatusCode: 'UNDELIV' },
    { kind: 'undelivered', providerMessageId: '5000:1', code: 'UNDELIV', reason: 'recipient' },
  ],
  ['not delivered', { SendStatus: 4, StatusCode: 'MK:0001' }, { kind: 'undelivered', providerMessageId: '5000:1', code: 'MK:0001' }],
  [
    'never submitted',
    { SendStatus: 1, RequestCode: 'LimitExceeded.PhoneNumberDailyLimit' },
    { kind: 'undelivered', providerMessageId: '5000:1', code: 'LimitExceeded.PhoneNumberDailyLimit' },
  ],
])('finds a text by its serial number: %s', async (_what, given, expected) => {
  const { status } = await ask(KNOWN, [record({ SerialNo: '5000:2' }), record(given)]);
  expect(status).toEqual(expected);
});

it.each([
  ['another status than the four', [record({ SendStatus: 5 })], 'STATUS_NOT_KNOWN'],
  ['a list without it', [record({ SerialNo: '5000:2' })], 'RECORD_NOT_FOUND'],
  ['an empty list', [], 'RECORD_NOT_FOUND'],
])('learns nothing of a text that Tencent took from %s', async (_what, records, code) => {
  expect((await ask(KNOWN, records)).status).toMatchObject({ kind: 'unclear', error: { reason: 'unknown_outcome', code } });
});

it('knows an attempt without a serial number by the only record at its time', async () => {
  expect((await ask(UNKNOWN, [record({ SerialNo: '5000:7' })])).status).toEqual({ kind: 'pending', providerMessageId: '5000:7' });
});

it.each([
  ['two records', [record(), record({ SerialNo: '5000:2' })]],
  ['a record of half a minute earlier', [record({ SendTime: SENT_S - 30 })]],
  ['a record of half a minute later', [record({ SendTime: SENT_S + 30 })]],
])('does not guess from %s', async (_what, records) => {
  expect((await ask(UNKNOWN, records)).status).toMatchObject({ kind: 'unclear', error: { code: 'RECORDS_AMBIGUOUS' } });
});

it.each([
  ['there is no record', []],
  ['there are only records that failed to be submitted', [record({ SendStatus: 1 })]],
])('an attempt is absent when %s', async (_what, records) => {
  expect((await ask(UNKNOWN, records)).status).toEqual({ kind: 'absent' });
});

it('is not sure of that before the records have settled', async () => {
  const at = (ms: number) => new Date(SENT_AT.getTime() + ms);
  expect((await ask(UNKNOWN, [], at(61_999))).status).toMatchObject({ kind: 'unclear', error: { code: 'RECORDS_NOT_SETTLED' } });
  expect((await ask(UNKNOWN, [], at(62_000))).status).toEqual({ kind: 'absent' });
});

it.each([
  ['without the number', { id: MESSAGE.id, sentAt: SENT_AT }, 'PHONE_NOT_KNOWN'],
  ['beyond the 72 hours of the records', { ...UNKNOWN, sentAt: new Date(NOW.getTime() - 72 * 3_600_000) }, 'RECORDS_TOO_OLD'],
])('asks nothing %s', async (_what, query, code) => {
  const { status, requests } = await ask(query);
  expect(status).toMatchObject({ kind: 'unclear', error: { code } });
  expect(requests).toEqual([]);
});

it.each([
  ['an error', tencentError('AuthFailure.SignatureFailure'), { reason: 'auth', code: 'AuthFailure.SignatureFailure' }],
  ['a list that goes on', tencentAnswer({ SendRecordSet: [record()], TotalCount: 2 }), { reason: 'unknown_outcome' }],
  ['a list without its length', tencentAnswer({ SendRecordSet: [] }), { reason: 'unknown_outcome' }],
  ['no list', tencentAnswer({ TotalCount: 0 }), { reason: 'unknown_outcome' }],
  ['a record that cannot be read', tencentAnswer({ SendRecordSet: [null], TotalCount: 1 }), { reason: 'unknown_outcome' }],
  ['a record without a time', tencentAnswer({ SendRecordSet: [record({ SendTime: '1' })], TotalCount: 1 }), { reason: 'unknown_outcome' }],
])('proves nothing by %s', async (_what, reply, error) => {
  const tencent = await fake();
  tencent.respondWith(() => reply);
  const { status } = await provider({ baseUrl: tencent.url });
  expect(await status?.(UNKNOWN, never)).toMatchObject({ kind: 'unclear', error });
});
