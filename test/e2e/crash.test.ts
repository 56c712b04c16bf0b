import { afterEach, describe, expect, it } from 'vitest';
import { testRedis } from '../support/redis.ts';
import { type LaunchOptions, launch, metrics, post, settled, total } from '../support/system.ts';
import { until } from '../support/until.ts';
import { type FakeTwilio, startFakeTwilio } from '../support/vendors/twilio.ts';

const account = { accountSid: `AC${'c'.repeat(32)}`, authToken: 'the-token-of-the-crash-test' };
const { url: redisUrl, prefix, redis } = testRedis();

const vendors: FakeTwilio[] = [];
afterEach(async () => void (await Promise.all(vendors.splice(0).map((vendor) => vendor.close()))));

async function vendor(): Promise<FakeTwilio> {
  const fake = await startFakeTwilio(account);
  vendors.push(fake);
  return fake;
}

/** What it was given to send; it is asked about texts as well. */
const textsOf = ({ requests }: FakeTwilio) => requests.filter(({ method }) => method === 'POST');

const configWith = (first: FakeTwilio, second: FakeTwilio, part: string): LaunchOptions => ({
  redisUrl,
  config: `
providers:
  first: { type: twilio, accountSid: ${account.accountSid}, authToken: ${account.authToken}, from: "+15005550006", baseUrl: "${first.url}", timeout: 1s }
  second: { type: twilio, accountSid: ${account.accountSid}, authToken: ${account.authToken}, from: "+15005550006", baseUrl: "${second.url}" }
routes: [{ name: default, minSeverity: info, providers: [first, second] }]
caps: { perRecipient: [], perHour: off }
redis: { prefix: "${prefix.replace('}', `-${part}}`)}" }
worker: { lock: 1s }
`,
});

describe.each([
  ['a dispatcher', 'dispatcher'],
  ['a worker, in the job of the alert', 'worker'],
] as const)('%s that is killed in the middle of a send', (_, kind) => {
  it('loses nothing: a critical is sent once more through the next provider, a warning is held as unknown', async () => {
    const [first, second] = [await vendor(), await vendor()];
    first.respondWith(() => 'hang');
    const options = configWith(first, second, `killed-${kind}`);
    const door = await launch({ ...options, kind: 'receiver' });
    if (kind === 'dispatcher') await launch({ ...options, kind: 'router' });
    const victim = await launch({ ...options, kind });

    const [critical, warning] = await post(door.url, [
      { to: '+60123450001', severity: 'critical', text: 'may have been sent' },
      { to: '+60123450002', severity: 'warning', text: 'may have been sent too' },
    ]);
    await until(() => textsOf(first).length === 2);
    victim.kill('SIGKILL');
    await victim.exit();
    const queued = await redis.exists(`${prefix.replace('}', `-killed-${kind}}`)}:sms-messages:id`);
    expect(queued).toBe(kind === 'dispatcher' ? 1 : 0);

    const heir = await launch({ ...options, kind });
    const resent = await settled(door.url, critical as string, ['accepted'], 30_000);
    const held = await settled(door.url, warning as string, ['unknown'], 30_000);

    expect(resent.messages[0]?.attempts).toMatchObject([
      { provider: 'first', result: 'unknown', reason: 'unknown_outcome' },
      { provider: 'second', result: 'accepted' },
    ]);
    expect(held.messages[0]).toMatchObject({
      state: 'unknown',
      reason: 'unknown_outcome',
      attempts: [{ provider: 'first', result: 'unknown' }],
    });
    expect(textsOf(first)).toHaveLength(2);
    expect(textsOf(second).map(({ form }) => form.To)).toEqual(['+60123450001']);

    const scrape = [await metrics(heir.url)];
    expect(total(scrape, 'sms_unknown_outcomes_total', 'resolution="resent"')).toBe(1);
    expect(total(scrape, 'sms_unknown_outcomes_total', 'resolution="held"')).toBe(1);
    expect(total(scrape, 'sms_message_outcomes_total', 'state="unknown"')).toBe(1);
    expect(total(scrape, 'sms_messages_in_flight')).toBe(0);
  }, 240_000);
});

describe('a provider that takes the text and never answers', () => {
  it('gets a critical resent once through the next provider, and a warning held, without any crash', async () => {
    const [first, second] = [await vendor(), await vendor()];
    first.respondWith(() => 'hang');
    const system = await launch(configWith(first, second, 'silent'));
    const [critical, warning] = await post(system.url, [
      { to: '+60123450001', severity: 'critical', text: 'no answer' },
      { to: '+60123450002', severity: 'warning', text: 'no answer either' },
    ]);
    expect((await settled(system.url, critical as string)).messages[0]).toMatchObject({
      state: 'accepted',
      attempts: [{ result: 'unknown' }, { provider: 'second', result: 'accepted' }],
    });
    expect((await settled(system.url, warning as string)).messages[0]).toMatchObject({
      state: 'unknown',
      attempts: [{ result: 'unknown' }],
    });
    expect([textsOf(first).length, textsOf(second).length]).toEqual([2, 1]);
  });

  it('is not asked a third time when the resend goes unanswered too', async () => {
    const [first, second] = [await vendor(), await vendor()];
    first.respondWith(() => 'reset');
    second.respondWith(() => 'reset');
    const system = await launch(configWith(first, second, 'twice'));
    const [id] = await post(system.url, { to: '+60123450001', severity: 'critical', text: 'nobody knows' });
    const alert = await settled(system.url, id as string);
    expect(alert.messages[0]).toMatchObject({ state: 'unknown', attempts: [{ result: 'unknown' }, { result: 'unknown' }] });
    expect([textsOf(first).length, textsOf(second).length]).toEqual([1, 1]);
  });
});

describe('a dispatcher that is stopped while a call is in flight', () => {
  it('lets the call finish, takes nothing new, and exits 0', async () => {
    const [first, second] = [await vendor(), await vendor()];
    let answer: () => void = () => undefined;
    const options = configWith(first, second, 'drained');
    first.respondWith(() => new Promise((resolve) => (answer = () => resolve(undefined))));
    const [door] = [await launch({ ...options, kind: 'receiver' }), await launch({ ...options, kind: 'router' })];
    const dispatcher = await launch({ ...options, kind: 'dispatcher' });

    const [inFlight] = await post(door.url, { to: '+60123450001', severity: 'critical', text: 'in flight' });
    await until(() => textsOf(first).length === 1);
    dispatcher.kill('SIGTERM');
    await until(() => dispatcher.output().includes('draining'));
    const [late] = await post(door.url, { to: '+60123450002', severity: 'critical', text: 'waits for another worker' });
    answer();
    expect(await dispatcher.exit()).toBe(0);
    expect((await settled(door.url, inFlight as string)).messages[0]).toMatchObject({
      state: 'accepted',
      attempts: [{ result: 'accepted' }],
    });

    first.respondWith(() => undefined);
    await launch({ ...options, kind: 'dispatcher' });
    await settled(door.url, late as string);
    expect(textsOf(first)).toHaveLength(2);
  }, 160_000);
});
