import dns from 'node:dns';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { MESSAGE } from '../../conformance/candidate.ts';
import { smsVoiceError, smsVoiceYes, snsError, snsYes } from '../../support/vendors/aws.ts';
import { ACCOUNT, fakeOf, never, providerOf } from './setup.ts';
import { stubAwsEnvironment } from './stub-environment.ts';

const UUID = /^[0-9a-f-]{36}$/;

/** Which host is asked for, without a network: resolving is as far as it gets. */
function watchLookups(): string[] {
  const hosts: string[] = [];
  const lookup = vi.spyOn(dns, 'lookup').mockImplementation(((host: string, _options: unknown, done: (error: Error) => void) => {
    hosts.push(host);
    process.nextTick(done, Object.assign(new Error('no such host'), { code: 'ENOTFOUND', syscall: 'getaddrinfo' }));
  }) as never);
  onTestFinished(() => lookup.mockRestore());
  return hosts;
}

/** A profile that says all it can to move the SDK elsewhere. */
function writeProfile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'aws-profile-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'config');
  const lines = ['region = us-west-2', 'endpoint_url = http://profile.test', 'use_fips_endpoint = true', 'use_dualstack_endpoint = true'];
  writeFileSync(path, ['[default]', ...lines, 'max_attempts = 5', 'retry_mode = adaptive', 'defaults_mode = legacy', ''].join('\n'));
  return path;
}

const ELSEWHERE = {
  AWS_REGION: 'us-west-2',
  AWS_DEFAULT_REGION: 'us-west-2',
  AWS_ENDPOINT_URL: 'http://elsewhere.test',
  AWS_ENDPOINT_URL_SNS: 'http://elsewhere.test',
  AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2: 'http://elsewhere.test',
  AWS_USE_FIPS_ENDPOINT: 'true',
  AWS_USE_DUALSTACK_ENDPOINT: 'true',
  AWS_MAX_ATTEMPTS: '5',
  AWS_RETRY_MODE: 'adaptive',
  AWS_DEFAULTS_MODE: 'nonsense',
  AWS_PROFILE: 'another',
  AWS_ACCESS_KEY_ID: 'AKIAOTHER',
  AWS_SECRET_ACCESS_KEY: 'other',
  AWS_SESSION_TOKEN: 'other',
};

describe.each([
  {
    type: 'sns',
    host: 'sns.eu-west-1.amazonaws.com',
    china: 'sns.cn-north-1.amazonaws.com.cn',
    throttle: snsError(400, 'Throttling', 'Rate exceeded'),
  },
  {
    type: 'aws-sms-voice',
    host: 'sms-voice.eu-west-1.amazonaws.com',
    china: 'sms-voice.cn-north-1.amazonaws.com.cn',
    throttle: smsVoiceError(400, 'ThrottlingException'),
  },
] as const)('$type', ({ type, host, china, throttle }) => {
  it('gets a text accepted by a server that verifies the signature as AWS does', async () => {
    const aws = await fakeOf(type);
    const result = await (await providerOf(type, { baseUrl: aws.url })).send(MESSAGE, never);
    expect(result).toEqual({ kind: 'accepted', providerMessageId: expect.stringMatching(UUID) });
    expect(aws.requests).toMatchObject([{ valid: true }]);
  });

  it('signs the host and the path that are really called', async () => {
    const aws = await fakeOf(type);
    for (const path of ['/proxy/sms', '/proxy/sms/', '/with%20space']) {
      expect(await (await providerOf(type, { baseUrl: aws.url + path })).send(MESSAGE, never)).toMatchObject({ kind: 'accepted' });
    }
    expect(aws.requests.map(({ path }) => path)).toEqual(['/proxy/sms/', '/proxy/sms/', '/with%20space/']);
  });

  it.each([
    ['a wrong secret', { secretAccessKey: 'another' }],
    ['a wrong key', { accessKeyId: 'AKIAANOTHER' }],
    ['another region', { region: 'us-east-1' }],
  ])('reports %s as auth, once', async (_what, given) => {
    const aws = await fakeOf(type);
    const result = await (await providerOf(type, { baseUrl: aws.url, ...given })).send(MESSAGE, never);
    expect(result).toMatchObject({
      kind: 'refused',
      error: { reason: 'auth', unlisted: false, code: expect.stringMatching(/Signature|Token|Client/) },
    });
    expect(aws.requests).toMatchObject([{ valid: false }]);
  });

  it('sends nothing again after a clock that is off, and signs the next text by the clock of AWS', async () => {
    const aws = await fakeOf(type, { ...ACCOUNT, now: () => new Date(Date.now() + 3_600_000) });
    const provider = await providerOf(type, { baseUrl: aws.url });
    expect(await provider.send(MESSAGE, never)).toMatchObject({ error: { reason: 'auth' } });
    expect(aws.requests).toHaveLength(1);
    expect(await provider.send(MESSAGE, never)).toMatchObject({ kind: 'accepted' });
    expect(aws.requests).toHaveLength(2);
  });

  it.each([
    ['throttles', throttle, 'throttled'],
    ['is busy', { status: 503, body: 'Service Unavailable' }, 'unknown_outcome'],
    ['shows a page of HTML', { status: 500, body: '<html><body><h1>500</h1></body></html>' }, 'unknown_outcome'],
    ['resets', 'reset', 'unknown_outcome'],
  ] as const)('makes one request when AWS %s, whatever AWS_MAX_ATTEMPTS says', async (_what, reply, reason) => {
    stubAwsEnvironment({ ...ELSEWHERE, AWS_CONFIG_FILE: writeProfile(), AWS_PROFILE: 'default' });
    const aws = await fakeOf(type);
    aws.respondWith(() => reply);
    expect(await (await providerOf(type, { baseUrl: aws.url })).send(MESSAGE, never)).toMatchObject({ kind: 'refused', error: { reason } });
    expect(aws.requests).toHaveLength(1);
  });

  it.each(Object.entries(ELSEWHERE))('goes to the region of the config, whatever %s says (%s)', async (name, value) => {
    stubAwsEnvironment({ [name]: value });
    const hosts = watchLookups();
    const result = await (await providerOf(type, {})).send(MESSAGE, never);
    expect(result).toMatchObject({ error: { reason: 'unavailable', code: 'ENOTFOUND' } });
    expect(hosts).toEqual([host]);
  });

  it('goes there and with the keys of the config, whatever a profile and all of the environment say', async () => {
    stubAwsEnvironment({ ...ELSEWHERE, AWS_CONFIG_FILE: writeProfile(), AWS_PROFILE: 'default' });
    const aws = await fakeOf(type);
    expect(await (await providerOf(type, { baseUrl: aws.url })).send(MESSAGE, never)).toMatchObject({ kind: 'accepted' });
    const hosts = watchLookups();
    await (await providerOf(type, {})).send(MESSAGE, never);
    await (await providerOf(type, { region: 'cn-north-1' })).send(MESSAGE, never);
    expect(hosts).toEqual([host, china]);
  });

  it.each([
    ['no id', {}],
    ['an empty id', { MessageId: '' }],
    ['an id beyond reason', { MessageId: 'x'.repeat(200) }],
  ])('does not know about a 200 with %s', async (_what, result: { MessageId?: string }) => {
    const aws = await fakeOf(type);
    const xml = Object.entries(result).map(([name, value]) => `<${name}>${value}</${name}>`);
    aws.respondWith(() => (type === 'sns' ? snsYes('Publish', xml.join('')) : smsVoiceYes(result)));
    const said = await (await providerOf(type, { baseUrl: aws.url })).send(MESSAGE, never);
    expect(said).toMatchObject({ kind: 'refused', error: { reason: 'unknown_outcome', status: 200 } });
  });

  it.each(['', '<', '<html><body>hello</body></html>', '{', '[]', 'null', '{"MessageId":{}}', '{"MessageId":7.5e9'])(
    'does not know about a 200 that says %j',
    async (body) => {
      const aws = await fakeOf(type);
      aws.respondWith(() => ({ status: 200, body }));
      const said = await (await providerOf(type, { baseUrl: aws.url })).send(MESSAGE, never);
      expect(said).toMatchObject({ kind: 'refused', error: { reason: 'unknown_outcome', status: 200 } });
      expect(aws.requests).toHaveLength(1);
    },
  );

  it('keeps concurrent calls apart', async () => {
    const aws = await fakeOf(type);
    const textOf = (params: Readonly<Record<string, unknown>>) => params.Message ?? params.MessageBody;
    aws.respondWith(async ({ params }) => {
      await new Promise((resolve) => setTimeout(resolve, textOf(params) === 'slow' ? 50 : 1));
      return textOf(params) === 'bad' ? throttle : undefined;
    });
    const { send } = await providerOf(type, { baseUrl: aws.url });
    const aborted = new AbortController();
    const results = Promise.all([
      ...['slow', 'bad', 'fast'].map((text) => send({ ...MESSAGE, text }, never)),
      send({ ...MESSAGE, text: 'slow' }, aborted.signal),
    ]);
    aborted.abort();
    expect(await results).toMatchObject([
      { kind: 'accepted' },
      { kind: 'refused', error: { reason: 'throttled' } },
      { kind: 'accepted' },
      { kind: 'refused', error: { code: 'ABORTED' } },
    ]);
  });

  it('takes 1600 characters', async () => {
    expect((await providerOf(type, {})).maxCharacters).toBe(1_600);
  });
});

it('SNS receives the type of the message, and sender and price where the config has them', async () => {
  const aws = await fakeOf('sns');
  await (await providerOf('sns', { baseUrl: aws.url, smsType: 'Promotional' })).send(MESSAGE, never);
  await (await providerOf('sns', { baseUrl: aws.url, senderId: 'OPS', maxPrice: 0.00645 })).send(MESSAGE, never);
  const attribute = (entry: number, name: string, type: string, value: string) => ({
    [`MessageAttributes.entry.${entry}.Name`]: `AWS.SNS.SMS.${name}`,
    [`MessageAttributes.entry.${entry}.Value.DataType`]: type,
    [`MessageAttributes.entry.${entry}.Value.StringValue`]: value,
  });
  const base = { PhoneNumber: MESSAGE.to, Message: MESSAGE.text };
  expect(aws.requests.map(({ params }) => params)).toEqual([
    { ...base, ...attribute(1, 'SMSType', 'String', 'Promotional') },
    {
      ...base,
      ...attribute(1, 'SMSType', 'String', 'Transactional'),
      ...attribute(2, 'SenderID', 'String', 'OPS'),
      ...attribute(3, 'MaxPrice', 'Number', '0.00645'),
    },
  ]);
});

it('End User Messaging receives only configured values', async () => {
  const aws = await fakeOf('aws-sms-voice');
  await (await providerOf('aws-sms-voice', { baseUrl: aws.url, messageType: 'PROMOTIONAL' })).send(MESSAGE, never);
  expect(aws.requests.map(({ params }) => params)).toEqual([
    {
      DestinationPhoneNumber: MESSAGE.to,
      MessageBody: MESSAGE.text,
      MessageType: 'PROMOTIONAL',
      TimeToLive: 600,
      Context: { messageId: MESSAGE.id },
    },
  ]);
});

it.each([
  [0.00645, '0.00645'],
  [0.5, '0.50000'],
  [99.99999, '99.99999'],
])('End User Messaging receives the maximum price of %d in its own format', async (maxPrice, written) => {
  const aws = await fakeOf('aws-sms-voice');
  await (await providerOf('aws-sms-voice', { baseUrl: aws.url, maxPrice })).send(MESSAGE, never);
  expect(aws.requests[0]?.params.MaxPrice).toBe(written);
  expect(written).toMatch(/^[0-9]{0,2}\.[0-9]{1,5}$/);
});

it.each([
  ['2026-11-20T03:00:10.900Z', 10],
  ['2026-11-20T03:00:01.000Z', 5],
  ['2026-11-20T02:00:00.000Z', 5],
  ['2026-11-23T02:59:59.000Z', 259_199],
  ['2026-11-24T03:00:00.000Z', 259_200],
])('a text that expires at %s may wait at AWS for %i s', async (expiresAt, seconds) => {
  const aws = await fakeOf('aws-sms-voice');
  await (await providerOf('aws-sms-voice', { baseUrl: aws.url })).send({ ...MESSAGE, expiresAt: new Date(expiresAt) }, never);
  expect(aws.requests[0]?.params.TimeToLive).toBe(seconds);
});

it.each(['sns', 'aws-sms-voice'] as const)('%s reports nothing back and cannot be asked, and has no methods that pretend', async (type) => {
  const provider = await providerOf(type, {});
  expect(provider.status).toBeUndefined();
});
