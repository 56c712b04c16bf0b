import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createProvider, createReceiptReader, type ProviderType, providerConfigSchemas } from '../../src/provider/registry.ts';
import { noDeps } from '../conformance/no-deps.ts';

/** The SDKs are CommonJS, so whatever of them is loaded is in here. Of Twilio's, only one small file is used, which checks signatures. */
function loadedSdks(): string[] {
  const paths = Object.keys(createRequire(import.meta.url).cache);
  const sdks = ['twilio/lib/rest', '@aws-sdk/client-sns', '@aws-sdk/client-pinpoint-sms-voice-v2', 'tencentcloud-sdk-nodejs-sms'];
  return sdks.filter((sdk) => paths.some((path) => path.includes(`/node_modules/${sdk}/`)));
}

const make = (type: ProviderType, keys: Readonly<Record<string, unknown>>) =>
  createProvider(type, providerConfigSchemas[type].parse({ type, ...keys }), { clock: systemClock, ...noDeps });

it('loads the SDK of a vendor only where it is configured', async () => {
  const tencent = { secretId: 'ID1', secretKey: 'key', appId: '1400006666', templateId: '1' };
  const aws = { region: 'eu-west-1', accessKeyId: 'AK1', secretAccessKey: 'key' };
  const providers = [
    await make('http', { url: 'http://127.0.0.1:9' }),
    await make('simulated', {}),
    await make('alibaba', { accessKeyId: 'AK1', accessKeySecret: 'key', signName: 'Ops', templateCode: 'SMS_1' }),
    await make('unisms', { accessKeyId: 'AK1', signature: 'Ops', templateId: 'pub_1' }),
    await make('smslocal', { apiKey: 'key' }),
    await make('exotel', { sid: 'acme1', token: 'key' }),
    // Its SDK is a development dependency, for types.
    await make('tencent', tencent),
  ];
  expect(loadedSdks()).toEqual([]);

  // The receiver reads receipts, and calls no vendor.
  const twilio = { accountSid: 'AC00000000000000000000000000000001', authToken: 't', from: '+15005550006' };
  const configs = [
    providerConfigSchemas.twilio.parse({ type: 'twilio', ...twilio }),
    providerConfigSchemas.tencent.parse({ type: 'tencent', ...tencent }),
  ];
  for (const config of configs) {
    expect(await createReceiptReader(config, { publicUrl: undefined, providers: new Map() })).toBeDefined();
  }
  expect(loadedSdks()).toEqual([]);

  providers.push(await make('twilio', twilio));
  expect(loadedSdks()).toEqual([]);
  providers.push(await make('sns', aws));
  expect(loadedSdks()).toEqual(['@aws-sdk/client-sns']);
  providers.push(await make('aws-sms-voice', aws));
  expect(loadedSdks()).toEqual(['@aws-sdk/client-sns', '@aws-sdk/client-pinpoint-sms-voice-v2']);
  await Promise.all(providers.map(({ close }) => close()));
});
