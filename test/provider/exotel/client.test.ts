import { expect, it } from 'vitest';
import { MESSAGE } from '../../conformance/candidate.ts';
import { exotelError, exotelText } from '../../support/vendors/exotel.ts';
import { never, setup } from './setup.ts';

it('gets a text accepted by a server that checks what Exotel checks', async () => {
  const { exotel, provider } = await setup();
  expect(await provider.send(MESSAGE, never)).toEqual({
    kind: 'accepted',
    providerMessageId: expect.stringMatching(/^[0-9a-f]{32}$/),
    segments: 1,
  });
  expect(exotel.requests.map(({ form }) => form)).toEqual([
    { From: 'acme1', To: MESSAGE.to, Body: MESSAGE.text, EncodingType: 'unicode', Priority: 'high', CustomField: MESSAGE.id },
  ]);
});

it('takes the sid for the key and for the sender when it is given neither', async () => {
  const { exotel, provider } = await setup({ key: undefined });
  expect(await provider.send(MESSAGE, never)).toMatchObject({ error: { reason: 'auth', code: '34010', status: 401 } });
  expect(exotel.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('acme1:the:token').toString('base64')}`);
  expect(exotel.requests).toHaveLength(1);
});

it.each([
  ['disk full: 93% {a} €', 'plain'],
  ['disk full `now`', 'unicode'],
  ['磁盘已满', 'unicode'],
])('sends %s as %s', async (text, encoding) => {
  const { exotel, provider } = await setup();
  await provider.send({ ...MESSAGE, text }, never);
  expect(exotel.requests[0]?.form).toMatchObject({ Body: text, EncodingType: encoding });
});

it('names the DLT template of the text where it has one, else that of the config', async () => {
  const templates = new Map([
    ['login', { text: '{code}', exotel: { dltTemplateId: '1107-login' } }],
    ['other', { text: '{code}' }],
  ]);
  const { exotel, provider } = await setup({ dltEntityId: '1201', dltTemplateId: '1107-alerts' }, templates);
  const named = (name: string) => ({ ...MESSAGE, template: { name, params: { code: '1' }, exact: true } });
  for (const message of [named('login'), named('other'), named('unknown'), MESSAGE]) await provider.send(message, never);
  expect(exotel.requests.map(({ form }) => form.DltTemplateId)).toEqual(['1107-login', '1107-alerts', '1107-alerts', '1107-alerts']);
  expect(exotel.requests[0]?.form.DltEntityId).toBe('1201');
});

it('asks for receipts with the token in the URL', async () => {
  const { exotel, provider } = await setup({ statusCallback: 'https://sms.example.com/v1/receipts/exotel-in', receiptToken: 'a&b c' });
  await provider.send(MESSAGE, never);
  expect(exotel.requests[0]?.form.StatusCallback).toBe('https://sms.example.com/v1/receipts/exotel-in?token=a%26b+c');
});

it('requests no receipts without a callback URL', async () => {
  const { exotel, provider } = await setup({ receiptToken: 'r' });
  await provider.send(MESSAGE, never);
  expect(exotel.requests[0]?.form).not.toHaveProperty('StatusCallback');
});

it.each([
  [23005, 'recipient', true],
  [23010, 'recipient', false],
  [23020, 'recipient', true],
  [23030, 'recipient', true],
  [23072, 'auth', true],
  [23082, 'content', true],
  [24010, 'unavailable', true],
])('understands a 200 that already says %i as %s', async (code, reason, failover) => {
  const { exotel, provider } = await setup();
  exotel.respondWith(() => exotelText({ Sid: 'a1', Status: 'failed', DetailedStatusCode: code, DetailedStatus: 'FAILED' }));
  expect(await provider.send(MESSAGE, never)).toMatchObject({
    kind: 'refused',
    error: { reason, failover, code: String(code), status: 200, unlisted: false },
  });
});

it('blames the content for a failure that it does not know, and says so', async () => {
  const { exotel, provider } = await setup();
  exotel.respondWith(() => exotelText({ Sid: 'a1', Status: 'failed', DetailedStatusCode: 23999 }));
  expect(await provider.send(MESSAGE, never)).toMatchObject({ error: { reason: 'content', code: '23999', unlisted: true } });
});

it.each([
  ['no Sid', { status: 200, body: '{"SMSMessage":{"Status":"queued"}}' }],
  ['a Sid that is none', { status: 200, body: '{"SMSMessage":{"Sid":{}}}' }],
  ['a text in place of the text', { status: 200, body: '{"SMSMessage":"queued"}' }],
  ['null', { status: 200, body: '{"SMSMessage":null}' }],
  ['a list', { status: 202, body: '[{"SMSMessage":{"Sid":"a1"}}]' }],
  ['XML', { status: 200, body: '<TwilioResponse><SMSMessage><Sid>a1</Sid></SMSMessage></TwilioResponse>' }],
])('does not know about a 2xx with %s', async (_what, reply) => {
  const { exotel, provider } = await setup();
  exotel.respondWith(() => reply);
  expect(await provider.send(MESSAGE, never)).toMatchObject({ error: { reason: 'unknown_outcome', status: reply.status } });
});

it.each([
  ['an exception inside a 200', { status: 200, body: (exotelError(400, 40203) as { body: string }).body }, 'recipient', '40203'],
  ['a sender that does not fit this text', exotelError(400, 40301), 'auth', '40301'],
])('understands %s as a refusal of this text', async (_what, reply, reason, code) => {
  const { exotel, provider } = await setup();
  exotel.respondWith(() => reply);
  expect(await provider.send(MESSAGE, never)).toMatchObject({ kind: 'refused', error: { reason, code } });
});

it('counts a duplicate as taken: the first request was', async () => {
  const { exotel, provider } = await setup();
  exotel.respondWith(() => exotelError(409, undefined));
  expect(await provider.send(MESSAGE, never)).toEqual({ kind: 'accepted' });
});

it('says of which type the text is, where the config does', async () => {
  const { exotel, provider } = await setup({ smsType: 'transactional_opt_in' });
  await provider.send(MESSAGE, never);
  expect(exotel.requests[0]?.form.SmsType).toBe('transactional_opt_in');
});

it('takes 2000 characters', async () => {
  expect((await setup()).provider.maxCharacters).toBe(2000);
});
