import { describe, expect, test } from 'vitest';
import { providerConfigSchemas } from '../../../src/provider/registry.ts';

const required = {
  twilio: { accountSid: 'AC00000000000000000000000000000001', authToken: 'x', from: '+15005550006' },
  tencent: { secretId: 'x', secretKey: 'x', appId: '1400006666', templateId: '1' },
  alibaba: { accessKeyId: 'x', accessKeySecret: 'x', signName: 'x', templateCode: 'x' },
  exotel: { sid: 'x', token: 'x' },
} as const;

describe.each(['twilio', 'tencent', 'alibaba', 'exotel'] as const)('pollAfter of %s', (type) => {
  const parse = (pollAfter?: string) => providerConfigSchemas[type].safeParse({ type, ...required[type], pollAfter });

  test('is a duration, in ms from then on', () => {
    expect(parse('10m').data).toMatchObject({ pollAfterMs: 600_000 });
    expect(parse('10m').data).not.toHaveProperty('pollAfter');
  });

  test('left out it is never', () => {
    expect(parse().data).not.toHaveProperty('pollAfterMs');
  });

  test.each(['4s', '25h', 'soon'])('cannot be %s', (pollAfter) => {
    expect(parse(pollAfter).success).toBe(false);
  });
});

test('a type that cannot be asked does not take it', () => {
  expect(
    providerConfigSchemas.unisms.safeParse({ type: 'unisms', accessKeyId: 'x', signature: 'x', templateId: '1', pollAfter: '10m' }).success,
  ).toBe(false);
});
