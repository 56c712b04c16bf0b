import { expect, it } from 'vitest';
import { tencentConfig } from '../../../src/provider/tencent/config.ts';

const GOOD = { type: 'tencent', secretId: 'AKID', secretKey: 'key', appId: '1400006666', templateId: '449739' };

it('fills in the defaults and wraps the key', () => {
  const config = tencentConfig.parse(GOOD);
  expect(config).toMatchObject({ secretId: 'AKID', region: 'ap-guangzhou', timeoutMs: 15_000 });
  expect(config.secretKey.reveal()).toBe('key');
  expect(JSON.stringify(config)).not.toContain('"key"');
  expect(config.variableLimit).toBeUndefined();
});

it('takes what it knows', () => {
  const given = { signName: '腾讯云', region: 'ap-singapore', variableLimit: 12, receiptToken: 't', countries: ['86'] };
  expect(tencentConfig.parse({ ...GOOD, ...given })).toMatchObject({ signName: '腾讯云', region: 'ap-singapore', variableLimit: 12 });
});

it.each([
  ['an app id that is none', { appId: 'my-app' }, 'appId', /SmsSdkAppId/],
  ['an empty key', { secretKey: '' }, 'secretKey', /secret is missing/],
  ['a limit of nothing', { variableLimit: 0 }, 'variableLimit', /at least 1/],
  ['a key that it does not know', { appid: '1' }, '', /appid/],
])('says what is wrong with %s', (_what, given, path, message) => {
  const { error } = tencentConfig.safeParse({ ...GOOD, ...given });
  const faults = Object.fromEntries((error?.issues ?? []).map((issue) => [issue.path.join('.'), issue.message]));
  expect(faults[path]).toMatch(message);
});
