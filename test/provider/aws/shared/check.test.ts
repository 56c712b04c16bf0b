import { describe, expect, it } from 'vitest';
import { testPort } from '../../../support/test-port.ts';
import { smsVoiceError, smsVoiceYes, snsError, snsYes } from '../../../support/vendors/aws.ts';
import { ACCOUNT, fakeOf, never, providerOf } from '../setup.ts';
import { stubAwsEnvironment } from '../stub-environment.ts';

type Type = 'sns' | 'aws-sms-voice';

async function check(type: Type, given: Readonly<Record<string, unknown>>, signal = never) {
  const provider = await providerOf(type, given, () => new Date());
  return (await provider.check?.(signal)) ?? [];
}

/** `subject: verdict`, in order. */
const verdicts = (checks: readonly { subject: string; verdict: string }[]) =>
  checks.map(({ subject, verdict }) => `${subject}: ${verdict}`);

const ACCESS = ['connection: ok', 'credentials: ok', 'clock: ok'];

describe.each([
  {
    type: 'sns',
    denial: snsError(403, 'AuthorizationError', 'User: … is not authorized to perform'),
    broken: snsError(500, 'InternalError', 'x'),
  },
  { type: 'aws-sms-voice', denial: smsVoiceError(400, 'AccessDeniedException'), broken: smsVoiceError(500, 'InternalServerException') },
] as const)('providers check of $type', ({ type, denial, broken }) => {
  it('sends no text', async () => {
    const aws = await fakeOf(type);
    await check(type, { baseUrl: aws.url });
    expect(aws.requests.length).toBeGreaterThan(0);
    expect(aws.requests.filter(({ action }) => /Publish|Send/.test(action))).toEqual([]);
    expect(aws.requests.filter(({ valid }) => !valid)).toEqual([]);
  });

  it('takes a denial by IAM for a proof of the keys, and not for a fault', async () => {
    const aws = await fakeOf(type);
    aws.respondWith(() => denial);
    const checks = await check(type, { baseUrl: aws.url });
    expect(verdicts(checks).slice(0, 5)).toEqual([...ACCESS, 'account: unchecked', 'balance: unchecked']);
    expect(checks[3]?.detail).toMatch(/^the policy of these credentials does not allow (sns|sms-voice):/);
  });

  it.each([
    ['a wrong secret', { secretAccessKey: 'another' }],
    ['a wrong key', { accessKeyId: 'AKIAANOTHER' }],
  ])('finds %s with one request', async (_what, given) => {
    const aws = await fakeOf(type);
    expect(verdicts(await check(type, { baseUrl: aws.url, ...given }))).toEqual(['connection: ok', 'credentials: failed', 'clock: ok']);
    expect(aws.requests).toHaveLength(1);
  });

  it('finds a clock that is off', async () => {
    const aws = await fakeOf(type, { ...ACCOUNT, now: () => new Date(Date.now() + 3_600_000) });
    expect(verdicts(await check(type, { baseUrl: aws.url }))).toEqual(['connection: ok', 'credentials: failed', 'clock: failed']);
  });

  it('finds that there are no keys', async () => {
    stubAwsEnvironment();
    const checks = await check(type, { accessKeyId: undefined, secretAccessKey: undefined, baseUrl: 'http://127.0.0.1:9' });
    expect(verdicts(checks)).toEqual(['credentials: failed']);
    expect(checks[0]?.detail).toMatch(/^none found: set accessKeyId/);
  });

  it('finds that AWS cannot be reached, or stops', async () => {
    const baseUrl = `http://127.0.0.1:${await testPort()}`;
    const unreachable = await check(type, { baseUrl });
    expect(unreachable).toEqual([{ subject: 'connection', verdict: 'failed', detail: 'incomplete response from AWS: ECONNREFUSED' }]);
    expect(verdicts(await check(type, { baseUrl }, AbortSignal.abort()))).toEqual(['connection: failed']);
  });

  it('does not blame the keys for an error of AWS', async () => {
    const aws = await fakeOf(type);
    aws.respondWith(() => broken);
    expect(verdicts(await check(type, { baseUrl: aws.url })).slice(0, 5)).toEqual([
      'connection: ok',
      'credentials: unchecked',
      'clock: ok',
      'account: unchecked',
      'balance: unchecked',
    ]);
  });

  it('makes nothing of answers that say nothing, and shows neither key nor text of theirs', async () => {
    const aws = await fakeOf(type);
    const quote = `${ACCOUNT.secretAccessKey} ${ACCOUNT.accessKeyId} +60123456789`;
    for (const reply of [
      { status: 200, body: '{}' },
      { status: 200, body: quote },
      { status: 403, body: quote },
      snsError(400, quote, quote),
      smsVoiceError(400, quote, { Reason: quote }),
    ]) {
      aws.respondWith(() => reply);
      const checks = await check(type, { baseUrl: aws.url });
      expect(
        checks.filter(({ subject }) => subject === 'account' || subject === 'balance').every(({ verdict }) => verdict === 'unchecked'),
      ).toBe(true);
      expect(JSON.stringify(checks)).not.toMatch(/secret\+key|AKIATEST|60123456789/);
    }
  });
});

describe('of SNS', () => {
  it('says what it found, and that nothing comes back', async () => {
    const aws = await fakeOf('sns');
    const checks = await check('sns', { baseUrl: aws.url });
    expect(verdicts(checks)).toEqual([...ACCESS, 'account: ok', 'balance: ok', 'sender: unchecked', 'account: unchecked']);
    expect(checks.at(-1)?.detail).toMatch(/no delivery receipts/);
    expect(checks[4]?.detail).toMatch(/monthly limit USD 50/);
    expect(aws.requests.map(({ action, params }) => [action, params])).toEqual([
      ['GetSMSSandboxAccountStatus', {}],
      ['GetSMSAttributes', { 'attributes.member.1': 'MonthlySpendLimit' }],
    ]);
  });

  it('warns of the sandbox', async () => {
    const aws = await fakeOf('sns');
    aws.respondWith(({ action }) =>
      action === 'GetSMSSandboxAccountStatus' ? snsYes(action, '<IsInSandbox>true</IsInSandbox>') : undefined,
    );
    expect(verdicts(await check('sns', { baseUrl: aws.url }))).toContain('account: warning');
  });

  it('does not make up a spend limit that the account has not set', async () => {
    const aws = await fakeOf('sns');
    aws.respondWith(({ action }) => (action === 'GetSMSAttributes' ? snsYes(action, '<attributes/>') : undefined));
    expect(verdicts(await check('sns', { baseUrl: aws.url, senderId: 'OPS' }))).toContain('balance: unchecked');
  });
});

describe('of End User Messaging', () => {
  const NUMBER = {
    PhoneNumber: '+12065550100',
    PhoneNumberId: 'phone-1',
    PhoneNumberArn: 'arn:aws:sms-voice:eu-west-1:1:phone-number/phone-1',
  };
  const POOL = { PoolId: 'pool-1', PoolArn: 'arn:aws:sms-voice:eu-west-1:1:pool/pool-1' };
  const SENDER = { SenderId: 'OPS', SenderIdArn: 'arn:aws:sms-voice:eu-west-1:1:sender-id/OPS/GB' };

  async function senderOf(originationIdentity: string | undefined, more: Readonly<Record<string, unknown>> = {}, Status = 'ACTIVE') {
    const aws = await fakeOf('aws-sms-voice');
    aws.respondWith(({ action }) => {
      if (action === 'DescribePhoneNumbers') return smsVoiceYes({ PhoneNumbers: [{ ...NUMBER, Status }], ...more });
      if (action === 'DescribePools') return smsVoiceYes({ Pools: [{ ...POOL, Status }], ...more });
      return action === 'DescribeSenderIds' ? smsVoiceYes({ SenderIds: [SENDER], ...more }) : undefined;
    });
    const checks = await check('aws-sms-voice', { baseUrl: aws.url, originationIdentity });
    return {
      verdict: checks.find(({ subject }) => subject === 'sender')?.verdict,
      asked: aws.requests.slice(2).map(({ action, params }) => [action, params]),
    };
  }

  it('says what it found', async () => {
    const aws = await fakeOf('aws-sms-voice');
    const checks = await check('aws-sms-voice', { baseUrl: aws.url });
    expect(verdicts(checks)).toEqual([...ACCESS, 'account: ok', 'balance: ok', 'sender: unchecked']);
    expect(checks[4]?.detail).toMatch(/monthly limit USD 50/);
  });

  it('warns of the sandbox', async () => {
    const aws = await fakeOf('aws-sms-voice');
    const tier = smsVoiceYes({ AccountAttributes: [{ Name: 'ACCOUNT_TIER', Value: 'SANDBOX' }] });
    aws.respondWith(({ action }) => (action === 'DescribeAccountAttributes' ? tier : undefined));
    expect(verdicts(await check('aws-sms-voice', { baseUrl: aws.url }))).toContain('account: warning');
  });

  it.each([
    [NUMBER.PhoneNumber, 'DescribePhoneNumbers'],
    [NUMBER.PhoneNumberId, 'DescribePhoneNumbers'],
    [NUMBER.PhoneNumberArn, 'DescribePhoneNumbers'],
    [POOL.PoolId, 'DescribePools'],
    [POOL.PoolArn, 'DescribePools'],
    [SENDER.SenderId, 'DescribeSenderIds'],
    [SENDER.SenderIdArn, 'DescribeSenderIds'],
  ])('finds the sender %s by %s', async (identity, action) => {
    expect(await senderOf(identity)).toEqual({ verdict: 'ok', asked: [[action, { MaxResults: 50 }]] });
  });

  it.each(['+12065550199', 'phone-9', 'pool-9', 'OPS2'])(
    'finds that the account has no sender %s, unless the list goes on',
    async (identity) => {
      expect((await senderOf(identity)).verdict).toBe('failed');
      expect((await senderOf(identity, { NextToken: 'more' })).verdict).toBe('unchecked');
    },
  );

  it('cannot determine whether a sender that is not in the list is shared by another account', async () => {
    expect((await senderOf('arn:aws:sms-voice:eu-west-1:2:pool/pool-9')).verdict).toBe('unchecked');
  });

  it('finds a sender that is not active', async () => {
    expect((await senderOf(NUMBER.PhoneNumber, {}, 'PENDING')).verdict).toBe('failed');
    expect((await senderOf(POOL.PoolId, {}, 'CREATING')).verdict).toBe('failed');
  });

  it('asks for no sender where AWS is to choose', async () => {
    expect(await senderOf(undefined)).toEqual({ verdict: 'unchecked', asked: [] });
  });
});
