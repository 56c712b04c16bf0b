import { expect, it, onTestFinished } from 'vitest';
import { startFakeTwilio, twilioError } from '../support/vendors/twilio.ts';

const ACCOUNT = { accountSid: 'AC1', authToken: 'token' };
const PATH = '/2010-04-01/Accounts/AC1/Messages.json';
const FORM = { To: '+60123456789', From: '+15005550006', Body: 'hi' };

async function fake() {
  const twilio = await startFakeTwilio(ACCOUNT);
  onTestFinished(twilio.close);
  const call = async (change: { path?: string; auth?: string; type?: string; form?: Record<string, string> } = {}) => {
    const { path = PATH, auth = 'AC1:token', type = 'application/x-www-form-urlencoded', form = FORM } = change;
    const answer = await fetch(twilio.url + path, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(auth).toString('base64')}`, 'content-type': type },
      body: new URLSearchParams(form).toString(),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  return { twilio, call };
}

it('the fake Twilio queues a text and keeps the call', async () => {
  const { twilio, call } = await fake();
  const { status, body } = await call();
  expect({ status, body }).toMatchObject({
    status: 201,
    body: { status: 'queued', num_segments: '1', error_code: null, to: FORM.To, body: 'hi' },
  });
  expect(body.sid).toMatch(/^SM[0-9a-f]{32}$/);
  expect(twilio.requests).toMatchObject([{ valid: true, form: FORM, method: 'POST', path: PATH, at: expect.any(Date) }]);
});

it.each([
  ['wrong credentials', { auth: 'AC1:wrong' }, 401, 20003],
  ['another account', { path: PATH.replace('AC1', 'AC2') }, 404, 20404],
  ['JSON', { type: 'application/json' }, 415, 20415],
  ['no recipient', { form: { From: '+1', Body: 'hi' } }, 400, 21604],
  ['no sender', { form: { To: '+1', Body: 'hi' } }, 400, 21603],
  ['no text', { form: { To: '+1', From: '+2' } }, 400, 21602],
])('the fake Twilio turns away %s, and keeps that call too', async (_what, change, status, code) => {
  const { twilio, call } = await fake();
  twilio.respondWith(() => {
    throw new Error('asked about a call that is not valid');
  });
  expect(await call(change)).toMatchObject({ status, body: { code, status, more_info: `https://www.twilio.com/docs/errors/${code}` } });
  expect(twilio.requests).toMatchObject([{ valid: false }]);
});

it('the fake Twilio answers as configured, by the number of the valid call', async () => {
  const { twilio, call } = await fake();
  twilio.respondWith((hit, index) => (index === 1 ? twilioError(400, 21610, `no more to ${hit.form.To}`) : undefined));
  expect((await call()).status).toBe(201);
  expect((await call({ auth: 'x:y' })).status).toBe(401);
  expect(await call()).toMatchObject({ status: 400, body: { code: 21610 } });
  twilio.respondWith(() => 'reset');
  await expect(call()).rejects.toThrow();
});
