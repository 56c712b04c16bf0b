import { expect, it } from 'vitest';
import { ALIBABA_RECEIPT_CODES } from '../../../src/provider/alibaba/codes.ts';
import { createAlibabaReceiptReader } from '../../../src/provider/alibaba/receipt.ts';
import { providerConfigSchemas } from '../../../src/provider/registry.ts';

const GIVEN = { type: 'alibaba', accessKeyId: 'k', accessKeySecret: 's', signName: 'n', templateCode: 'SMS_1' };
const reader = createAlibabaReceiptReader(providerConfigSchemas.alibaba.parse({ ...GIVEN, receiptToken: 'the token' }));

function call(body: unknown, target = '/v1/receipts/alibaba-cn?token=the%20token') {
  return { method: 'POST', target, headers: {}, body: typeof body === 'string' ? body : JSON.stringify(body) } as const;
}

/** As https://help.aliyun.com/document_detail/101867.html shows it. */
const REPORT = {
  phone_number: '13811110000',
  send_time: '2026-11-20 11:00:00',
  report_time: '2026-11-20 11:00:05',
  success: true,
  err_code: 'DELIVERED',
  err_msg: '用户接收成功',
  sms_size: '1',
  biz_id: '900619746936498440^0',
  out_id: 'm-1',
};
const IDS = { messageId: 'm-1', providerMessageId: '900619746936498440^0' };
const failed = (err_code: unknown) => ({ ...REPORT, success: false, err_code });

it('reads a batch, each for itself', () => {
  const reports = [REPORT, null, { ...failed('MOBILE_IN_BLACK'), out_id: 'm-2' }, { hello: 1 }, { ...REPORT, out_id: '', more: {} }];
  expect(reader.read(call(reports))).toEqual([
    { ...IDS, state: 'delivered', at: new Date('2026-11-20T03:00:05Z') },
    undefined,
    { ...IDS, messageId: 'm-2', state: 'undelivered', code: 'MOBILE_IN_BLACK', reason: 'recipient' },
    undefined,
    { providerMessageId: IDS.providerMessageId, state: 'delivered', at: new Date('2026-11-20T03:00:05Z') },
  ]);
});

it.each([[{ toString: 1 }], [{ valueOf: null }], ['constructor'], ['toString'], ['__proto__'], [['true']], [{}]])(
  'a success of %j is no delivery, and loses no other report of its batch',
  (success) => {
    const read = reader.read(call([{ ...REPORT, success }, { ...REPORT, Status: success }, REPORT]));
    expect(read).toEqual([undefined, undefined, { ...IDS, state: 'delivered', at: new Date('2026-11-20T03:00:05Z') }]);
  },
);

const ROWS: readonly (readonly [code: string, reason: string])[] = [
  ['MOBILE_NOT_ON_SERVICE', 'recipient'],
  ['MOBILE_ACCOUNT_ABNORMAL', 'recipient'],
  ['MOBLLE_TERMINAL_ERROR', 'recipient'],
  ['INVALID_NUMBER', 'recipient'],
  ['SP_NOT_BY_INTER_SMS', 'recipient'],
  ['MOBILE_IN_BLACK', 'recipient'],
  ['USER_REJECT', 'opted_out'],
  ['CONTENT_KEYWORD', 'content'],
  ['CONTENT_ERROR', 'content'],
  ['FILTER', 'content'],
  ['PARAMS_ILLEGAL', 'content'],
  ['PORT_NOT_REGISTERED', 'content'],
  ['NO_ROUTE', 'content'],
  ['MOBILE_SEND_LIMIT', 'throttled'],
  ['VALVE:M_MC', 'throttled'],
  ['VALVE:H_MC', 'throttled'],
  ['VALVE:D_MC', 'throttled'],
  ['IS_CLOSE', 'unavailable'],
  ['SP_UNKNOWN_ERROR', 'unavailable'],
];

it.each(ROWS)('a text that failed with %s failed for %s', (code, reason) => {
  expect(reader.read(call([failed(code)]))).toEqual([{ ...IDS, state: 'undelivered', code, reason }]);
});

it('every code of the table has its row here', () => {
  expect(ROWS.map(([code]) => code).sort()).toEqual([...ALIBABA_RECEIPT_CODES.keys()].sort());
});

it.each([
  ['isv.SMS_CONTENT_ILLEGAL', { code: 'isv.SMS_CONTENT_ILLEGAL', reason: 'content' }],
  ['MK:0001', { code: 'MK:0001' }],
  ['13811110000', {}],
  [undefined, {}],
])('knows of %s what there is to know', (code, known) => {
  expect(reader.read(call([failed(code)]))).toEqual([{ ...IDS, state: 'undelivered', ...known }]);
});

it('that the carrier has it is not the end', () => {
  expect(reader.read(call([failed('REQUEST_SUCCESS')]))).toEqual([{ ...IDS, state: 'pending' }]);
});

it('takes true and false as text, and a report that is not in a list', () => {
  expect(reader.read(call({ ...REPORT, success: 'true' }))).toMatchObject([{ state: 'delivered' }]);
  expect(reader.read(call({ ...REPORT, success: 'false' }))).toMatchObject([{ state: 'undelivered' }]);
});

it('leaves out a time that it cannot read', () => {
  expect(reader.read(call([{ ...REPORT, report_time: 'yesterday' }]))).toEqual([{ ...IDS, state: 'delivered' }]);
});

/** As https://help.aliyun.com/en/sms/smsreport-mns-intl shows it. */
const ABROAD = {
  To: '85212340000',
  Status: '1',
  MessageId: '123456789000',
  SmsSize: '1',
  SendDate: 'Thu, 25 Nov 2021 10:27:00 +0800',
  ReceiveDate: 'Thu, 25 Nov 2021 10:27:33 +0800',
  ErrorCode: 'success',
  ErrorDescription: 'success',
};

it.each([
  [{}, { state: 'delivered', at: new Date('2021-11-25T02:27:33Z') }],
  [{ Status: 1, ReceiveDate: '?' }, { state: 'delivered' }],
  [{ ReceiveDate: 'never +0800' }, { state: 'delivered' }],
  [
    { Status: '2', ErrorCode: 'REJECTED' },
    { state: 'undelivered', code: 'REJECTED' },
  ],
  [
    { Status: '6', ErrorCode: 'EXPIRED' },
    { state: 'undelivered', code: 'EXPIRED' },
  ],
])('reads a report from abroad: %o is %o', (change, receipt) => {
  expect(reader.read(call([{ ...ABROAD, ...change }]))).toEqual([{ providerMessageId: '123456789000', ...receipt }]);
});

it.each([
  ['nothing', ''],
  ['HTML', '<html>'],
  ['null', 'null'],
  ['text', '"x"'],
  ['no word of success', [{ ...REPORT, success: undefined }]],
  ['a success that is no yes or no', [{ ...REPORT, success: 1 }]],
  ['no id at all', [{ ...REPORT, out_id: '', biz_id: null }]],
  ['a status from abroad that we do not know', [{ ...ABROAD, Status: '7' }]],
])('cannot read %s', (_what, body) => {
  expect(reader.read(call(body))).toEqual([undefined]);
});

it('reads an empty batch as one', () => {
  expect(reader.read(call([]))).toEqual([]);
});

it.each([
  ['the token', '/v1/receipts/alibaba-cn?token=the%20token', true],
  ['another token', '/v1/receipts/alibaba-cn?token=other', false],
  ['no token', '/v1/receipts/alibaba-cn', false],
])('a call with %s: genuine %s', (_what, target, genuine) => {
  expect(reader.isGenuine(call([REPORT], target))).toBe(genuine);
});

it('lets nothing in where no token is set', () => {
  const open = createAlibabaReceiptReader(providerConfigSchemas.alibaba.parse(GIVEN));
  expect(open.isGenuine(call([REPORT], '/v1/receipts/alibaba-cn?token='))).toBe(false);
});

it('answers as the vendor wants it', () => {
  expect(reader).toMatchObject({ methods: ['POST'], answer: { code: 0, msg: 'OK' } });
});
