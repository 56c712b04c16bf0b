import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MessageHistory } from '../../src/ledger/history/history.ts';
import { testRedis } from '../support/redis.ts';
import { call, launch, metrics, post, type SystemProcess, settled, trace } from '../support/system.ts';
import { until } from '../support/until.ts';
import { alibabaAnswer } from '../support/vendors/alibaba.ts';
import { snsError } from '../support/vendors/aws.ts';
import { exotelText } from '../support/vendors/exotel.ts';
import { tencentNumberError } from '../support/vendors/tencent.ts';
import { twilioError } from '../support/vendors/twilio.ts';
import { RECEIPT_TOKEN, SECRETS, startAllVendors } from './all-vendors.ts';

const { url: redisUrl, prefix } = testRedis();
const cleanups: (() => Promise<unknown>)[] = [];
let vendors: Awaited<ReturnType<typeof startAllVendors>>['vendors'];
let system: SystemProcess;

beforeAll(async () => {
  const all = await startAllVendors();
  vendors = all.vendors;
  cleanups.push(all.close);
  // Two routes a vendor: with the gateway behind it, and alone.
  const routes = Object.keys(vendors).flatMap((vendor) => [
    `  - { name: ${vendor}-first, match: { source: ${vendor}-first }, dedupeFor: 0, providers: [${vendor}${vendor === 'http' ? '' : ', http'}] }`,
    `  - { name: ${vendor}-alone, match: { source: ${vendor}-alone }, dedupeFor: 0, providers: [${vendor}] }`,
  ]);
  const config = [...all.config, 'routes:', ...routes, `redis: { prefix: "${prefix}" }`].join('\n');
  system = await launch({ config, redisUrl, env: { LOG_LEVEL: 'trace' }, onEnd: (end) => cleanups.unshift(end) });
}, 240_000);
afterAll(async () => {
  for (const cleanup of cleanups) await cleanup();
});

/** Every number, as E.164 has it and without its calling code. */
const texted = new Set<string>();

/** One critical through a route; what its only message came to, once it is over or put off. */
async function send(source: string, to: string): Promise<MessageHistory> {
  texted.add(to.slice(1)).add(to.slice(3));
  const [id] = await post(system.url, { severity: 'critical', to, text: 'Disk full', source });
  const { messages } = await settled(system.url, id as string, ['accepted', 'failed', 'deferred']);
  return messages[0] as MessageHistory;
}

const gatewayHits = () => vendors.http.requests.length;

it('a Twilio number that opted out fails as opted_out, and no other vendor is asked', async () => {
  vendors.twilio.respondWith(() => twilioError(400, 21610, 'Attempt to send to unsubscribed recipient'));
  const before = gatewayHits();
  expect(await send('twilio-first', '+60123456789')).toMatchObject({
    state: 'failed',
    reason: 'opted_out',
    attempts: [{ provider: 'twilio', result: 'refused', reason: 'opted_out', code: '21610', status: 400 }],
  });
  expect(gatewayHits()).toBe(before);
});

it('a Tencent template that is not approved is a matter of content: the next vendor takes the text', async () => {
  vendors.tencent.respondWith(({ params }) =>
    tencentNumberError('FailedOperation.TemplateIncorrectOrUnapproved', String((params.PhoneNumberSet as string[])[0])),
  );
  const code = 'FailedOperation.TemplateIncorrectOrUnapproved';
  expect(await send('tencent-first', '+8613800138000')).toMatchObject({
    state: 'accepted',
    provider: 'http',
    attempts: [
      { provider: 'tencent', result: 'refused', reason: 'content', code },
      { provider: 'http', result: 'accepted' },
    ],
  });
  expect(await send('tencent-alone', '+8613800138000')).toMatchObject({ state: 'failed', reason: 'content' });
});

it("Alibaba's hourly flow limit for a number sends the text elsewhere, or waits the hour out", async () => {
  vendors.alibaba.respondWith(() => alibabaAnswer('isv.BUSINESS_LIMIT_CONTROL', '触发小时级流控Permits:5'));
  expect(await send('alibaba-first', '+8613800138000')).toMatchObject({
    state: 'accepted',
    attempts: [
      { provider: 'alibaba', result: 'refused', reason: 'throttled', code: 'isv.BUSINESS_LIMIT_CONTROL' },
      { provider: 'http', result: 'accepted' },
    ],
  });
  const alone = await send('alibaba-alone', '+8613800138000');
  expect(alone).toMatchObject({ state: 'deferred', reason: 'throttled', attempts: [{ reason: 'throttled' }] });
  // The hour ends with the message's own hour, so that it wakes at its deadline.
  expect(alone.until).toBe(alone.expiresAt);
});

it('an Exotel number on the do-not-disturb list goes through the next vendor, and is opted out nowhere', async () => {
  vendors.exotel.respondWith(({ form }) =>
    exotelText({ Sid: 'exotel-dnd', To: form.To, Status: 'failed-dnd', DetailedStatusCode: 23005, DetailedStatus: 'FAILED_DND' }),
  );
  const before = gatewayHits();
  expect(await send('exotel-first', '+919812345678')).toMatchObject({
    state: 'accepted',
    attempts: [
      { provider: 'exotel', result: 'refused', reason: 'recipient', code: '23005' },
      { provider: 'http', result: 'accepted' },
    ],
  });
  expect(gatewayHits()).toBe(before + 1);
  vendors.exotel.respondWith(() => undefined);
  expect(await send('exotel-first', '+919812345678')).toMatchObject({ state: 'accepted', provider: 'exotel' });
});

it('an SNS throttle sends the text elsewhere, or puts it off and goes through later', async () => {
  vendors.sns.respondWith(() => snsError(400, 'Throttling', 'Rate exceeded', { 'x-amz-retry-after': '5000' }));
  const before = vendors.sns.requests.length;
  expect(await send('sns-first', '+60123456788')).toMatchObject({
    state: 'accepted',
    attempts: [
      { provider: 'sns', result: 'refused', reason: 'throttled', code: 'Throttling' },
      { provider: 'http', result: 'accepted' },
    ],
  });
  // The SDK would have tried three times.
  expect(vendors.sns.requests).toHaveLength(before + 1);
  const alone = await send('sns-alone', '+60123456788');
  expect(alone).toMatchObject({ state: 'deferred', reason: 'throttled', attempts: [] });
  expect(vendors.sns.requests).toHaveLength(before + 1);

  vendors.sns.respondWith(() => undefined);
  const accepted = await until(async () => {
    const { messages } = await trace(system.url, alone.alertId);
    return messages[0]?.state === 'accepted' ? messages[0] : undefined;
  }, 120_000);
  expect(accepted.attempts.map(({ result }) => result)).toEqual(['accepted']);
}, 240_000);

it('counts the refusals by vendor and reason, and each hand-over', async () => {
  const scrape = await metrics(system.url);
  const refused = (provider: string, reason: string) =>
    scrape.get(`sms_provider_requests_total{provider="${provider}",result="refused",reason="${reason}"}`);
  expect([
    refused('twilio', 'opted_out'),
    refused('tencent', 'content'),
    refused('alibaba', 'throttled'),
    refused('exotel', 'recipient'),
    refused('sns', 'throttled'),
  ]).toEqual([1, 2, 2, 1, 1]);
  for (const from of ['tencent', 'alibaba', 'exotel', 'sns']) expect(scrape.get(`sms_failovers_total{from="${from}",to="http"}`)).toBe(1);
  expect(scrape.get('sms_failovers_total{from="twilio",to="http"}')).toBe(0);
});

const REPORTS: readonly {
  readonly type: string;
  readonly to: string;
  readonly said: (
    id: string,
  ) => { readonly json: unknown } | { readonly form: Readonly<Record<string, string>> } | { readonly query: string };
  readonly answer: unknown;
}[] = [
  {
    type: 'tencent',
    to: '+8613800138001',
    said: (sid) => ({
      json: [
        {
          user_receive_time: '2026-11-20 08:03:04',
          nationcode: '86',
          mobile: '13800138001',
          report_status: 'SUCCESS',
          errmsg: 'DELIVRD',
          description: '用户短信送达成功',
          sid,
        },
      ],
    }),
    answer: { result: 0, errmsg: 'OK' },
  },
  {
    type: 'alibaba',
    to: '+8613800138002',
    said: (biz_id) => ({
      json: [
        {
          phone_number: '13800138002',
          send_time: '2026-11-20 08:03:00',
          report_time: '2026-11-20 08:03:04',
          success: true,
          err_code: 'DELIVERED',
          err_msg: '用户接收成功',
          sms_size: '1',
          biz_id,
        },
      ],
    }),
    answer: { code: 0, msg: 'OK' },
  },
  {
    type: 'unisms',
    to: '+8613800138003',
    said: (id) => ({ json: { id, status: 'delivered', to: '+8613800138003', errorCode: 'DELIVRD', doneDate: '2026-11-20T00:03:04.000Z' } }),
    answer: {},
  },
  { type: 'smslocal', to: '+60123456781', said: (id) => ({ query: `&msgid=${id}&status=Delivrd&errorcode=000` }), answer: {} },
  {
    type: 'exotel',
    to: '+919812345679',
    said: (SmsSid) => ({
      form: {
        SmsSid,
        To: '09812345679',
        Status: 'sent',
        SmsUnits: '1',
        DetailedStatus: 'DELIVERED_TO_HANDSET',
        DetailedStatusCode: '20005',
      },
    }),
    answer: {},
  },
  { type: 'http', to: '+60123456782', said: (id) => ({ form: { id, status: 'DELIVRD' } }), answer: {} },
];

it.each(REPORTS)(
  'a message through $type is delivered once its vendor reports so, and the vendor gets the response that it expects',
  async ({ type, to, said, answer }) => {
    const fake = vendors[type as keyof typeof vendors];
    fake.respondWith(() => undefined);
    const { id, state, providerMessageId } = await send(`${type}-alone`, to);
    expect(state).toBe('accepted');
    const report = said(providerMessageId as string);
    const url = `${system.url}/v1/receipts/${type}?token=${RECEIPT_TOKEN}${'query' in report ? report.query : ''}`;
    const response = await fetch(
      url,
      'json' in report
        ? { method: 'POST', body: JSON.stringify(report.json), headers: { 'content-type': 'application/json' } }
        : 'form' in report
          ? { method: 'POST', body: new URLSearchParams(report.form) }
          : {},
    );
    expect([response.status, await response.json()]).toEqual([200, answer]);
    await until(async () => (await call<MessageHistory>(`${system.url}/v1/messages/${id}`)).body.state === 'delivered');
  },
);

it.each(['sns', 'aws-sms-voice'])('a text through %s ends as accepted, and the receiver says that no report can come', async (type) => {
  vendors.sns.respondWith(() => undefined);
  expect(await send(`${type}-alone`, '+60123456783')).toMatchObject({ state: 'accepted', provider: type });
  const { status, body } = await call<{ detail: string }>(`${system.url}/v1/receipts/${type}?token=${RECEIPT_TOKEN}`, { body: {} });
  expect([status, body.detail]).toEqual([404, expect.stringContaining(type)]);
});

it('sends free text or template parameters to each vendor, byte for byte as HertzBeat does', async () => {
  for (const fake of Object.values(vendors)) fake.respondWith(() => undefined);
  const said: Record<string, unknown> = {};
  for (const type of Object.keys(vendors) as (keyof typeof vendors)[]) {
    const to = ['tencent', 'alibaba', 'unisms'].includes(type) ? '+8613800138009' : '+60123456784';
    const [id] = await post(system.url, { severity: 'critical', to, text: '磁盘已满 at 95%', instance: 'db-1', source: `${type}-alone` });
    await settled(system.url, id as string, ['accepted']);
    said[type] = vendors[type].requests.at(-1);
  }
  const text = 'Instance: db-1, Priority: CRITICAL, Content: 磁盘已满 at 95%';
  const named = { instance: 'db-1', priority: 'CRITICAL', content: '磁盘已满 at 95%' };
  expect(said).toMatchObject({
    twilio: { form: { Body: text } },
    sns: { params: { Message: text } },
    'aws-sms-voice': { params: { MessageBody: text } },
    tencent: { params: { TemplateParamSet: Object.values(named) } },
    alibaba: { params: { TemplateParam: JSON.stringify(named) } },
    unisms: { json: { templateData: named } },
    smslocal: { json: { content: text } },
    exotel: { form: { Body: text } },
    http: { fields: { text } },
  });
});

it('says no number and no key of any vendor in its log or metrics', async () => {
  const shown = system.output() + (await call<string>(`${system.url}/metrics`)).body;
  expect(shown).toContain('"level":"debug"');
  expect([...SECRETS, ...texted].filter((secret) => shown.includes(secret) || shown.includes(encodeURIComponent(secret)))).toEqual([]);
});
