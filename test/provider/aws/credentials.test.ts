import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MESSAGE } from '../../conformance/candidate.ts';
import { startVendor } from '../../conformance/start-vendor.ts';
import { until } from '../../support/until.ts';
import { startHttpVendor } from '../../support/vendors/http-vendor.ts';
import { ACCOUNT, fakeOf, KEYS, never, providerOf, REGION } from './setup.ts';
import { stubAwsEnvironment } from './stub-environment.ts';

const FROM_CHAIN = { accessKeyId: undefined, secretAccessKey: undefined };

describe.each(['sns', 'aws-sms-voice'] as const)('%s without keys in its config', (type) => {
  it('takes them from the environment, with their session token', async () => {
    stubAwsEnvironment({
      AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
      AWS_SESSION_TOKEN: 'a/session+token',
    });
    const aws = await fakeOf(type, { ...ACCOUNT, sessionToken: 'a/session+token' });
    expect(await (await providerOf(type, { ...FROM_CHAIN, baseUrl: aws.url })).send(MESSAGE, never)).toMatchObject({ kind: 'accepted' });
  });

  it('takes them from a profile', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'aws-credentials-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'credentials');
    writeFileSync(path, `[ops]\naws_access_key_id = ${KEYS.accessKeyId}\naws_secret_access_key = ${KEYS.secretAccessKey}\n`);
    stubAwsEnvironment({ AWS_SHARED_CREDENTIALS_FILE: path, AWS_PROFILE: 'ops' });
    const aws = await fakeOf(type);
    expect(await (await providerOf(type, { ...FROM_CHAIN, baseUrl: aws.url })).send(MESSAGE, never)).toMatchObject({ kind: 'accepted' });
  });

  it('says that there are none, and asks AWS for nothing', async () => {
    stubAwsEnvironment();
    const aws = await fakeOf(type);
    const provider = await providerOf(type, { ...FROM_CHAIN, baseUrl: aws.url });
    for (let sent = 0; sent < 2; sent++) {
      const result = await provider.send(MESSAGE, never);
      expect(result).toMatchObject({ error: { reason: 'auth', code: 'NO_CREDENTIALS', failover: true, retry: true } });
    }
    expect(aws.requests).toEqual([]);
  });

  it('waits for them no longer than for a call, and sends nothing when they come later', async () => {
    const container = await startSlowContainer();
    stubAwsEnvironment({ AWS_CONTAINER_CREDENTIALS_FULL_URI: container.url });
    const aws = await fakeOf(type, { ...ACCOUNT, sessionToken: 'a-token' });
    const provider = await providerOf(type, { ...FROM_CHAIN, baseUrl: aws.url, timeout: '300ms' });
    const startedAt = performance.now();
    expect(await provider.send(MESSAGE, never)).toMatchObject({ error: { reason: 'unavailable', code: 'TIMEOUT' } });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    container.answer();
    expect(await provider.send(MESSAGE, never)).toMatchObject({ kind: 'accepted' });
    expect(aws.requests).toHaveLength(1);
  });

  it('stops waiting for them when the signal aborts', async () => {
    const container = await startSlowContainer();
    stubAwsEnvironment({ AWS_CONTAINER_CREDENTIALS_FULL_URI: container.url });
    const aws = await fakeOf(type);
    const caller = new AbortController();
    const sending = (await providerOf(type, { ...FROM_CHAIN, baseUrl: aws.url })).send(MESSAGE, caller.signal);
    await until(() => container.asked());
    caller.abort();
    expect(await sending).toMatchObject({ error: { reason: 'unavailable', code: 'ABORTED' } });
    expect(aws.requests).toEqual([]);
  });

  it('gets them from STS for a web identity, over the same bounded transport', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'aws-identity-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const token = join(folder, 'token');
    writeFileSync(token, 'a-web-identity-token');
    const sts = await startVendor({ status: 200, headers: { 'content-type': 'text/xml' }, body: assumed('an-sts-token') });
    stubAwsEnvironment({
      AWS_WEB_IDENTITY_TOKEN_FILE: token,
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/sms',
      AWS_ENDPOINT_URL_STS: sts.url,
      AWS_REGION: REGION,
    });
    const aws = await fakeOf(type, { ...ACCOUNT, sessionToken: 'an-sts-token' });
    const provider = await providerOf(type, { ...FROM_CHAIN, baseUrl: aws.url });
    expect(await provider.send(MESSAGE, never)).toMatchObject({ kind: 'accepted' });
    expect(await provider.send(MESSAGE, never)).toMatchObject({ kind: 'accepted' });
    expect(sts.hits.map(({ body }) => new URLSearchParams(body).get('WebIdentityToken'))).toEqual(['a-web-identity-token']);
    expect(aws.requests).toHaveLength(2);
  });
});

function assumed(sessionToken: string): string {
  const { accessKeyId, secretAccessKey } = KEYS;
  const credentials = `<AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${secretAccessKey}</SecretAccessKey><SessionToken>${sessionToken}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>`;
  const name = 'AssumeRoleWithWebIdentity';
  return `<${name}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${name}Result><Credentials>${credentials}</Credentials></${name}Result></${name}Response>`;
}

/** The credentials endpoint of a container, which answers when it is told to. */
async function startSlowContainer() {
  const { accessKeyId, secretAccessKey } = KEYS;
  let asked = false;
  let answer = () => {};
  const told = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const vendor = await startHttpVendor(async () => {
    asked = true;
    await told;
    const body = { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: 'a-token', Expiration: '2099-01-01T00:00:00Z' };
    return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  });
  onTestFinished(vendor.close);
  return { url: vendor.url, asked: () => asked, answer };
}
