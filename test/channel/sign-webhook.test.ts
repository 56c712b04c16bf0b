import { Webhook } from 'standardwebhooks';
import { expect, it } from 'vitest';
import { signWebhook } from '../../src/channel/event-webhook.ts';
import { Secret } from '../../src/setting/secret.ts';

const secrets = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'];

// https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/javascript/src/index.test.ts
it('signs as the standard does', () => {
  const headers = signWebhook({ id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', at: new Date(1_614_265_330_999), body: '{"test": 2432232314}' }, [
    new Secret(secrets[0] as string),
  ]);
  expect(headers).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

it('signs by every secret, so that a receiver who has either takes it', () => {
  const body = JSON.stringify({ text: 'ü' });
  const headers = signWebhook(
    { id: 'e-1', at: new Date(), body },
    secrets.map((secret) => new Secret(secret)),
  );
  for (const secret of secrets) expect(new Webhook(secret).verify(body, headers)).toEqual({ text: 'ü' });
  const stranger = new Webhook('whsec_plJ3nmyCDGBKInavdOK15jsl');
  expect(() => stranger.verify(body, headers)).toThrow('No matching signature');
});
