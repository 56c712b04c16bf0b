import { createProvider, providerConfigSchemas } from '../../src/provider/registry.ts';
import type { Candidate } from './candidate.ts';
import { sitExam } from './exam.ts';
import { noDeps } from './no-deps.ts';

const KEY = 'exam-header-key';
const BODY_KEY = 'exam-body-key';
const URL_KEY = 'exam-url-key';

function candidate(config: Readonly<Record<string, unknown>>, request: NonNullable<Candidate['wire']>['request']): Candidate {
  return {
    create: ({ baseUrl, timeoutMs, clock }) =>
      createProvider(
        'gateway',
        providerConfigSchemas.http.parse({
          type: 'http',
          url: `https://gateway.example/v2/messages?key=${URL_KEY}`,
          headers: { 'X-Api-Key': KEY },
          success: { status: [200], pointer: '/code', equals: '0' },
          messageId: '/data/ids/0',
          errors: { pointer: '/code', map: { 1001: 'recipient' } },
          baseUrl,
          timeout: `${timeoutMs}ms`,
          ...config,
        }),
        { clock, ...noDeps },
      ),
    secrets: [KEY, BODY_KEY, URL_KEY],
    wire: {
      request,
      yes: { status: 200, body: '{"code":0,"data":{"ids":["gw-77"]}}' },
      accepted: { kind: 'accepted', providerMessageId: 'gw-77' },
    },
  };
}

sitExam(
  'http (json)',
  candidate(
    { body: { apiKey: BODY_KEY, sms: { numbers: ['{to}', '{toDigits}'], text: 'Ops: {text}', ref: '{id}' }, flash: false, ttl: 60 } },
    {
      method: 'POST',
      path: `/v2/messages?key=${URL_KEY}`,
      headers: { 'x-api-key': KEY, 'content-type': 'application/json' },
      body:
        `{"apiKey":"${BODY_KEY}","sms":{"numbers":["+60123456789","60123456789"],` +
        '"text":"Ops: CRITICAL: \\"disk\\" {to} full? 100% & a+b=c \\\\ 你好 🔥\\nline 2","ref":"m-exam_1"},"flash":false,"ttl":60}',
    },
  ),
);

sitExam(
  'http (form)',
  candidate(
    { contentType: 'form', body: { key: BODY_KEY, 'to[]': '{toDigits}', msg: '{text}', ref: '{id}', flash: false, ttl: 60 } },
    {
      method: 'POST',
      path: `/v2/messages?key=${URL_KEY}`,
      headers: { 'x-api-key': KEY, 'content-type': 'application/x-www-form-urlencoded' },
      body:
        `key=${BODY_KEY}&to%5B%5D=60123456789` +
        '&msg=CRITICAL%3A+%22disk%22+%7Bto%7D+full%3F+100%25+%26+a%2Bb%3Dc+%5C+%E4%BD%A0%E5%A5%BD+%F0%9F%94%A5%0Aline+2' +
        '&ref=m-exam_1&flash=false&ttl=60',
    },
  ),
);

sitExam(
  'http (query)',
  candidate(
    { method: 'GET', body: { key: BODY_KEY, to: '{to}', msg: '{text}' } },
    {
      method: 'GET',
      path:
        `/v2/messages?key=${URL_KEY}&key=${BODY_KEY}&to=%2B60123456789` +
        '&msg=CRITICAL%3A+%22disk%22+%7Bto%7D+full%3F+100%25+%26+a%2Bb%3Dc+%5C+%E4%BD%A0%E5%A5%BD+%F0%9F%94%A5%0Aline+2',
      headers: { 'x-api-key': KEY },
      body: '',
    },
  ),
);
