import { expect, it } from 'vitest';
import { NOW } from '../../conformance/candidate.ts';
import { exotelBalance, exotelError } from '../../support/vendors/exotel.ts';
import { never, setup } from './setup.ts';

const verdicts = (checks: readonly { subject: string; verdict: string }[] | undefined) =>
  Object.fromEntries((checks ?? []).map(({ subject, verdict }) => [subject, verdict]));

it('finds everything in order, without sending a text', async () => {
  const { exotel, provider } = await setup();
  const checks = await provider.check?.(never);
  expect(verdicts(checks)).toMatchObject({
    connection: 'ok',
    credentials: 'ok',
    balance: 'ok',
    sender: 'unchecked',
    template: 'unchecked',
  });
  expect(checks?.find(({ subject }) => subject === 'balance')?.detail).toBe('1543.75 INR');
  expect(exotel.requests).toMatchObject([{ method: 'GET', path: '/v1/Accounts/acme1/Balance.json', valid: true }]);
});

it('compares the clocks', async () => {
  const { exotel, provider } = await setup();
  exotel.respondWith(() => ({ ...exotelBalance({}), headers: { date: new Date(NOW.getTime() - 600_000).toUTCString() } }));
  expect(verdicts(await provider.check?.(never)).clock).toBe('failed');
});

it.each([
  [{ Balance: '-3.50' }, 'failed', '-3.5 INR: top up the account, or no message is sent'],
  [{ Balance: 0, Currency: 'a phone +919876543210' }, 'failed', '0: top up the account, or no message is sent'],
  [{ Balance: '-3.50', PricingPlan: 'Postpaid' }, 'ok', '-3.5 INR'],
])('judges a balance of %j as %s', async (fields, verdict, detail) => {
  const { exotel, provider } = await setup();
  exotel.respondWith(() => exotelBalance(fields));
  expect(await provider.check?.(never)).toContainEqual({ subject: 'balance', verdict, detail });
});

it('detects wrong credentials', async () => {
  const { provider } = await setup({ token: 'mistyped-token' });
  const checks = await provider.check?.(never);
  expect(verdicts(checks)).toMatchObject({ connection: 'ok', credentials: 'failed' });
  expect(JSON.stringify(checks)).not.toContain('mistyped');
});

it.each([
  [exotelError(403, 40002), 'account', 'failed'],
  [exotelError(404, undefined), 'account', 'failed'],
  [exotelError(403, 40001), 'balance', 'failed'],
  [exotelError(402, undefined), 'balance', 'failed'],
  [exotelError(500, 35000), 'credentials', 'unchecked'],
  [{ status: 200, body: '{"Account":{"BalanceData":{"Balance":""}}}' }, 'credentials', 'unchecked'],
  [{ status: 200, body: '<html></html>' }, 'credentials', 'unchecked'],
])('takes %j as %s %s', async (reply, subject, verdict) => {
  const { exotel, provider } = await setup();
  exotel.respondWith(() => reply);
  expect(verdicts(await provider.check?.(never))[subject]).toBe(verdict);
});

it('reports a missing response', async () => {
  const { provider } = await setup({ baseUrl: 'http://127.0.0.1:9' });
  expect(verdicts(await provider.check?.(never))).toEqual({ connection: 'failed' });
});
