import { expect, it, onTestFinished } from 'vitest';
import { testRedis } from '../support/redis.ts';
import { launch, metrics, post, runToEnd, settled } from '../support/system.ts';
import { startFakeAlibaba } from '../support/vendors/alibaba.ts';
import { startFakeTwilio } from '../support/vendors/twilio.ts';
import { rest } from './rest.ts';

const account = { accountSid: `AC${'d'.repeat(32)}`, authToken: 'the-token-of-the-reconcile-test' };
const key = { accessKeyId: 'alibaba-id', accessKeySecret: 'alibaba-secret' };
const { url: redisUrl, prefix } = testRedis();

it('a text of unknown outcome is asked for first: one that was sent is not sent again, and an operator settles the rest', async () => {
  const twilio = await startFakeTwilio(account);
  onTestFinished(() => twilio.close());
  const alibaba = await startFakeAlibaba(key);
  onTestFinished(() => alibaba.close());
  twilio.respondWith(({ form }, index) => {
    if (index > 0) return undefined;
    twilio.take(form);
    return 'hang';
  });
  alibaba.respondWith(({ action }) => (action === 'SendSms' ? 'hang' : undefined));

  const options = {
    redisUrl,
    config: `
providers:
  twilio: { type: twilio, baseUrl: "${twilio.url}", timeout: 1s, accountSid: ${account.accountSid}, authToken: ${account.authToken}, from: "+15005550006" }
  alibaba: { type: alibaba, baseUrl: "${alibaba.url}", timeout: 1s, accessKeyId: ${key.accessKeyId}, accessKeySecret: ${key.accessKeySecret}, signName: Ops, templateCode: SMS_1 }
routes:
  - { name: asked, match: { source: asked }, providers: [twilio, alibaba] }
  - { name: silent, match: { source: silent }, providers: [alibaba, twilio] }
  - { name: held, match: { source: held }, onUnknown: hold, providers: [alibaba] }
caps: { perRecipient: [], perHour: off }
redis: { prefix: "${prefix}" }
`,
  };
  const { url } = await launch(options);
  const [asked = ''] = await post(url, { to: '+8613800138001', source: 'asked', severity: 'critical', text: 'taken, not answered' });
  const [confirmed] = (await settled(url, asked)).messages;
  expect(confirmed).toMatchObject({
    state: 'accepted',
    provider: 'twilio',
    providerMessageId: expect.stringMatching(/^SM/),
    attempts: [{ provider: 'twilio', result: 'unknown', resolution: 'confirmed_sent' }],
  });
  const texts = () => [
    twilio.requests.filter(({ method }) => method === 'POST').length,
    alibaba.requests.filter(({ action }) => action === 'SendSms').length,
  ];
  expect(texts()).toEqual([1, 0]);

  const [silent = '', held = ''] = await post(url, [
    { to: '+8613800138002', source: 'silent', severity: 'critical', text: 'nobody knows' },
    { to: '+8613800138003', source: 'held', severity: 'critical', text: 'nobody knows either' },
  ]);
  expect((await settled(url, silent)).messages[0]).toMatchObject({
    state: 'accepted',
    attempts: [
      { provider: 'alibaba', result: 'unknown' },
      { provider: 'twilio', result: 'accepted' },
    ],
  });
  const [message] = (await settled(url, held)).messages;
  expect(message).toMatchObject({ state: 'unknown' });
  expect(message?.events).toContainEqual(
    expect.objectContaining({ stage: 'reconcile', verdict: 'unclear', detail: 'asked alibaba: too early' }),
  );
  expect(texts()).toEqual([2, 2]);
  await rest(url);
  const scrape = await metrics(url);
  const resolved = (provider: string, resolution: string) =>
    scrape.get(`sms_unknown_outcomes_total{provider="${provider}",resolution="${resolution}"}`);
  expect([resolved('twilio', 'confirmed_sent'), resolved('alibaba', 'resent'), resolved('alibaba', 'held')]).toEqual([1, 1, 1]);

  const id = message?.id ?? '';
  alibaba.respondWith(() => undefined);
  const list = await runToEnd({ ...options, args: ['unknown', 'list'] });
  expect(list).toEqual({
    code: 0,
    output: expect.stringMatching(new RegExp(`${id} +critical +\\+86\\*+\\d+ +alibaba\n1 with unknown outcome\n$`)),
  });
  expect(await runToEnd({ ...options, args: ['unknown', 'resolve', id, '--not-sent', '--resend'] })).toMatchObject({ code: 0 });
  expect((await settled(url, held, ['accepted'])).messages[0]).toMatchObject({
    attempts: [{ result: 'unknown', resolution: 'confirmed_not_sent' }, { result: 'accepted' }],
  });
  expect(texts()).toEqual([2, 3]);
}, 240_000);
