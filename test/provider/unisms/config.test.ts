import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { unismsConfig } from '../../../src/provider/unisms/config.ts';

const GOOD = { type: 'unisms', accessKeyId: 'the-key-id', signature: 'UniSMS', templateId: 'tpl_alert' };

it('is simple by default, and prints neither key', () => {
  const config = unismsConfig.parse({ ...GOOD, accessKeySecret: 'the-secret' });
  expect(config).toMatchObject({ authMode: 'simple', timeoutMs: 15_000 });
  expect(inspect(config) + JSON.stringify(config)).not.toMatch(/the-key-id|the-secret/);
});

it('asks for the secret in HMAC mode', () => {
  const { error } = unismsConfig.safeParse({ ...GOOD, authMode: 'hmac' });
  expect(error?.issues).toMatchObject([{ path: ['accessKeySecret'] }]);
  expect(unismsConfig.safeParse({ ...GOOD, authMode: 'hmac', accessKeySecret: 'x' }).success).toBe(true);
});

it.each(['accessKeyId', 'signature', 'templateId'])('asks for %s', (key) => {
  const { error } = unismsConfig.safeParse({ ...GOOD, [key]: undefined });
  expect(error?.issues).toMatchObject([{ path: [key] }]);
});
