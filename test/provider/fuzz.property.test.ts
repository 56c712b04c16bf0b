import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Provider } from '../../src/provider/contract/provider.ts';
import type { ReceiptCall } from '../../src/provider/contract/receipt-reader.ts';
import { classifyHttpAnswer } from '../../src/provider/http/client.ts';
import {
  createInboundReader,
  createProvider,
  createReceiptReader,
  type ProviderConfig,
  providerConfigSchemas,
} from '../../src/provider/registry.ts';
import { MESSAGE, NOW } from '../conformance/candidate.ts';
import { noDeps } from '../conformance/no-deps.ts';

/** What a vendor's server says next. */
let next: { status: number; body: string } = { status: 200, body: '' };
const server = createServer((request, response) => {
  request.resume();
  response.writeHead(next.status, { 'content-type': 'application/json' });
  response.end(next.status === 204 || next.status === 304 ? undefined : next.body);
});
let baseUrl: string;
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

const AWS = { region: 'eu-west-1', accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret' };
const CONFIGS = {
  twilio: { type: 'twilio', accountSid: 'AC00000000000000000000000000000001', authToken: 'token', from: '+15005550006' },
  sns: { type: 'sns', ...AWS },
  'aws-sms-voice': { type: 'aws-sms-voice', ...AWS },
  tencent: { type: 'tencent', secretId: 'id', secretKey: 'key', appId: '1400006666', templateId: '1' },
  alibaba: { type: 'alibaba', accessKeyId: 'id', accessKeySecret: 'secret', signName: 'Ops', templateCode: 'SMS_1' },
  unisms: { type: 'unisms', accessKeyId: 'id', signature: 'Ops', templateId: 't' },
  smslocal: { type: 'smslocal', apiKey: 'key' },
  exotel: { type: 'exotel', sid: 'acme1', token: 'token' },
  http: {
    type: 'http',
    url: 'https://api.example.com/sms',
    success: { pointer: '/code', equals: '0' },
    errors: { pointer: '/code', map: { 1: 'recipient' } },
  },
} as const;
type Vendor = keyof typeof CONFIGS;
const VENDORS = Object.keys(CONFIGS) as Vendor[];
const RECEIPT_TOKEN = { receiptToken: 'r' };
const configOf = (vendor: Vendor, more: object = {}): ProviderConfig =>
  providerConfigSchemas[vendor].parse({ ...CONFIGS[vendor], ...more }) as ProviderConfig;

/** Names that vendors use, and those that every object has. */
const NAMES = [
  ...['sid', 'status', 'error_code', 'code', 'Code', 'message', 'MessageId', 'Response', 'Error', 'SendStatusSet', 'SerialNo', 'BizId'],
  ...['Message', 'data', 'messages', 'id', 'errorCode', 'errorcode', 'msgid', 'SMSMessage', 'Sid', 'RestException', 'Status'],
  ...['DetailedStatusCode', '__type', 'Reason', 'Fields', 'constructor', 'toString', 'hasOwnProperty', 'num_segments'],
];
const WORDS = [
  '',
  '0',
  'OK',
  'Ok',
  'failed',
  'queued',
  'constructor',
  '__proto__',
  'toString',
  '21211',
  '101000',
  'isv.X',
  'FailedOperation.X',
];
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false, 0, -1, 1.5, 200, 400, 21211, 1e21),
    fc.constantFrom(...WORDS),
    fc.string({ maxLength: 8 }),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES), tie('json'), { maxKeys: 4, noNullPrototype: true }),
    // What an answer cannot be made of by a literal: an own property of that name.
    tie('json').map((value) => JSON.parse(`{"__proto__":${JSON.stringify(value) ?? 'null'}}`) as unknown),
  ),
}));
const bodies = fc.oneof(
  { weight: 9, arbitrary: json.map((value) => JSON.stringify(value) ?? '') },
  { weight: 1, arbitrary: fc.string() },
  { weight: 1, arbitrary: json.map((value) => `\ufeff${JSON.stringify(value)}`) },
);
const statuses = fc.constantFrom(200, 200, 200, 201, 202, 204, 302, 400, 401, 404, 409, 429, 500, 503);

/** How each says yes; what is put in a place of it may make it another answer. */
const YES: Readonly<Record<Vendor, object>> = {
  twilio: { sid: 'SM1', status: 'queued', error_code: null, num_segments: '1' },
  sns: { MessageId: 'm1' },
  'aws-sms-voice': { MessageId: 'm1' },
  tencent: { Response: { SendStatusSet: [{ SerialNo: 's1', Code: 'Ok', Fee: 1 }], RequestId: 'r' } },
  alibaba: { Code: 'OK', Message: 'OK', BizId: '1^0' },
  unisms: { code: '0', data: { messages: [{ id: 'a1', status: 'sent', messageCount: 1 }] } },
  smslocal: { errorcode: '200', msgid: 'a1' },
  exotel: { SMSMessage: { Sid: 'a1', Status: 'queued', DetailedStatusCode: 21010 } },
  http: { code: '0', data: { id: 'a1' } },
};

/** Some place in an answer holds another value. */
const changed = (answer: unknown): fc.Arbitrary<unknown> => {
  if (typeof answer !== 'object' || answer === null)
    return fc.oneof(json, fc.constantFrom<unknown>(...WORDS, { toString: 1 }, { valueOf: null }));
  const names = Object.keys(answer);
  return fc.oneof(
    { weight: 1, arbitrary: json },
    {
      weight: 9,
      arbitrary: fc
        .constantFrom(...names)
        .chain((name) =>
          changed((answer as Record<string, unknown>)[name]).map((value) =>
            Array.isArray(answer) ? [value] : { ...answer, [name]: value },
          ),
        ),
    },
  );
};
const changedYes = (vendor: Vendor) => changed(YES[vendor]).map((value) => JSON.stringify(value) ?? '');

/** The vendor's word for yes, written out here and not taken from the code under test. */
const SAYS_YES: Readonly<Record<Vendor, (body: unknown, status: number) => boolean>> = {
  twilio: (body) => isId(at(body, 'sid')) && !isOneOf(at(body, 'status'), 'failed', 'undelivered', 'canceled'),
  sns: () => false,
  'aws-sms-voice': (body) => isId(at(body, 'MessageId')),
  tencent: (body) => at(body, 'Response', 'SendStatusSet', '0', 'Code') === 'Ok',
  alibaba: (body) => at(body, 'Code') === 'OK',
  unisms: (body) => isOneOf(at(body, 'code'), '0') && isId(at(body, 'data', 'messages', '0', 'id')),
  smslocal: (body) => [body].flat().every((part) => isOneOf(at(part, 'errorCode') ?? at(part, 'errorcode'), '200', '0')),
  exotel: (body, status) => status === 409 || isId(at(body, 'SMSMessage', 'Sid')),
  http: (body) => isOneOf(at(body, 'code'), '0'),
};

/** Follows own properties only. */
function at(value: unknown, ...names: readonly string[]): unknown {
  return names.reduce<unknown>(
    (found, name) =>
      typeof found === 'object' && found !== null && Object.hasOwn(found, name) ? (found as Record<string, unknown>)[name] : undefined,
    value,
  );
}

function isOneOf(value: unknown, ...words: readonly string[]): boolean {
  return (typeof value === 'string' || typeof value === 'number') && words.includes(String(value));
}

function isId(value: unknown): boolean {
  return (typeof value === 'string' && value !== '') || typeof value === 'number';
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body.replace(/^\ufeff/, ''));
  } catch {
    return undefined;
  }
}

describe.each(VENDORS)('whatever a server answers in the place of %s', (vendor) => {
  let provider: Provider;
  beforeAll(async () => {
    provider = await createProvider(vendor, configOf(vendor, { baseUrl }), { clock: { now: () => NOW }, ...noDeps });
  });
  afterAll(() => provider.close());

  test('the adapter does not throw, and accepts nothing that the vendor did not accept', async () => {
    await fc.assert(
      fc.asyncProperty(statuses, fc.oneof(bodies, changedYes(vendor)), async (status, body) => {
        next = { status, body };
        const answer = await provider.send(MESSAGE, new AbortController().signal);
        if (answer.kind !== 'accepted') return;
        // UniSMS says by its code alone what it did; a duplicate at Exotel was taken.
        const isFine =
          (status >= 200 && status < 300) || (vendor === 'exotel' && status === 409) || (vendor === 'unisms' && status !== 302);
        expect({ isFine, yes: SAYS_YES[vendor](parse(body), status) }).toEqual({ isFine: true, yes: true });
      }),
      { numRuns: 300 },
    );
  });
});

const CODED: Readonly<Partial<Record<Vendor, (code: string) => unknown>>> = {
  twilio: (code) => ({ code: Number(code) || 20_999, message: 'x', status: 400 }),
  tencent: (code) => ({ Response: { Error: { Code: code, Message: 'x' }, RequestId: 'r' } }),
  alibaba: (code) => ({ Code: code, Message: 'x', RequestId: 'r' }),
  unisms: (code) => ({ code, message: 'x' }),
  smslocal: (code) => [{ errorCode: code }],
  exotel: (code) => ({ RestException: { Status: 400, Code: code, Message: 'x' } }),
  http: (code) => ({ code }),
};
/** Codes that are in no table. */
const codes = fc.oneof(
  fc
    .stringMatching(/^[A-Z][A-Za-z]{2,12}(\.[A-Z][A-Za-z]{2,8})?$/)
    .filter((code) => !/^(InternalError|OK|Ok|Success|None|Null|False)/i.test(code)),
  fc.integer({ min: 22_000, max: 29_999 }).map(String),
  fc.constantFrom('constructor', 'toString', 'hasOwnProperty', 'valueOf'),
);

test.each(Object.entries(CODED) as [Vendor, (code: string) => unknown][])(
  'a code of %s that is in no table is a refusal, in a 200 and in a 400',
  async (vendor, write) => {
    const provider = await createProvider(vendor, configOf(vendor, { baseUrl }), { clock: { now: () => NOW }, ...noDeps });
    await fc.assert(
      fc.asyncProperty(codes, fc.constantFrom(200, 400), async (code, status) => {
        next = { status, body: JSON.stringify(write(code)) };
        const answer = await provider.send(MESSAGE, new AbortController().signal);
        expect(answer).toMatchObject({ kind: 'refused' });
        if (answer.kind === 'refused') expect(answer.error.reason).not.toBe('unknown_outcome');
      }),
      { numRuns: 60 },
    );
    await provider.close();
  },
);

/** What the checks of an account read, and how it is nested. */
const ACCOUNT_NAMES = [
  ...['incoming_phone_numbers', 'short_codes', 'short_code', 'phone_number', 'capabilities', 'balance', 'currency', 'type', 'status'],
  ...['Account', 'BalanceData', 'Balance', 'Currency', 'PricingPlan', 'SignStatus', 'SignIspRegisterDetailList', 'Code', 'RegisterStatus'],
];
const accounts = fc.letrec<{ account: unknown }>((tie) => ({
  account: fc.oneof(
    { depthSize: 'small' },
    json,
    fc.constantFrom<unknown>(null, 'OK', 'active', 1, { toString: 1 }, { valueOf: null }, [null], [{ toString: 1 }]),
    fc.array(tie('account'), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom(...ACCOUNT_NAMES), tie('account'), { minKeys: 1, maxKeys: 5, noNullPrototype: true }),
  ),
})).account;

test.each([
  ...VENDORS.map((vendor) => [vendor, {}] as const),
  ['twilio', { from: '12345' }] as const,
  ['twilio', { from: undefined, messagingServiceSid: `MG${'0'.repeat(32)}` }] as const,
])('whatever a server answers, the check of %s has a verdict on each subject: %j', async (vendor, more) => {
  const provider = await createProvider(vendor, configOf(vendor, { baseUrl, timeout: '1s', ...more }), {
    clock: { now: () => NOW },
    ...noDeps,
  });
  await fc.assert(
    fc.asyncProperty(accounts, async (account) => {
      next = { status: 200, body: JSON.stringify(account) ?? '' };
      for (const { verdict } of (await provider.check?.(new AbortController().signal)) ?? []) {
        expect(['ok', 'warning', 'failed', 'unchecked']).toContain(verdict);
      }
    }),
    { numRuns: 60, examples: [[{ short_codes: [null, { short_code: { toString: 1 } }] }], [{ incoming_phone_numbers: [null] }]] },
  );
  await provider.close();
});

test('rules of the config read own properties only', () => {
  const rules = {
    success: { pointer: '/constructor/name', equals: 'Object' },
    errors: { pointer: '/__proto__/x', map: { toString: 'recipient' } },
  } as const;
  expect(classifyHttpAnswer({ kind: 'answer', status: 200, headers: {}, body: '{}' }, rules, NOW)).toMatchObject({ kind: 'refused' });
});

const WITH_RECEIPTS = ['twilio', 'tencent', 'alibaba', 'unisms', 'smslocal', 'exotel', 'http'] as const;
const RECEIPT_RULES = { receipt: { id: '/id', status: '/status', map: { DELIVRD: 'delivered' }, code: '/code' } };
const FIELDS = [
  'success',
  'err_code',
  'biz_id',
  'out_id',
  'Status',
  'MessageId',
  'ErrorCode',
  'sid',
  'report_status',
  'errmsg',
  'id',
  'status',
  'msgid',
];
const REPORTS: readonly object[] = [
  { success: true, err_code: 'DELIVERED', biz_id: 'b1', out_id: 'm-1' },
  { Status: '1', ErrorCode: '0', MessageId: 'b1' },
  { sid: 's1', report_status: 'FAIL', errmsg: 'UNDELIV' },
  { id: 'a1', status: 'delivered', errorCode: 'DELIVRD' },
  { msgid: 'a1', status: 'Delivrd', errorcode: '0' },
  { SmsSid: 'a1', CustomField: 'm-1', Status: 'failed', DetailedStatusCode: '23005' },
];
const reports = fc.dictionary(
  fc.constantFrom(
    ...FIELDS,
    ...NAMES,
    'MessageStatus',
    'MessageSid',
    'SmsSid',
    'DetailedStatusCode',
    'CustomField',
    'OptOutType',
    'From',
    'Body',
  ),
  fc.oneof(json, fc.constantFrom({ toString: 1 }, { valueOf: null }, 'constructor', 'DELIVRD', 'true', '1')),
  { maxKeys: 6, noNullPrototype: true },
);
const callbacks = fc.oneof(
  fc.constantFrom(...REPORTS).chain((report) => changed(report).map((value) => JSON.stringify(value) ?? '')),
  bodies,
  reports.map((report) => JSON.stringify(report)),
  fc.array(reports, { maxLength: 3 }).map((list) => JSON.stringify(list)),
  reports.map((report) =>
    new URLSearchParams(Object.fromEntries(Object.entries(report).map(([name, value]) => [name, JSON.stringify(value) ?? '']))).toString(),
  ),
);

test.each(WITH_RECEIPTS)(
  'whatever is posted as a receipt of %s, its reader does not throw, and reads one entry from each',
  async (vendor) => {
    const config = configOf(vendor, vendor === 'twilio' ? {} : { ...RECEIPT_TOKEN, ...(vendor === 'http' ? RECEIPT_RULES : {}) });
    const deps = { publicUrl: 'https://sms.example.com', providers: new Map([[vendor, config]]) };
    const reader = await createReceiptReader(config, deps);
    const inbound = await createInboundReader(config, deps);
    fc.assert(
      fc.property(callbacks, fc.constantFrom('application/json', 'application/x-www-form-urlencoded', ''), (body, type) => {
        const call: ReceiptCall = { method: 'POST', target: '/v1/receipts/x?token=r', headers: { 'content-type': type }, body };
        reader?.isGenuine(call);
        for (const receipt of reader?.read(call) ?? []) {
          if (receipt === undefined) continue;
          expect(['delivered', 'undelivered', 'pending']).toContain(receipt.state);
          expect([receipt.messageId, receipt.providerMessageId].some((id) => typeof id === 'string' && id !== '')).toBe(true);
        }
        inbound?.read(call);
      }),
      { numRuns: 300 },
    );
  },
);
