import { expect, it, onTestFinished } from 'vitest';
import { startFakeExotel } from '../support/vendors/exotel.ts';

const ACCOUNT = { sid: 'acme1', key: 'k', token: 't' };
const SEND = '/v1/Accounts/acme1/Sms/send.json';
const FORM = { From: 'ACMEIN', To: '+919876543210', Body: 'hi' };

async function fake() {
  const exotel = await startFakeExotel(ACCOUNT);
  onTestFinished(exotel.close);
  const call = async (change: { path?: string; auth?: string; type?: string; form?: Record<string, string> } = {}) => {
    const { path = SEND, auth = `Basic ${btoa('k:t')}`, type = 'application/x-www-form-urlencoded', form = FORM } = change;
    const answer = await fetch(exotel.url + path, {
      method: 'POST',
      headers: { authorization: auth, 'content-type': type },
      body: new URLSearchParams(form).toString(),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, Record<string, unknown>> };
  };
  return { exotel, call };
}

it('the fake Exotel queues a text and keeps the call', async () => {
  const { exotel, call } = await fake();
  const { status, body } = await call();
  expect({ status, body }).toMatchObject({
    status: 200,
    body: { SMSMessage: { Status: 'queued', To: FORM.To, DetailedStatusCode: 21010 } },
  });
  expect(exotel.requests).toMatchObject([{ valid: true, form: FORM, path: SEND }]);
});

it.each([
  ['no credentials', { auth: '' }, 401, undefined],
  ['wrong credentials', { auth: `Basic ${btoa('k:wrong')}` }, 401, 34010],
  ['another account', { path: SEND.replace('acme1', 'acme2') }, 403, 34009],
  ['another call', { path: SEND.replace('send', 'sent') }, 405, 40502],
  ['JSON', { type: 'application/json' }, 400, 40500],
  ['no sender', { form: { ...FORM, From: '' } }, 400, 40210],
  ['what is no number', { form: { ...FORM, To: '98765' } }, 400, 40203],
  ['no text', { form: { ...FORM, Body: '' } }, 400, 40200],
  ['too long a text', { form: { ...FORM, Body: 'x'.repeat(2001) } }, 400, 40202],
  ['an encoding that there is not', { form: { ...FORM, EncodingType: 'utf8' } }, 400, 40209],
])('the fake Exotel turns away %s, and keeps that call too', async (_what, change, status, code) => {
  const { exotel, call } = await fake();
  const { body, ...answer } = await call(change);
  expect({ ...answer, code: body.RestException?.Code }).toEqual({ status, code });
  expect(exotel.requests).toMatchObject([{ valid: false }]);
});
