import { createProvider, providerConfigSchemas } from '../../src/provider/registry.ts';
import { snsYes } from '../support/vendors/aws.ts';
import { sitExam } from './exam.ts';
import { noDeps } from './no-deps.ts';

const ACCESS_KEY_ID = 'AKIAEXAM000000000001';
const SECRET_ACCESS_KEY = 'exam/secret+access/key';
const MESSAGE_ID = '567910cd-659e-55d4-8ccb-5aaf14679dc0';

sitExam('sns', {
  create: ({ baseUrl, timeoutMs, clock }) =>
    createProvider(
      'sns-main',
      providerConfigSchemas.sns.parse({
        type: 'sns',
        region: 'ap-southeast-1',
        accessKeyId: ACCESS_KEY_ID,
        secretAccessKey: SECRET_ACCESS_KEY,
        senderId: 'OPSALERT',
        maxPrice: 0.25,
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
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: [
        'Action=Publish',
        'Version=2010-03-31',
        'Message=CRITICAL%3A%20%22disk%22%20%7Bto%7D%20full%3F%20100%25%20%26%20a%2Bb%3Dc%20%5C%20%E4%BD%A0%E5%A5%BD%20%F0%9F%94%A5%0Aline%202',
        'PhoneNumber=%2B60123456789',
        'MessageAttributes.entry.1.Name=AWS.SNS.SMS.SMSType',
        'MessageAttributes.entry.1.Value.DataType=String',
        'MessageAttributes.entry.1.Value.StringValue=Transactional',
        'MessageAttributes.entry.2.Name=AWS.SNS.SMS.SenderID',
        'MessageAttributes.entry.2.Value.DataType=String',
        'MessageAttributes.entry.2.Value.StringValue=OPSALERT',
        'MessageAttributes.entry.3.Name=AWS.SNS.SMS.MaxPrice',
        'MessageAttributes.entry.3.Value.DataType=Number',
        'MessageAttributes.entry.3.Value.StringValue=0.25',
      ].join('&'),
    },
    yes: snsYes('Publish', `<MessageId>${MESSAGE_ID}</MessageId>`),
    accepted: { kind: 'accepted', providerMessageId: MESSAGE_ID },
  },
});
