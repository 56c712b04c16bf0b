import { onTestFinished } from 'vitest';
import type { Provider } from '../../../src/provider/contract/provider.ts';
import { createProvider, providerConfigSchemas } from '../../../src/provider/registry.ts';
import { NOW } from '../../conformance/candidate.ts';
import { noDeps } from '../../conformance/no-deps.ts';
import { type FakeAws, type FakeAwsAccount, startFakeSmsVoice, startFakeSns } from '../../support/vendors/aws.ts';

export const KEYS = { accessKeyId: 'AKIATEST000000000001', secretAccessKey: 'the/secret+key' };
export const REGION = 'eu-west-1';
export const ACCOUNT: FakeAwsAccount = { ...KEYS, region: REGION };

export const never: AbortSignal = new AbortController().signal;

export async function fakeOf(type: 'sns' | 'aws-sms-voice', account: FakeAwsAccount = ACCOUNT): Promise<FakeAws> {
  const fake = await (type === 'sns' ? startFakeSns : startFakeSmsVoice)(account);
  onTestFinished(fake.close);
  return fake;
}

/** With {@link KEYS} unless `accessKeyId: undefined` is given. */
export async function providerOf(
  type: 'sns' | 'aws-sms-voice',
  given: Readonly<Record<string, unknown>>,
  now: () => Date = () => NOW,
): Promise<Provider> {
  const written = { type, region: REGION, ...KEYS, timeout: '5s', ...given };
  const config = type === 'sns' ? providerConfigSchemas.sns.parse(written) : providerConfigSchemas['aws-sms-voice'].parse(written);
  const provider = await createProvider(`${type}-main`, config, { clock: { now }, ...noDeps });
  onTestFinished(() => provider.close());
  return provider;
}
