import { expect, it, onTestFinished } from 'vitest';
import type { E164 } from '../../../src/alert/phone/phone.ts';
import type { StatusQuery } from '../../../src/provider/contract/provider.ts';
import { createProvider, providerConfigSchemas } from '../../../src/provider/registry.ts';
import { noDeps } from '../../conformance/no-deps.ts';
import { type AlibabaRecord, alibabaAnswer, startFakeAlibaba } from '../../support/vendors/alibaba.ts';

const KEY = { accessKeyId: 'LTAI-key', accessKeySecret: 'the-key-secret' };
const never = new AbortController().signal;

const TO = '+8613800138000' as E164;
/** 11:00 in Beijing. */
const SENT_AT = new Date('2026-11-20T03:00:00.000Z');
const QUERY: StatusQuery = { id: 'm-1', to: TO, sentAt: SENT_AT };
const RECORD: AlibabaRecord = { phone: '13800138000', day: '20261120', bizId: '1^0', outId: 'm-1', status: 1 };
const ANOTHER: AlibabaRecord = { ...RECORD, bizId: '2^0', outId: 'm-2', status: 3 };

async function fake(records: readonly AlibabaRecord[] = []) {
  const alibaba = await startFakeAlibaba({ ...KEY, now: () => now });
  onTestFinished(alibaba.close);
  alibaba.records.push(...records);
  let now = SENT_AT;
  const ask = async (query: Partial<StatusQuery> = {}, afterMs = 600_000) => {
    const asked = { ...QUERY, ...query };
    now = new Date(asked.sentAt.getTime() + afterMs);
    const config = providerConfigSchemas.alibaba.parse({
      type: 'alibaba',
      ...KEY,
      signName: 's',
      templateCode: 'SMS_1',
      baseUrl: alibaba.url,
    });
    const provider = await createProvider('alibaba-cn', config, { clock: { now: () => now }, ...noDeps });
    onTestFinished(() => provider.close());
    return provider.status?.(asked, never);
  };
  return { alibaba, ask };
}

it.each([
  [{ status: 1 }, { kind: 'pending' }],
  [
    { status: 3, errCode: 'DELIVERED', receiveDate: '2026-11-20 11:00:05' },
    { kind: 'delivered', at: new Date('2026-11-20T03:00:05Z') },
  ],
  [{ status: 3 }, { kind: 'delivered' }],
  [
    { status: 2, errCode: 'MOBILE_NOT_ON_SERVICE', receiveDate: '2026-11-20 11:00:05' },
    { kind: 'undelivered', code: 'MOBILE_NOT_ON_SERVICE', reason: 'recipient' },
  ],
  [
    { status: 2, errCode: 'MK:0001' },
    { kind: 'undelivered', code: 'MK:0001' },
  ],
  [{ status: 2 }, { kind: 'undelivered' }],
])('finds a text by our id among the others of the day: %o is %o', async (said, status) => {
  const { alibaba, ask } = await fake([ANOTHER, { ...RECORD, ...said }]);
  expect(await ask()).toEqual(status);
  expect(alibaba.requests.map(({ action, params }) => ({ action, params }))).toEqual([
    { action: 'QuerySendDetails', params: { PhoneNumber: '13800138000', SendDate: '20261120', PageSize: '20', CurrentPage: '1' } },
  ]);
});

it('asks by the id of the vendor where it is known, and takes a record without ours', async () => {
  const { alibaba, ask } = await fake([ANOTHER, { phone: '13800138000', day: '20261120', bizId: '1^0', status: 3 }]);
  expect(await ask({ providerMessageId: '1^0' })).toEqual({ kind: 'delivered' });
  expect(alibaba.requests[0]?.params.BizId).toBe('1^0');
  expect(await ask()).toEqual({ kind: 'absent' });
});

it('does not take a text of another id for ours, though the vendor lists it under that id', async () => {
  const { ask } = await fake([{ ...ANOTHER, bizId: '1^0' }]);
  expect(await ask({ providerMessageId: '1^0' })).toMatchObject({ kind: 'unclear', error: { code: 'RECORD_MISSING' } });
});

it('a text that went out twice has arrived when one of them has', async () => {
  const { ask } = await fake([
    { ...RECORD, status: 2 },
    { ...RECORD, bizId: '9^0', status: 3 },
  ]);
  expect(await ask()).toEqual({ kind: 'delivered' });
});

it('a text that is nowhere in complete records, and not just sent, was never taken', async () => {
  const { ask } = await fake([ANOTHER]);
  expect(await ask({}, 120_000)).toEqual({ kind: 'absent' });
});

it.each([
  ['was sent just now', {}, 119_999, 'TOO_EARLY'],
  ['is older than the records are kept', {}, 29.5 * 86_400_000, 'TOO_LATE'],
  ['was taken, as the vendor said then', { providerMessageId: '1^0' }, 600_000, 'RECORD_MISSING'],
  ['may stand under a day that has not begun', { sentAt: new Date('2026-11-20T15:50:00Z') }, 300_000, 'TOO_EARLY'],
])('that a text is not found proves nothing when it %s', async (_when, query, afterMs, code) => {
  const { ask } = await fake();
  expect(await ask(query, afterMs)).toMatchObject({ kind: 'unclear', error: { reason: 'unknown_outcome', code } });
});

it.each([
  ['before midnight', '2026-11-20T15:50:00Z', ['20261120', '20261121']],
  ['after midnight', '2026-11-20T16:10:00Z', ['20261120', '20261121']],
  ['at noon', '2026-11-20T04:00:00Z', ['20261120']],
])('looks under every day that a text sent %s may stand under', async (_when, sentAt, days) => {
  const { alibaba, ask } = await fake();
  expect(await ask({ sentAt: new Date(sentAt) }, 1_200_000)).toEqual({ kind: 'absent' });
  expect(alibaba.requests.map(({ params }) => params.SendDate)).toEqual(days);
});

it('turns the pages as far as needed', async () => {
  const others = Array.from({ length: 45 }, (_, index) => ({ ...ANOTHER, bizId: `${index}^9`, outId: `other-${index}` }));
  const { alibaba, ask } = await fake([...others, RECORD]);
  expect(await ask()).toEqual({ kind: 'pending' });
  expect(alibaba.requests.map(({ params }) => params.CurrentPage)).toEqual(['1', '2', '3']);
});

it('does not turn pages for ever', async () => {
  const others = Array.from({ length: 201 }, (_, index) => ({ ...ANOTHER, bizId: `${index}^9`, outId: `other-${index}` }));
  const { alibaba, ask } = await fake(others);
  expect(await ask()).toMatchObject({ kind: 'unclear', error: { code: 'RECORDS_INCOMPLETE' } });
  expect(alibaba.requests).toHaveLength(10);
});

it.each([
  ['counts more than it lists', { TotalCount: '3', SmsSendDetailDTOs: { SmsSendDetailDTO: [] } }, 'RECORDS_INCOMPLETE'],
  ['does not count', { SmsSendDetailDTOs: { SmsSendDetailDTO: [] } }, 'RECORDS_UNREADABLE'],
  ['lists nothing', { TotalCount: 0 }, 'RECORDS_UNREADABLE'],
  ['lists null', { TotalCount: 0, SmsSendDetailDTOs: null }, 'RECORDS_UNREADABLE'],
  [
    'uses a status of its own',
    { TotalCount: 1, SmsSendDetailDTOs: { SmsSendDetailDTO: [{ OutId: 'm-1', SendStatus: 9 }] } },
    'STATUS_UNREADABLE',
  ],
])('proves nothing when the vendor %s', async (_what, body, code) => {
  const { alibaba, ask } = await fake();
  alibaba.respondWith(() => alibabaAnswer('OK', 'OK', body));
  expect(await ask()).toMatchObject({ kind: 'unclear', error: { code } });
});

it('passes on why it could not be asked', async () => {
  const { alibaba, ask } = await fake();
  alibaba.respondWith(() => alibabaAnswer('isp.RAM_PERMISSION_DENY', 'no'));
  expect(await ask()).toMatchObject({ kind: 'unclear', error: { reason: 'auth', code: 'isp.RAM_PERMISSION_DENY' } });
  alibaba.respondWith(() => 'reset');
  expect(await ask()).toMatchObject({ kind: 'unclear', error: { reason: 'unknown_outcome' } });
});

it('cannot ask without the number', async () => {
  const { alibaba, ask } = await fake([RECORD]);
  const { to: _, ...query } = QUERY;
  const config = providerConfigSchemas.alibaba.parse({
    type: 'alibaba',
    ...KEY,
    signName: 's',
    templateCode: 'SMS_1',
    baseUrl: alibaba.url,
  });
  const provider = await createProvider('alibaba-cn', config, { clock: { now: () => SENT_AT }, ...noDeps });
  expect(await provider.status?.(query, never)).toMatchObject({ kind: 'unclear', error: { code: 'NUMBER_NOT_KNOWN' } });
  await provider.close();
  expect(alibaba.requests).toEqual([]);
  expect(await ask()).toEqual({ kind: 'pending' });
});
