import { createProvider, providerConfigSchemas } from '../../src/provider/registry.ts';
import { twilioAccepted } from '../support/vendors/twilio.ts';
import { MESSAGE, NOW } from './candidate.ts';
import { sitExam } from './exam.ts';
import { noDeps } from './no-deps.ts';

const ACCOUNT_SID = 'ACexam0000000000000000000000000001';
const AUTH_TOKEN = 'exam-auth-token';

sitExam('twilio', {
  create: ({ baseUrl, timeoutMs, clock }) =>
    createProvider(
      'twilio-main',
      providerConfigSchemas.twilio.parse({
        type: 'twilio',
        accountSid: ACCOUNT_SID,
        authToken: AUTH_TOKEN,
        from: '+15005550006',
        statusCallback: 'https://sms.example.com/v1/receipts/twilio-main?edge=1',
        baseUrl,
        timeout: `${timeoutMs}ms`,
      }),
      { clock, ...noDeps },
    ),
  secrets: [AUTH_TOKEN, Buffer.from(`${ACCOUNT_SID}:${AUTH_TOKEN}`).toString('base64')],
  wire: {
    request: {
      method: 'POST',
      path: `/2010-04-01/Accounts/${ACCOUNT_SID}/Messages.json`,
      headers: {
        authorization: 'Basic QUNleGFtMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMTpleGFtLWF1dGgtdG9rZW4=',
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
      },
      body: [
        'To=%2B60123456789',
        'StatusCallback=https%3A%2F%2Fsms.example.com%2Fv1%2Freceipts%2Ftwilio-main%3Fedge%3D1%26message%3Dm-exam_1',
        'ValidityPeriod=600',
        'From=%2B15005550006',
        'Body=CRITICAL%3A+%22disk%22+%7Bto%7D+full%3F+100%25+%26+a%2Bb%3Dc+%5C+%E4%BD%A0%E5%A5%BD+%F0%9F%94%A5%0Aline+2',
      ].join('&'),
    },
    yes: {
      ...(twilioAccepted(ACCOUNT_SID, { To: MESSAGE.to, From: '+15005550006', Body: MESSAGE.text }) as object),
      status: 201,
      body: '{"sid":"SM00000000000000000000000000000001","status":"queued","num_segments":"2"}',
    },
    accepted: { kind: 'accepted', providerMessageId: 'SM00000000000000000000000000000001', segments: 2 },
    asked: {
      query: { id: MESSAGE.id, to: MESSAGE.to, providerMessageId: 'SM00000000000000000000000000000001', sentAt: NOW, text: MESSAGE.text },
      answer: { status: 200, body: '{"sid":"SM00000000000000000000000000000001","status":"sent","num_segments":"2","error_code":null}' },
    },
  },
});
