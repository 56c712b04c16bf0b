import { createHash, createHmac } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { alibabaAnswer, startFakeAlibaba } from '../support/vendors/alibaba.ts';

const NOW = new Date('2026-11-20T03:00:00.000Z');
const ACCOUNT = { accessKeyId: 'key', accessKeySecret: 'secret', now: () => NOW };
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

interface Change {
  readonly key?: string;
  readonly secret?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly unsigned?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly sentQuery?: string;
  readonly body?: string;
}

async function fake() {
  const alibaba = await startFakeAlibaba(ACCOUNT);
  onTestFinished(alibaba.close);
  let calls = 0;
  const call = async ({ key = 'key', secret = 'secret', headers, unsigned, query = SEND, sentQuery = query, body = '' }: Change = {}) => {
    const signed: Record<string, string> = {
      host: new URL(alibaba.url).host,
      'x-acs-action': 'SendSms',
      'x-acs-content-sha256': sha256(''),
      'x-acs-date': '2026-11-20T03:00:00Z',
      'x-acs-signature-nonce': String(calls++),
      'x-acs-version': '2017-05-25',
      ...headers,
    };
    const names = Object.keys(signed).sort();
    const lines = names.map((name) => `${name}:${signed[name]}\n`).join('');
    const canonical = `POST\n/\n${query}\n${lines}\n${names.join(';')}\n${signed['x-acs-content-sha256']}`;
    const signature = createHmac('sha256', secret)
      .update(`ACS3-HMAC-SHA256\n${sha256(canonical)}`)
      .digest('hex');
    const authorization = `ACS3-HMAC-SHA256 Credential=${key},SignedHeaders=${names.join(';')},Signature=${signature}`;
    const { host: _, ...sent } = signed;
    const answer = await fetch(`${alibaba.url}/?${sentQuery}`, {
      method: 'POST',
      headers: { ...sent, authorization, ...unsigned },
      ...(body === '' ? {} : { body: Buffer.from(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  return { alibaba, call };
}

const SEND = 'PhoneNumbers=13800138000&SignName=%E7%AD%BE&TemplateCode=SMS_1&TemplateParam=%7B%22a%22%3A%22b%22%7D';

it('the fake Alibaba takes a text, keeps the call and a record', async () => {
  const { alibaba, call } = await fake();
  expect(await call()).toMatchObject({ status: 200, body: { Code: 'OK', BizId: alibaba.records[0]?.bizId } });
  expect(alibaba.records).toMatchObject([{ phone: '13800138000', day: '20261120', status: 1 }]);
  expect(alibaba.requests).toMatchObject([{ valid: true, action: 'SendSms', params: { SignName: '签', TemplateParam: '{"a":"b"}' } }]);
});

it.each([
  ['another key', { key: 'other' }, 404, 'InvalidAccessKeyId.NotFound'],
  ['another secret', { secret: 'other' }, 400, 'SignatureDoesNotMatch'],
  ['another query than was signed', { sentQuery: SEND.replace('13800138000', '13800138001') }, 400, 'SignatureDoesNotMatch'],
  ['a body that was not signed', { body: 'x' }, 400, 'SignatureDoesNotMatch'],
  ['a header of its own that was not signed', { unsigned: { 'x-acs-security-token': 't' } }, 400, 'SignatureDoesNotMatch'],
  ['no signature', { unsigned: { authorization: 'Basic eDp5' } }, 400, 'IncompleteSignature'],
  ['an old date', { headers: { 'x-acs-date': '2026-11-20T02:44:59Z' } }, 400, 'InvalidTimeStamp.Expired'],
  ['a date of another form', { headers: { 'x-acs-date': '2026-11-20 03:00:00' } }, 400, 'InvalidTimeStamp.Format'],
  ['another version', { headers: { 'x-acs-version': '2018-05-01' } }, 404, 'InvalidVersion'],
  ['an unknown action', { headers: { 'x-acs-action': 'SendFax' } }, 404, 'InvalidAction.NotFound'],
])('the fake Alibaba turns away %s, and keeps that call too', async (_what, change, status, code) => {
  const { alibaba, call } = await fake();
  alibaba.respondWith(() => {
    throw new Error('asked about a call that is not valid');
  });
  expect(await call(change)).toMatchObject({ status, body: { Code: code } });
  expect(alibaba.requests).toMatchObject([{ valid: false }]);
});

it('the fake Alibaba takes no nonce twice', async () => {
  const { call } = await fake();
  const again = { headers: { 'x-acs-signature-nonce': 'n' } };
  expect((await call(again)).status).toBe(200);
  expect(await call(again)).toMatchObject({ status: 400, body: { Code: 'SignatureNonceUsed' } });
});

it.each([
  ['a number with its plus', SEND.replace('13800138000', '%2B8613800138000'), 200, 'isv.MOBILE_NUMBER_ILLEGAL'],
  ['variables that are no text', SEND.replace('%22b%22', '1'), 200, 'isv.INVALID_JSON_PARAM'],
  ['no template', SEND.replace('SMS_1', ''), 400, 'MissingParameter'],
])('the fake Alibaba refuses %s', async (_what, query, status, code) => {
  const { call } = await fake();
  expect(await call({ query })).toMatchObject({ status, body: { Code: code } });
});

it('the fake Alibaba answers as configured, by the number of the valid call', async () => {
  const { alibaba, call } = await fake();
  alibaba.respondWith((_hit, index) => (index === 1 ? alibabaAnswer('isv.OUT_OF_SERVICE', '业务停机') : undefined));
  expect((await call()).body.Code).toBe('OK');
  expect((await call({ secret: 'x' })).status).toBe(400);
  expect((await call()).body.Code).toBe('isv.OUT_OF_SERVICE');
  alibaba.respondWith(() => 'reset');
  await expect(call()).rejects.toThrow();
});
