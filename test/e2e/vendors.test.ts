import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MessageTrace } from '../../src/ledger/trace.ts';
import { testRedis } from '../support/redis.ts';
import { launch, metrics, post, type SystemProcess, settled, trace } from '../support/system.ts';
import { until } from '../support/until.ts';
import { alibabaAnswer, type FakeAlibaba, startFakeAlibaba } from '../support/vendors/alibaba.ts';
import { type FakeAws, snsError, startFakeSns } from '../support/vendors/aws.ts';
import { exotelText, type FakeExotel, startFakeExotel } from '../support/vendors/exotel.ts';
import { type FakeGateway, startFakeGateway } from '../support/vendors/gateway.ts';
import { type FakeTencent, startFakeTencent, tencentNumberError } from '../support/vendors/tencent.ts';
import { type FakeTwilio, startFakeTwilio, twilioError } from '../support/vendors/twilio.ts';

const { url: redisUrl, prefix } = testRedis();
const cleanups: (() => Promise<unknown>)[] = [];

const TWILIO = { accountSid: 'AC00000000000000000000000000000000', authToken: 'twilio-token' };
const AWS = { region: 'eu-west-1', accessKeyId: 'AKIAE2E0000000000001', secretAccessKey: 'aws/secret' };
const TENCENT = { secretId: 'tencent-id', secretKey: 'tencent-key', appId: '1400006666' };
const ALIBABA = { accessKeyId: 'alibaba-id', accessKeySecret: 'alibaba-secret' };
const EXOTEL = { sid: 'acme1', key: 'exotel-key', token: 'exotel-token' };

let vendors: { twilio: FakeTwilio; sns: FakeAws; tencent: FakeTencent; alibaba: FakeAlibaba; exotel: FakeExotel; gateway: FakeGateway };
let system: SystemProcess;

/** Two routes a vendor: with the gateway behind it, and alone. */
const routes = (['twilio', 'sns', 'tencent', 'alibaba', 'exotel'] as const).flatMap((vendor) => [
  `  - { name: ${vendor}-first, match: { source: ${vendor}-first }, dedupeFor: 0, providers: [${vendor}, gateway] }`,
  `  - { name: ${vendor}-alone, match: { source: ${vendor}-alone }, dedupeFor: 0, providers: [${vendor}] }`,
]);

beforeAll(async () => {
  const [twilio, sns, tencent, alibaba, exotel, gateway] = await Promise.all([
    startFakeTwilio(TWILIO),
    startFakeSns(AWS),
    startFakeTencent(TENCENT),
    startFakeAlibaba(ALIBABA),
    startFakeExotel(EXOTEL),
    startFakeGateway(),
  ]);
  vendors = { twilio, sns, tencent, alibaba, exotel, gateway };
  cleanups.push(...Object.values(vendors).map(({ close }) => close));
  const provider = (type: keyof typeof vendors, keys: Readonly<Record<string, string>>) =>
    `  ${type}: ${JSON.stringify({ type, ...keys, baseUrl: vendors[type].url })}`;
  const config = [
    'providers:',
    provider('twilio', { ...TWILIO, from: '+15005550006' }),
    provider('sns', AWS),
    provider('tencent', { ...TENCENT, templateId: '1234', signName: 'Ops' }),
    provider('alibaba', { ...ALIBABA, signName: 'Ops', templateCode: 'SMS_1' }),
    provider('exotel', { ...EXOTEL, from: 'OPSALT' }),
    `  gateway: { type: http, url: "${gateway.url}/send", success: { pointer: /code, equals: "0" }, messageId: /data/id }`,
    'routes:',
    ...routes,
    'caps: { perRecipient: [], perHour: off }',
    `redis: { prefix: "${prefix}" }`,
  ].join('\n');
  system = await launch({ config, redisUrl, onEnd: (end) => cleanups.unshift(end) });
}, 60_000);
afterAll(async () => {
  for (const cleanup of cleanups) await cleanup();
});

/** One critical through a route; what its only message came to, once it is over or put off. */
async function send(source: string, to: string): Promise<MessageTrace> {
  const [id] = await post(system.url, { severity: 'critical', to, text: 'Disk full', source });
  const { messages } = await settled(system.url, id as string, ['accepted', 'failed', 'deferred']);
  return messages[0] as MessageTrace;
}

const gatewayHits = () => vendors.gateway.requests.length;

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
    provider: 'gateway',
    attempts: [
      { provider: 'tencent', result: 'refused', reason: 'content', code },
      { provider: 'gateway', result: 'accepted' },
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
      { provider: 'gateway', result: 'accepted' },
    ],
  });
  const alone = await send('alibaba-alone', '+8613800138000');
  expect(alone).toMatchObject({ state: 'deferred', reason: 'throttled', attempts: [{ reason: 'throttled' }] });
  // The hour ends with the message's own hour, so that it wakes at its deadline.
  expect(alone.until).toBe(alone.expiresAt);
});

it('an Exotel number on the do-not-disturb list fails for good, and no other vendor is asked', async () => {
  vendors.exotel.respondWith(({ form }) =>
    exotelText({ Sid: 'exotel-dnd', To: form.To, Status: 'failed-dnd', DetailedStatusCode: 23005, DetailedStatus: 'FAILED_DND' }),
  );
  const before = gatewayHits();
  expect(await send('exotel-first', '+919812345678')).toMatchObject({
    state: 'failed',
    reason: 'opted_out',
    attempts: [{ provider: 'exotel', result: 'refused', reason: 'opted_out', code: '23005' }],
  });
  expect(gatewayHits()).toBe(before);
});

it('an SNS throttle sends the text elsewhere, or puts it off and goes through later', async () => {
  vendors.sns.respondWith(() => snsError(400, 'Throttling', 'Rate exceeded'));
  expect(await send('sns-first', '+60123456789')).toMatchObject({
    state: 'accepted',
    attempts: [
      { provider: 'sns', result: 'refused', reason: 'throttled', code: 'Throttling' },
      { provider: 'gateway', result: 'accepted' },
    ],
  });
  const asked = vendors.sns.requests.length;
  const alone = await send('sns-alone', '+60123456789');
  expect(alone).toMatchObject({ state: 'deferred', reason: 'throttled' });
  // The SDK would have tried three times.
  expect(vendors.sns.requests).toHaveLength(asked + 1);

  vendors.sns.respondWith(() => undefined);
  const accepted = await until(async () => {
    const { messages } = await trace(system.url, alone.alertId);
    return messages[0]?.state === 'accepted' ? messages[0] : undefined;
  }, 30_000);
  expect(accepted.attempts.map(({ result }) => result)).toEqual(['refused', 'accepted']);
}, 60_000);

it('counts the refusals by vendor and reason, and each hand-over', async () => {
  const scrape = await metrics(system.url);
  const refused = (provider: string, reason: string) =>
    scrape.get(`sms_provider_requests_total{provider="${provider}",result="refused",reason="${reason}"}`);
  expect([
    refused('twilio', 'opted_out'),
    refused('tencent', 'content'),
    refused('alibaba', 'throttled'),
    refused('exotel', 'opted_out'),
    refused('sns', 'throttled'),
  ]).toEqual([1, 2, 2, 1, 2]);
  for (const from of ['tencent', 'alibaba', 'sns']) expect(scrape.get(`sms_failovers_total{from="${from}",to="gateway"}`)).toBe(1);
  for (const from of ['twilio', 'exotel']) expect(scrape.get(`sms_failovers_total{from="${from}",to="gateway"}`)).toBe(0);
});
