import { expect, it, onTestFinished } from 'vitest';
import { startRedisServer } from '../support/redis-server.ts';
import { launch, metrics, post, runToEnd, settled } from '../support/system.ts';
import { startFakeTwilio, twilioAccepted } from '../support/vendors/twilio.ts';
import { rest } from './rest.ts';

const account = { accountSid: 'AC00000000000000000000000000000001', authToken: 'token-of-the-test' };
const PHONE = { accepted: '+60123456701', unknown: '+60123456702' };

it('texts that no receipt came for are asked for, and end as if one had come', { timeout: 240_000 }, async () => {
  const redis = await startRedisServer();
  onTestFinished(() => redis.stop());
  const twilio = await startFakeTwilio(account);
  onTestFinished(() => twilio.close());
  // The answer to one text comes when nobody waits for it any more; the vendor delivers it all the same.
  let release: () => void = () => undefined;
  const late = new Promise<void>((resolve) => {
    release = resolve;
  });
  twilio.respondWith(({ form }) => (form.To === PHONE.unknown ? late.then(() => delivered(form)) : undefined));

  const config = `
providers:
  main: { type: twilio, baseUrl: "${twilio.url}", timeout: 1s, pollAfter: 5s, accountSid: ${account.accountSid}, authToken: ${account.authToken}, from: "+15005550006" }
  desk: { type: simulated }
routes: [{ name: default, onUnknown: hold, providers: [main] }]
`;
  const options = { config, redisUrl: redis.url };
  const { url } = await launch(options);
  const alert = (to: string) => ({ to, severity: 'critical', text: `Disk full at ${to.slice(-2)}` });
  const [accepted = '', unknown = ''] = await post(url, [alert(PHONE.accepted), alert(PHONE.unknown)]);

  const [text] = (await settled(url, accepted)).messages;
  twilio.report(text?.providerMessageId ?? '', 'undelivered', 30003);
  await settled(url, unknown, ['unknown']);
  release();

  expect((await settled(url, accepted, ['undelivered'], 20_000)).messages[0]?.events.at(-1)).toMatchObject({ verdict: 'undelivered' });
  expect((await settled(url, unknown, ['delivered'], 20_000)).messages[0]).toMatchObject({
    reason: null,
    attempts: [{ result: 'unknown' }],
  });
  await rest(url);
  const scrape = await metrics(url);
  expect(scrape.get('sms_receipts_total{provider="main",state="undelivered"}')).toBe(1);
  expect(scrape.get('sms_receipts_total{provider="main",state="delivered"}')).toBe(1);
  expect(scrape.get('sms_unknown_outcomes_total{provider="main",resolution="receipt"}')).toBe(1);
  expect(twilio.requests.filter(({ method }) => method === 'POST')).toHaveLength(2);

  const live = await runToEnd({ ...options, args: ['explain', '--live', accepted] });
  expect(live).toEqual({ code: 0, output: expect.stringContaining('\nmain reports: not delivered (30003)\n') });
  twilio.account.numbers.set('+15005550006', true);
  const check = await runToEnd({ config, args: ['providers', 'check', '--json'] });
  expect(JSON.parse(check.output)).toMatchObject({ ok: true });
  expect(check.code).toBe(0);
  expect(twilio.requests.filter(({ method }) => method === 'POST')).toHaveLength(2);
});

/** An acceptance whose text has arrived already. */
function delivered(form: Readonly<Record<string, string>>) {
  const reply = twilioAccepted(account.accountSid, form);
  if (typeof reply === 'string') throw new Error('not an answer');
  return { ...reply, body: JSON.stringify({ ...(JSON.parse(reply.body) as object), status: 'delivered' }) };
}
