import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../src/clock.ts';
import { createProvider, PROVIDER_TYPES, type ProviderConfig, providerConfigSchemas } from '../../src/provider/registry.ts';
import { noDeps } from '../conformance/no-deps.ts';

const LEAST = {
  twilio: { accountSid: 'AC00000000000000000000000000000001', authToken: 'k3y', from: '+15005550006' },
  sns: { region: 'eu-west-1', accessKeyId: 'AK1', secretAccessKey: 'k3y' },
  'aws-sms-voice': { region: 'eu-west-1', accessKeyId: 'AK1', secretAccessKey: 'k3y' },
  tencent: { secretId: 'ID1', secretKey: 'k3y', appId: '1400006666', templateId: '1' },
  alibaba: { accessKeyId: 'AK1', accessKeySecret: 'k3y', signName: 'Ops', templateCode: 'SMS_1' },
  unisms: { accessKeyId: 'k3y', authMode: 'hmac', accessKeySecret: 'k3y', signature: 'Ops', templateId: 'pub_1' },
  smslocal: { apiKey: 'k3y', from: 'OPS' },
  exotel: { sid: 'acme1', token: 'k3y', key: 'k3y' },
  http: { url: 'https://gateway.example/send?key=k3y', headers: { authorization: 'k3y' }, body: { k: 'k3y', to: '{to}', text: '{text}' } },
  simulated: {},
} as const;

it('knows its vendors', () => {
  expect(PROVIDER_TYPES).toEqual(Object.keys(LEAST));
  expect(Object.keys(providerConfigSchemas)).toEqual(PROVIDER_TYPES);
});

it.each(PROVIDER_TYPES)('makes a provider of type %s that carries the name of its instance', async (type) => {
  const config = providerConfigSchemas[type].parse({ type, ...LEAST[type] });
  const provider = await createProvider(`my-${type}`, config, { clock: systemClock, ...noDeps });
  expect(provider.name).toBe(`my-${type}`);
  await provider.close();
});

it.each(PROVIDER_TYPES)('gives type %s the common keys, and prints no secret of it', (type) => {
  const config: ProviderConfig = providerConfigSchemas[type].parse({ type, ...LEAST[type], timeout: '3s', receiptToken: 'k3y' });
  expect(config).toMatchObject({ type, timeoutMs: 3_000 });
  expect(`${JSON.stringify(config)}${inspect(config, { depth: 9, showHidden: true })}`).not.toContain('k3y');
});

it('selects the schema by `type`', () => {
  const { twilio, ...others } = providerConfigSchemas;
  const any = z.discriminatedUnion('type', [twilio, ...Object.values(others)]);
  expect(any.parse({ type: 'simulated', latency: '5ms' })).toMatchObject({ type: 'simulated', latencyMs: 5, timeoutMs: 15_000 });
  expect(any.safeParse({ type: 'twillio' }).error?.issues).toMatchObject([{ path: ['type'] }]);
});
