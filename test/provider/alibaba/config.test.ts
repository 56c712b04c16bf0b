import { expect, it } from 'vitest';
import { alibabaConfig } from '../../../src/provider/alibaba/config.ts';

const GOOD = { type: 'alibaba', accessKeyId: 'LTAI-key', accessKeySecret: 'hush', signName: '示例', templateCode: 'SMS_1' };

it('fills in the defaults and wraps the secret', () => {
  const config = alibabaConfig.parse(GOOD);
  expect(config).toMatchObject({ region: 'cn-hangzhou', variableLimit: 35, timeoutMs: 15_000, signName: '示例' });
  expect(config.accessKeySecret.reveal()).toBe('hush');
  expect(JSON.stringify(config)).not.toContain('hush');
});

it.each(['accessKeyId', 'accessKeySecret', 'signName', 'templateCode'])('asks for %s', (key) => {
  const { [key]: _, ...rest } = GOOD as Record<string, unknown>;
  expect(alibabaConfig.safeParse(rest).error?.issues.map(({ path }) => path)).toEqual([[key]]);
});

it.each([0, 501, 3.5, 'many'])('does not let a variable hold %s characters', (variableLimit) => {
  expect(alibabaConfig.safeParse({ ...GOOD, variableLimit }).error?.issues.map(({ path }) => path)).toEqual([['variableLimit']]);
});
