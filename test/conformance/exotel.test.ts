import { createProvider, providerConfigSchemas } from '../../src/provider/registry.ts';
import { exotelText } from '../support/vendors/exotel.ts';
import { MESSAGE, NOW } from './candidate.ts';
import { sitExam } from './exam.ts';
import { noDeps } from './no-deps.ts';

const TOKEN = 'exam-api-token';
const KEY = 'exam-api-key';
const RECEIPT_TOKEN = 'exam-receipt-token';
const SID = '0b6c6a98f32682862ce6edf1bdab3526';

sitExam('exotel', {
  create: ({ baseUrl, timeoutMs, clock }) =>
    createProvider(
      'exotel-in',
      providerConfigSchemas.exotel.parse({
        type: 'exotel',
        sid: 'acme1',
        key: KEY,
        token: TOKEN,
        from: 'ACMEIN',
        dltEntityId: '1201159000000000001',
        dltTemplateId: '1107159000000000001',
        statusCallback: 'https://sms.example.com/v1/receipts/exotel-in?edge=1',
        receiptToken: RECEIPT_TOKEN,
        baseUrl,
        timeout: `${timeoutMs}ms`,
      }),
      { clock, ...noDeps },
    ),
  secrets: [KEY, TOKEN, RECEIPT_TOKEN, Buffer.from(`${KEY}:${TOKEN}`).toString('base64')],
  wire: {
    request: {
      method: 'POST',
      path: '/v1/Accounts/acme1/Sms/send.json',
      headers: {
        authorization: 'Basic ZXhhbS1hcGkta2V5OmV4YW0tYXBpLXRva2Vu',
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
      },
      body: [
        'From=ACMEIN',
        'To=%2B60123456789',
        'Body=CRITICAL%3A+%22disk%22+%7Bto%7D+full%3F+100%25+%26+a%2Bb%3Dc+%5C+%E4%BD%A0%E5%A5%BD+%F0%9F%94%A5%0Aline+2',
        'EncodingType=unicode',
        'Priority=high',
        'CustomField=m-exam_1',
        'DltEntityId=1201159000000000001',
        'DltTemplateId=1107159000000000001',
        'StatusCallback=https%3A%2F%2Fsms.example.com%2Fv1%2Freceipts%2Fexotel-in%3Fedge%3D1%26token%3Dexam-receipt-token',
      ].join('&'),
    },
    yes: exotelText({ Sid: SID, To: MESSAGE.to, Body: MESSAGE.text, SmsUnits: '2' }),
    accepted: { kind: 'accepted', providerMessageId: SID, segments: 2 },
    // 503 is how Exotel limits texts; 409 is a duplicate.
    statuses: { 503: 'throttled' },
    taken: [409],
    asked: {
      query: { id: MESSAGE.id, to: MESSAGE.to, providerMessageId: SID, sentAt: NOW, text: MESSAGE.text },
      answer: exotelText({ Sid: SID, To: MESSAGE.to, Body: MESSAGE.text, Status: 'submitted', DetailedStatusCode: 21020 }),
    },
  },
});
