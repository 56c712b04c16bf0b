import { describe, expect, it } from 'vitest';
import { awsSmsVoiceConfig, snsConfig } from '../../../../src/provider/aws/shared/config.ts';

const KEYS = { accessKeyId: 'AKIATEST', secretAccessKey: 'k3y' };
const SCHEMAS = { sns: snsConfig, 'aws-sms-voice': awsSmsVoiceConfig } as const;
type Type = keyof typeof SCHEMAS;

function faults(type: Type, given: object): Record<string, string> {
  const { error } = SCHEMAS[type].safeParse({ type, region: 'eu-west-1', ...KEYS, ...given });
  return Object.fromEntries((error?.issues ?? []).map(({ path, message }) => [path.join('.'), message]));
}

describe.each(['sns', 'aws-sms-voice'] as const)('%s', (type) => {
  it('wraps the secret', () => {
    const config = SCHEMAS[type].parse({ type, region: 'eu-west-1', ...KEYS });
    expect(config.secretAccessKey?.reveal()).toBe('k3y');
    expect(JSON.stringify(config)).not.toContain('k3y');
    expect(config.timeoutMs).toBe(15_000);
  });

  it.each(['eu-west-1', 'cn-north-1', 'us-gov-west-1', 'ap-southeast-5', 'eusc-de-east-1'])('works in %s', (region) => {
    expect(faults(type, { region })).toEqual({});
  });

  it('leaves the keys to the chain when it has neither', () => {
    expect(faults(type, { accessKeyId: undefined, secretAccessKey: undefined })).toEqual({});
  });

  it.each([
    ['no region', { region: undefined }, 'region', /./],
    ['a region that could be a host', { region: 'eu-west-1.evil.example' }, 'region', /AWS region/],
    ['a key without its secret', { secretAccessKey: undefined }, 'secretAccessKey', /set together/],
    ['a secret without its key', { accessKeyId: undefined }, 'accessKeyId', /set together/],
    ['a key that it does not know', { regoin: 'x' }, '', /regoin/],
  ])('says what is wrong with %s', (_what, given, path, message) => {
    expect(faults(type, given)[path]).toMatch(message);
  });
});

it('fills in what AWS would have done less well: texts are transactional', () => {
  expect(snsConfig.parse({ type: 'sns', region: 'eu-west-1' }).smsType).toBe('Transactional');
  expect(awsSmsVoiceConfig.parse({ type: 'aws-sms-voice', region: 'eu-west-1' }).messageType).toBe('TRANSACTIONAL');
});

it.each(['OP', 'OPS-ALERT', '12345', 'TWELVELETTER'])('%s is no sender ID for SNS', (senderId) => {
  expect(faults('sns', { senderId }).senderId).toMatch(/3 to 11 letters and digits/);
});
