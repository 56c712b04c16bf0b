import { describe, expect, it } from 'vitest';
import { faultOfSender } from '../../../src/provider/contract/common-config.ts';
import { providerConfigSchemas } from '../../../src/provider/registry.ts';

const HEX = '0123456789abcdef0123456789abcdef';

const GOOD = {
  twilio: { accountSid: `AC${HEX}`, authToken: HEX, from: '+15005550006' },
  sns: { region: 'eu-west-1' },
  'aws-sms-voice': { region: 'eu-west-1' },
  tencent: { secretId: `AKID${HEX}`, secretKey: 'k', appId: '1400006666', templateId: '449739' },
  alibaba: { accessKeyId: 'LTAI5tExample00000000000', accessKeySecret: 'hush', signName: 'Ops', templateCode: 'SMS_1' },
  smslocal: { apiKey: 'k' },
  exotel: { sid: 'acme1', token: 't' },
} as const;

function faults(type: keyof typeof GOOD, given: object): string[] {
  const { error } = providerConfigSchemas[type].safeParse({ type, ...GOOD[type], ...given });
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('a sender', () => {
  it.each(['+15005550006', '12345', '54321678', 'ACME', 'Ops Alert', 'A', 'O2 & Co', 'MGROUP', 'x'])(
    '%s may be one of Twilio’s',
    (from) => {
      expect(faults('twilio', { from })).toEqual([]);
    },
  );

  it.each([
    [`MG${HEX}`, /^from: is a Messaging Service SID: set it as messagingServiceSid/],
    ['MG0123', /^from: is a Messaging Service SID/],
    [`PN${HEX}`, /^from: is a SID/],
    [`AC${HEX}`, /^from: is a SID/],
    ['ACMEOPERATIONS1', /^from: has 15 characters: an alphanumeric sender has at most 11/],
    ['whatsapp:+15005550006', /^from: must not have the prefix whatsapp:/],
    ['WhatsApp:+15005550006', /^from: must not have the prefix whatsapp:/],
    ['rcs:acme', /^from: must not have the prefix rcs:/],
    ['+1 500 555 0006', /^from: must be \+ and digits, without spaces/],
    ['(500) 555-0006', /^from: must be \+ and digits, without spaces/],
    ['15005550006', /^from: must begin with \+/],
    ['+0500555', /^from: must be a number in E.164/],
    ['+15005550006123456', /^from: must be a number in E.164/],
    ['Ops!', /^from: must be a number, or a name/],
    ['运维', /^from: must be a number, or a name/],
    [' ACME', /^from: must be a number, or a name/],
  ])('%s is not one of Twilio’s', (from, message) => {
    expect(faults('twilio', { from }).join('\n')).toMatch(message);
  });

  it.each([
    ['smslocal', { from: '60199990000' }, /^$/],
    ['smslocal', { from: 'OPERATIONSTEAM' }, /^from: has 14 characters/],
    ['exotel', { from: '08047112345' }, /^$/],
    ['exotel', { from: 'a-long-account-name' }, /^$/],
    ['exotel', { from: '080 4711 2345' }, /^from: must be \+ and digits, without spaces/],
    ['exotel', { from: 'whatsapp:+918047112345' }, /^from: must not have the prefix whatsapp:/],
    ['sns', { senderId: '+15005550006' }, /^senderId: must be 3 to 11 letters and digits/],
    ['aws-sms-voice', { originationIdentity: 'pool-0123456789abcdef' }, /^$/],
    ['aws-sms-voice', { originationIdentity: 'arn:aws:sms-voice:eu-west-1:123456789012:phone-number/phone-1' }, /^$/],
    ['aws-sms-voice', { originationIdentity: 'arn:aws-us-gov:sms-voice:us-gov-west-1:123456789012:pool/p-1' }, /^$/],
    [
      'aws-sms-voice',
      { originationIdentity: 'arn:aws:sns:eu-west-1:123456789012:topic' },
      /^originationIdentity: must be the ARN of a number/,
    ],
    ['aws-sms-voice', { originationIdentity: '+1 500 555 0006' }, /^originationIdentity: must be a number as \+ and digits/],
    ['aws-sms-voice', { originationIdentity: 'whatsapp:+15005550006' }, /^originationIdentity: must not have a channel prefix/],
  ] as const)('of %s, as in %j, is judged by its form', (type, given, message) => {
    expect(faults(type, given).join('\n')).toMatch(message);
  });

  it('is never quoted in a fault', () => {
    for (const from of ['+1 500 555 0006', 'whatsapp:+15005550006', '15005550006', `PN${HEX}`]) {
      expect(faultOfSender(from, { plus: true })).not.toContain('5005550006');
      expect(faultOfSender(from, { plus: true })).not.toContain(HEX);
    }
  });
});

it.each([
  ['twilio', { authToken: `SK${HEX}` }, /^authToken: is the SID of an API key \(prefix SK\)/],
  ['twilio', { accountSid: `SK${HEX}` }, /^accountSid: must be an Account SID/],
  ['twilio', { from: undefined, messagingServiceSid: '+15005550006' }, /^messagingServiceSid: .*\(a number or a name is set as from\)/],
  ['sns', { accessKeyId: 'ASIAEXAMPLE000000000', secretAccessKey: 's' }, /^accessKeyId: is a temporary key/],
  [
    'sns',
    { accessKeyId: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', secretAccessKey: 's' },
    /^accessKeyId: looks like a secret access key/,
  ],
  ['sns', { accessKeyId: 'k', secretAccessKey: 'AKIAEXAMPLE000000000' }, /^secretAccessKey: is an access key ID/],
  ['tencent', { secretId: '1400006666' }, /^secretId: consists of digits, like an appId/],
  ['tencent', { appId: `AKID${HEX}` }, /^appId: must be an SmsSdkAppId/],
  ['tencent', { secretKey: `AKID${HEX}` }, /^secretKey: is a SecretId/],
  ['tencent', { templateId: 'SMS_1' }, /^templateId: is a template code of Alibaba/],
  ['alibaba', { accessKeySecret: 'LTAI5tExample00000000000' }, /^accessKeySecret: is an AccessKey ID/],
  ['alibaba', { templateCode: '153055065' }, /^templateCode: must begin with SMS_/],
] as const)('a value of another key of %s is refused, and the right key named: %j', (type, given, message) => {
  expect(faults(type, given).join('\n')).toMatch(message);
  for (const value of Object.values(given))
    if (value !== undefined && value.length >= 16) expect(faults(type, given).join('\n')).not.toContain(value);
});
