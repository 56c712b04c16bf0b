import { createHmac } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { startFakeUnisms, unismsError } from '../support/vendors/unisms.ts';

const NOW = new Date(1700000000000);
const MESSAGE = { to: '+8618600001234', signature: 'UniSMS', templateId: 'pub_verif_ttl3', templateData: { code: '8888', ttl: '5' } };
/** Signed by the vendor's own SDK (uni-sdk 0.0.8); its signature holds a slash, a plus and an equals sign. */
const SIGNED = 'action=sms.message.send&accessKeyId=AKEXAMPLE&algorithm=hmac-sha256&timestamp=1700000000000&nonce=0123456789abcdef';
const SIGNATURE = 'jwAY057AFK3xZqF9wLyzdOEt/OaffRgBdeGHUZbh3+0=';

async function fake(accessKeySecret?: string) {
  const unisms = await startFakeUnisms({
    accessKeyId: 'AKEXAMPLE',
    ...(accessKeySecret === undefined ? {} : { accessKeySecret }),
    templates: { pub_verif_ttl3: ['code', 'ttl'] },
    now: () => NOW,
  });
  onTestFinished(unisms.close);
  const call = async (query: string, body: unknown = MESSAGE, contentType = 'application/json') => {
    const answer = await fetch(`${unisms.url}/?${query}`, {
      method: 'POST',
      headers: { 'content-type': contentType },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return answer.status === 404 ? 404 : ((await answer.json()) as { code: string }).code;
  };
  return { unisms, call };
}

const SIMPLE = 'action=sms.message.send&accessKeyId=AKEXAMPLE';

it('the fake UniSMS takes a signature that is escaped', async () => {
  const { unisms, call } = await fake('SKEXAMPLE');
  expect(await call(`${SIGNED}&signature=${encodeURIComponent(SIGNATURE)}`)).toBe('0');
  expect(unisms.requests).toMatchObject([{ valid: true, query: { signature: SIGNATURE }, json: MESSAGE }]);
});

it('the fake UniSMS turns away one with its plus as it is, which arrives as a space', async () => {
  const { unisms, call } = await fake('SKEXAMPLE');
  expect(await call(`${SIGNED}&signature=${SIGNATURE}`)).toBe('104201');
  expect(unisms.requests).toMatchObject([{ valid: false, query: { signature: SIGNATURE.replace('+', ' ') } }]);
});

it('the fake UniSMS turns away a nonce that it has seen', async () => {
  const { call } = await fake('SKEXAMPLE');
  const query = `${SIGNED}&signature=${encodeURIComponent(SIGNATURE)}`;
  expect([await call(query), await call(query)]).toEqual(['0', '104201']);
});

it('the fake UniSMS turns away a timestamp in seconds, although it is signed', async () => {
  const { call } = await fake('SKEXAMPLE');
  const pairs = {
    accessKeyId: 'AKEXAMPLE',
    action: 'sms.message.send',
    algorithm: 'hmac-sha256',
    nonce: '12345678',
    timestamp: '1700000000',
  };
  const query = new URLSearchParams(pairs);
  query.set('signature', createHmac('sha256', 'SKEXAMPLE').update(query.toString()).digest('base64'));
  expect(await call(query.toString())).toBe('104202');
});

it.each([
  ['no key', 'action=sms.message.send', MESSAGE, '104110'],
  ['another key', 'action=sms.message.send&accessKeyId=other', MESSAGE, '104111'],
  ['another action', 'action=sms.other&accessKeyId=AKEXAMPLE', MESSAGE, 404],
  ['a body that is no JSON', SIMPLE, '{', '104002'],
  ['nobody', SIMPLE, {}, '104001'],
  ['a number without plus', SIMPLE, { ...MESSAGE, to: '8618600001234' }, '107111'],
  ['a signature of one character', SIMPLE, { ...MESSAGE, signature: 'U' }, '107122'],
  ['an unknown template', SIMPLE, { ...MESSAGE, templateId: 'x' }, '107141'],
  ['a missing variable', SIMPLE, { ...MESSAGE, templateData: { code: '8888' } }, '104002'],
  ['a value that is no text', SIMPLE, { ...MESSAGE, templateData: { code: '8888', ttl: null } }, '104002'],
  ['a message as it should be', SIMPLE, MESSAGE, '0'],
])('the fake UniSMS answers %s', async (_what, query, body, code) => {
  const { call } = await fake();
  expect(await call(query, body)).toBe(code);
});

it('the fake UniSMS requires JSON, and answers as configured', async () => {
  const { unisms, call } = await fake();
  unisms.respondWith((_hit, index) => (index === 1 ? unismsError('105400', 'InsufficientFunds') : undefined));
  expect(await call(SIMPLE, MESSAGE, 'text/plain')).toBe(404);
  expect([await call(SIMPLE), await call(SIMPLE), await call(SIMPLE)]).toEqual(['0', '105400', '0']);
});
