import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ReceiptCall } from '../../../src/provider/contract/receipt-reader.ts';
import { createReceiptReader, type ProviderConfig, providerConfigSchemas } from '../../../src/provider/registry.ts';
import { isSigned } from '../../../src/provider/twilio/receipt.ts';
import { signedCallback } from '../../support/vendors/twilio.ts';

const PUBLIC_URL = 'https://sms.example.com/edge';
const TARGET = '/v1/receipts/twilio-main?message=m-1';
const FORM = {
  AccountSid: 'AC00000000000000000000000000000001',
  MessageSid: 'SM1',
  MessageStatus: 'delivered',
  From: '+15005550006',
  To: '+60123456789',
  ApiVersion: 'x',
};

const twilio = (accountSid: string, authToken: string) =>
  providerConfigSchemas.twilio.parse({ type: 'twilio', accountSid, authToken, from: '+15005550006' });
const simulated = providerConfigSchemas.simulated.parse({ type: 'simulated' });
const providers = new Map<string, ProviderConfig>([
  ['desk', simulated],
  ['twilio-main', twilio('AC00000000000000000000000000000001', 'token-one')],
  ['twilio-spare', twilio('AC00000000000000000000000000000002', 'token-two')],
]);

async function reader({ publicUrl }: { publicUrl: string | undefined } = { publicUrl: PUBLIC_URL }) {
  const created = await createReceiptReader(providers.get('twilio-main') as ProviderConfig, { publicUrl, providers });
  if (created === undefined) throw new Error('Twilio reports deliveries');
  return created;
}

function post(fields: Readonly<Record<string, string>>, over: { token?: string; url?: string; target?: string } = {}): ReceiptCall {
  const { token = 'token-one', target = TARGET, url = PUBLIC_URL + target } = over;
  const { headers, body } = signedCallback(url, token, fields);
  return { method: 'POST', target, headers, body };
}

describe('the signatures that Twilio publishes', () => {
  // https://github.com/twilio/twilio-node/blob/main/spec/validation.spec.js
  const U = 'https://mycompany.com/myapp.php?foo=1&bar=2';
  const P = 'CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212';
  const signed = (url: string, body: string, signature: string, token = '12345') =>
    isSigned({ headers: { 'x-twilio-signature': signature }, body }, url, token);

  it.each([
    ['with a query', U, P, 'RSOYDt4T1cUTdK1PDd93/VVr8B8='],
    ['with the port of https, which was signed', U.replace('.com/', '.com:443/'), P, 'kvajT1Ptam85bY51eRf/AJRuM3w='],
    ['with the port of https, which was not signed', U.replace('.com/', '.com:443/'), P, 'RSOYDt4T1cUTdK1PDd93/VVr8B8='],
    ['without the port of https, which was signed', U, P, 'kvajT1Ptam85bY51eRf/AJRuM3w='],
    ['by http', U.replace('https', 'http'), P, '0ZXoZLH/DfblKGATFgpif+LLRf4='],
    ['by http on a port of its own', U.replace('https', 'http').replace('.com/', '.com:1234/'), P, 'Zmvh+3yNM1Phv2jhDCwEM3q5ebU='],
    ['with an apostrophe in the query', `${U}&Body=It's+amazing`, P, 'dsq4Ehbj6cs+KdTkpF5sSSplOWw='],
    ['with user and password', U.replace('mycompany', 'user:pass@mycompany'), P, 'CukzLTc1tT5dXEDIHm/tKBanW10='],
    [
      'with a name twice',
      U,
      'MessagingBinding.Address=%2B1415xxxxxxx&MessagingBinding.Address=%2B1325xxxxxxx',
      '83O6e2vORAoJHUNzJjDWN1jz+BA=',
    ],
    ['with a value twice', U, 'Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234', 'IK+Dwps556ElfBT0I3Rgjkr1wJU='],
    [
      'over JSON',
      `${U}&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620`,
      '{"property": "value", "boolean": true}',
      'a9nBmqA0ju/hNViExpshrM61xv4=',
    ],
  ])('hold for a URL %s', (_what, url, body, signature) => {
    expect(signed(url, body, signature)).toBe(true);
    expect(signed(url, body, signature, '54321')).toBe(false);
    expect(signed(`${url}x`, body, signature)).toBe(false);
    expect(signed(url, `${body}x`, signature)).toBe(false);
  });

  it('do not hold when there is none, nor for what is no URL', () => {
    expect(isSigned({ headers: {}, body: P }, U, '12345')).toBe(false);
    expect(signed(U, P, '')).toBe(false);
    expect(signed('no url', P, 'RSOYDt4T1cUTdK1PDd93/VVr8B8=')).toBe(false);
  });

  it('over a hash of another body say nothing about this one', () => {
    const hash = createHash('sha256').update('{"a":1}').digest('hex');
    const url = `${U}&bodySHA256=${hash}`;
    const { headers } = signedCallback(url, '12345', {});
    expect(isSigned({ headers, body: '{"a":1}' }, url, '12345')).toBe(true);
    expect(isSigned({ headers, body: '{"a":2}' }, url, '12345')).toBe(false);
  });
});

describe('a status callback of Twilio', () => {
  it('is believed when it is signed over the public URL, path and query as they came', async () => {
    const { isGenuine } = await reader();
    expect(isGenuine(post(FORM))).toBe(true);
    expect(isGenuine(post(FORM, { target: '/v1/receipts/twilio-main?message=m-1&x=a%20b+c%2Fd' }))).toBe(true);
    expect(isGenuine(post(FORM, { url: `https://sms.example.com${TARGET}` }))).toBe(false);
    expect(isGenuine({ ...post(FORM), target: TARGET.replace('m-1', 'm-2') })).toBe(false);
    expect(isGenuine({ ...post(FORM), body: post(FORM).body.replace('delivered', 'failed') })).toBe(false);
    expect(isGenuine({ ...post(FORM), headers: {} })).toBe(false);
  });

  it('is believed by the token of any account of the config, whichever it names', async () => {
    const { isGenuine } = await reader();
    expect(isGenuine(post({ ...FORM, AccountSid: 'AC00000000000000000000000000000002' }, { token: 'token-two' }))).toBe(true);
    expect(isGenuine(post({ ...FORM, AccountSid: 'ACsub' }, { token: 'token-two' }))).toBe(true);
    expect(isGenuine(post({ ...FORM, AccountSid: 'AC00000000000000000000000000000002' }, { token: 'token-three' }))).toBe(false);
  });

  it('is rejected while the URL under which it was called is unknown', async () => {
    const { isGenuine } = await reader({ publicUrl: undefined });
    expect(isGenuine(post(FORM))).toBe(false);
    expect(isGenuine(post(FORM, { url: TARGET }))).toBe(false);
    expect(isGenuine(post(FORM, { url: `undefined${TARGET}` }))).toBe(false);
  });

  it.each([
    ['accepted', 'pending'],
    ['scheduled', 'pending'],
    ['queued', 'pending'],
    ['sending', 'pending'],
    ['sent', 'pending'],
    ['partially_delivered', 'pending'],
    ['what comes next year', 'pending'],
    ['delivered', 'delivered'],
    ['read', 'delivered'],
    ['undelivered', 'undelivered'],
    ['failed', 'undelivered'],
    ['canceled', 'undelivered'],
  ])('that says %s is %s', async (status, state) => {
    const { read } = await reader();
    expect(read(post({ ...FORM, MessageStatus: status, New: 'field' }))).toEqual([{ messageId: 'm-1', providerMessageId: 'SM1', state }]);
  });

  it('says why a text did not arrive, and that it does not know, in codes', async () => {
    const { read } = await reader();
    const failed = (ErrorCode: string) => read(post({ ...FORM, MessageStatus: 'undelivered', ErrorCode }))[0];
    expect(failed('30007')).toMatchObject({ state: 'undelivered', code: '30007', reason: 'content' });
    expect(failed('21610')).toMatchObject({ code: '21610', reason: 'opted_out' });
    expect(failed('99999')).toEqual({ messageId: 'm-1', providerMessageId: 'SM1', state: 'undelivered', code: '99999' });
    expect(failed('+60123456789')).toEqual({ messageId: 'm-1', providerMessageId: 'SM1', state: 'undelivered' });
    expect(read(post({ ...FORM, ErrorCode: '30007' }))[0]).not.toHaveProperty('code');
  });

  it('is read by its older names, and with only one of the two ids', async () => {
    const { read } = await reader();
    const old = { AccountSid: 'AC00000000000000000000000000000001', SmsSid: 'SM9', SmsStatus: 'delivered' };
    expect(read(post(old, { target: '/v1/receipts/twilio-main' }))).toEqual([{ providerMessageId: 'SM9', state: 'delivered' }]);
    expect(read(post({ MessageStatus: 'delivered' }))).toEqual([{ messageId: 'm-1', state: 'delivered' }]);
  });

  it.each([
    ['nothing', '', TARGET],
    ['no status', 'MessageSid=SM1', TARGET],
    ['no id of anybody', 'MessageStatus=delivered', '/v1/receipts/twilio-main'],
    ['JSON', '{"MessageStatus":"delivered","MessageSid":"SM1"}', TARGET],
  ])('that holds %s cannot be read', async (_what, body, target) => {
    expect((await reader()).read({ method: 'POST', target, headers: {}, body })).toEqual([undefined]);
  });

  it('comes by POST, and is answered with nothing in particular', async () => {
    expect(await reader()).toMatchObject({ methods: ['POST'], answer: {} });
  });
});
