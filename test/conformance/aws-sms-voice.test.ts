import { createProvider, providerConfigSchemas } from '../../src/provider/registry.ts';
import { smsVoiceYes } from '../support/vendors/aws.ts';
import { MESSAGE } from './candidate.ts';
import { sitExam } from './exam.ts';
import { noDeps } from './no-deps.ts';

const ACCESS_KEY_ID = 'AKIAEXAM000000000002';
const SECRET_ACCESS_KEY = 'exam/other+secret/key';
const MESSAGE_ID = '1b2c3d4e-659e-55d4-8ccb-5aaf14679dc0';

sitExam('aws-sms-voice', {
  create: ({ baseUrl, timeoutMs, clock }) =>
    createProvider(
      'eum-main',
      providerConfigSchemas['aws-sms-voice'].parse({
        type: 'aws-sms-voice',
        region: 'ap-southeast-1',
        accessKeyId: ACCESS_KEY_ID,
        secretAccessKey: SECRET_ACCESS_KEY,
        originationIdentity: 'pool-0123456789abcdef',
        configurationSet: 'alerts',
        baseUrl,
        timeout: `${timeoutMs}ms`,
      }),
      { clock, ...noDeps },
    ),
  secrets: [ACCESS_KEY_ID, SECRET_ACCESS_KEY],
  wire: {
    request: {
      method: 'POST',
      path: '/',
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'PinpointSMSVoiceV2.SendTextMessage' },
      body: JSON.stringify({
        DestinationPhoneNumber: '+60123456789',
        OriginationIdentity: 'pool-0123456789abcdef',
        MessageBody: MESSAGE.text,
        MessageType: 'TRANSACTIONAL',
        ConfigurationSetName: 'alerts',
        TimeToLive: 600,
        Context: { messageId: 'm-exam_1' },
      }),
    },
    yes: smsVoiceYes({ MessageId: MESSAGE_ID }),
    accepted: { kind: 'accepted', providerMessageId: MESSAGE_ID },
  },
});
