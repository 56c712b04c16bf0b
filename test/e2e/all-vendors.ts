import { startFakeAlibaba } from '../support/vendors/alibaba.ts';
import { startFakeSmsVoice, startFakeSns } from '../support/vendors/aws.ts';
import { startFakeExotel } from '../support/vendors/exotel.ts';
import { startFakeGateway } from '../support/vendors/gateway.ts';
import { startFakeSmslocal } from '../support/vendors/smslocal.ts';
import { startFakeTencent } from '../support/vendors/tencent.ts';
import { startFakeTwilio } from '../support/vendors/twilio.ts';
import { startFakeUnisms } from '../support/vendors/unisms.ts';

const AWS = { region: 'eu-west-1', accessKeyId: 'AKIAE2E0000000000001', secretAccessKey: 'aws/secret' };
const TWILIO = { accountSid: 'AC00000000000000000000000000000000', authToken: 'twilio-token' };
const TENCENT = { secretId: 'tencent-id', secretKey: 'tencent-key', appId: '1400006666' };
const ALIBABA = { accessKeyId: 'alibaba-id', accessKeySecret: 'alibaba-secret' };
const UNISMS = { accessKeyId: 'unisms-id', accessKeySecret: 'unisms-secret' };
const SMSLOCAL_KEY = 'smslocal-key';
const EXOTEL = { sid: 'acme1', key: 'exotel-key', token: 'exotel-token' };

export const PUBLIC_URL = 'https://sms.example.com';
export const RECEIPT_TOKEN = 'receipt-token';

/** As they are, and as they go over the wire. */
export const SECRETS: readonly string[] = [
  RECEIPT_TOKEN,
  SMSLOCAL_KEY,
  AWS.secretAccessKey,
  TWILIO.authToken,
  TENCENT.secretKey,
  ALIBABA.accessKeySecret,
  ...Object.values(UNISMS),
  EXOTEL.key,
  EXOTEL.token,
  ...[`${TWILIO.accountSid}:${TWILIO.authToken}`, `${EXOTEL.key}:${EXOTEL.token}`].map((pair) => Buffer.from(pair).toString('base64')),
];

/** Every vendor there is, each verifying our credentials, and the lines of a config that reach them under their type's name. */
export async function startAllVendors() {
  const [twilio, sns, voice, tencent, alibaba, unisms, smslocal, exotel, gateway] = await Promise.all([
    startFakeTwilio(TWILIO),
    startFakeSns(AWS),
    startFakeSmsVoice(AWS),
    startFakeTencent(TENCENT),
    startFakeAlibaba(ALIBABA),
    startFakeUnisms({ ...UNISMS, templates: { pub_1: ['instance', 'priority', 'content'] }, now: () => new Date() }),
    startFakeSmslocal(SMSLOCAL_KEY),
    startFakeExotel(EXOTEL),
    startFakeGateway(),
  ]);
  const vendors = { twilio, sns, 'aws-sms-voice': voice, tencent, alibaba, unisms, smslocal, exotel, http: gateway };
  const keys: Readonly<Record<keyof typeof vendors, object>> = {
    twilio: { ...TWILIO, from: '+15005550006', statusCallback: `${PUBLIC_URL}/v1/receipts/twilio` },
    sns: AWS,
    'aws-sms-voice': AWS,
    tencent: { ...TENCENT, templateId: '1234', signName: 'Ops' },
    alibaba: { ...ALIBABA, signName: 'Ops', templateCode: 'SMS_1' },
    unisms: { ...UNISMS, authMode: 'hmac', signature: 'Ops', templateId: 'pub_1' },
    smslocal: { apiKey: SMSLOCAL_KEY, from: 'OPS' },
    exotel: { ...EXOTEL, from: 'OPSALT' },
    http: {
      url: 'https://gateway.example/send',
      success: { pointer: '/code', equals: '0' },
      messageId: '/data/id',
      receipt: { id: '/id', status: '/status', map: { DELIVRD: 'delivered' } },
    },
  };
  return {
    vendors,
    config: [
      'providers:',
      ...Object.entries(keys).map(([type, own]) => {
        const { url } = vendors[type as keyof typeof vendors];
        return `  ${type}: ${JSON.stringify({ type, ...own, baseUrl: url, receiptToken: RECEIPT_TOKEN })}`;
      }),
      `http: { publicUrl: "${PUBLIC_URL}" }`,
      'caps: { perRecipient: [], perHour: off }',
    ],
    close: () => Promise.all(Object.values(vendors).map(({ close }) => close())),
  };
}
