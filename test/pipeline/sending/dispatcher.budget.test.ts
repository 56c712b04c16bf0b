import { describe, expect, test } from 'vitest';
import type { Money } from '../../../src/limit/budget/money.ts';
import type { Caps } from '../../../src/limit/caps/rate-cap.ts';
import type { Outcome } from '../../../src/pipeline/outcome.ts';
import { judgeOverBudget } from '../../../src/pipeline/sending/paid-attempt.ts';
import { type Accepted, ProviderError, refuse } from '../../../src/provider/contract/provider.ts';
import { attemptRequest } from '../../support/fixtures/ledger.ts';
import { testRedis } from '../../support/redis.ts';
import { createHarness, HOUR_MS, MINUTE_MS } from '../dispatcher-harness.ts';

const { redis, prefix } = testRedis();
const yes: Accepted = { kind: 'accepted', providerMessageId: 'SM1' };
const silence = refuse('unknown_outcome');
const HOUR_START = Date.parse('2026-11-20T12:00:00Z');

/** Ten minutes into an hour; a text costs 10 through `dear` and 3 through `cheap`. */
function moneyed({ soft, hard, caps }: { soft: number; hard: number; caps?: Caps }) {
  const money: Money = {
    currency: 'USD',
    prices: new Map([
      ['dear', { '60': 10, other: 40 }],
      ['cheap', { other: 3 }],
    ]),
    budgets: { hour: { soft, hard } },
  };
  const harness = createHarness(redis, prefix, { money, ...(caps === undefined ? {} : { caps }) });
  harness.clock.at = HOUR_START + 10 * MINUTE_MS;
  const figures = async () => {
    const [hour] = await harness.budgets.read();
    return { spent: hour?.spent, reserved: hour?.reserved };
  };
  return { ...harness, figures };
}
const nextHour = new Date(HOUR_START + HOUR_MS);
const warning = { severity: 'warning', expiresAt: HOUR_START + 3 * HOUR_MS } as const;
const critical = { severity: 'critical', expiresAt: HOUR_START + 3 * HOUR_MS } as const;

test('Between soft and hard criticals go out and the rest waits; past hard everybody waits; the next hour all go', async () => {
  const harness = moneyed({ soft: 10, hard: 20 });
  const dear = harness.provider('dear', [yes]);
  const late = { kind: 'deferred', reason: 'budget', until: nextHour };

  expect((await harness.send(warning)).outcome).toMatchObject({ kind: 'accepted' });
  const waits = await harness.send(warning);
  expect(waits.outcome).toMatchObject(late);
  expect((await harness.send(critical)).outcome).toMatchObject({ kind: 'accepted' });
  const page = await harness.send(critical);
  expect(page.outcome).toMatchObject(late);
  expect(dear.requests).toHaveLength(2);
  expect(await harness.figures()).toEqual({ spent: 20, reserved: 0 });
  expect(harness.heard('deferred')).toEqual(['budget', 'budget']);
  expect(await harness.trace(page.message)).toMatchObject({ state: 'deferred', reason: 'budget', attempts: [] });

  harness.clock.at = nextHour.getTime();
  expect(await harness.run(page.message, { rerun: true })).toMatchObject({ kind: 'accepted' });
  expect(await harness.run(waits.message, { rerun: true })).toMatchObject({ ...late, until: new Date(nextHour.getTime() + HOUR_MS) });
  expect(await harness.figures()).toEqual({ spent: 10, reserved: 0 });
});

test('A provider that there is no money for is passed over for a cheaper one, which is no failure of it and no attempt', async () => {
  const harness = moneyed({ soft: 5, hard: 5 });
  const dear = harness.provider('dear', [yes]);
  harness.provider('cheap', [yes]);
  const { message, outcome } = await harness.send(warning);
  expect(outcome).toMatchObject({ kind: 'accepted', provider: 'cheap' });
  expect(dear.requests).toEqual([]);
  const trace = await harness.trace(message);
  expect(trace.attempts).toMatchObject([{ provider: 'cheap' }]);
  expect(trace.events).toContainEqual(
    expect.objectContaining({
      verdict: 'skipped',
      reason: 'budget',
      detail: "dear costs more than is left of the hour's budget, until 2026-11-20T13:00:00.000Z",
    }),
  );
  expect(harness.heard('failedOver')).toEqual([]);
  expect(await harness.figures()).toEqual({ spent: 3, reserved: 0 });
});

describe('the price of a message', () => {
  test.each([
    ['refused', [refuse('recipient')], { spent: 0, reserved: 0 }],
    ['refused for now', [refuse('balance')], { spent: 0, reserved: 0 }],
    ['refused in place and tried again', [refuse('unavailable'), yes], { spent: 10, reserved: 0 }],
    ['accepted', [yes], { spent: 10, reserved: 0 }],
    ['of three segments by the vendor', [{ ...yes, segments: 3 }], { spent: 30, reserved: 0 }],
    ['billed by the vendor', [{ ...yes, price: { amount: 7, currency: 'USD' } }], { spent: 7, reserved: 0 }],
    ['billed in a currency that is not ours', [{ ...yes, price: { amount: 7, currency: 'CNY' } }], { spent: 10, reserved: 0 }],
    ['perhaps sent', [silence], { spent: 0, reserved: 10 }],
  ])('%s', async (_what, answers, figures) => {
    const harness = moneyed({ soft: 1_000, hard: 1_000 });
    harness.provider('dear', answers);
    await harness.send({ ...warning, onUnknown: 'hold' });
    expect(await harness.figures()).toEqual(figures);
  });

  test('is reserved before the attempt is opened and the provider is called', async () => {
    const harness = moneyed({ soft: 10, hard: 10 });
    let during: unknown;
    harness.provider('dear', [
      async () => {
        during = await harness.figures();
        return yes;
      },
    ]);
    await harness.send(warning);
    expect(during).toEqual({ spent: 0, reserved: 10 });
  });

  test('is reserved again for a resend', async () => {
    const harness = moneyed({ soft: 100, hard: 100 });
    harness.provider('dear', [silence]);
    harness.provider('cheap', [yes]);
    expect((await harness.send({ ...critical, onUnknown: 'resend' })).outcome).toMatchObject({ kind: 'accepted', provider: 'cheap' });
    expect(await harness.figures()).toEqual({ spent: 3, reserved: 10 });
  });

  test('is released when the vendor reports that it never had the message', async () => {
    const harness = moneyed({ soft: 100, hard: 100 });
    Object.assign(harness.provider('dear', [silence]), { status: async () => ({ kind: 'absent' }) });
    harness.provider('cheap', [yes]);
    await harness.send(critical);
    expect(await harness.figures()).toEqual({ spent: 3, reserved: 0 });
  });

  test('is settled when the vendor says that it has the text after all', async () => {
    const harness = moneyed({ soft: 100, hard: 100 });
    Object.assign(harness.provider('dear', [silence]), { status: async () => ({ kind: 'pending', segments: 2 }) });
    expect((await harness.send(critical)).outcome).toMatchObject({ kind: 'accepted' });
    expect(await harness.figures()).toEqual({ spent: 20, reserved: 0 });
  });

  test.each([
    ['another worker has the attempt open', 'deferred'],
    ['it was resolved meanwhile', 'cancelled'],
  ])('is released when nothing is sent because %s', async (why, kind) => {
    const harness = moneyed({ soft: 100, hard: 100 });
    harness.provider('dear', [yes]);
    const message = await harness.admit(harness.message(warning));
    if (kind === 'cancelled') await harness.ledger.resolve(message.dedupHash, new Date(message.receivedAt + 1));
    else {
      const { id: messageId, dedupHash, phoneHash, receivedAt } = message;
      const record = { provider: 'dear', startedAt: new Date(harness.clock.at).toISOString() };
      await harness.ledger.openAttempt(attemptRequest(messageId, { dedupHash, phoneHash, receivedAt, token: why, record }));
    }
    expect((await harness.run(message)).kind).toBe(kind);
    expect(await harness.figures()).toEqual({ spent: 0, reserved: 0 });
  });

  test('is released when the ledger cannot be reached', async () => {
    const harness = moneyed({ soft: 100, hard: 100 });
    harness.provider('dear', [yes]);
    const message = await harness.admit(harness.message(warning));
    await redis.del(harness.keys.message(message.id));
    await redis.set(harness.keys.message(message.id), 'not a hash');
    await expect(harness.run(message)).rejects.toThrow('WRONGTYPE');
    expect(await harness.figures()).toEqual({ spent: 0, reserved: 0 });
  });

  test('is reported with the message, in units of the currency', async () => {
    const harness = moneyed({ soft: 100, hard: 100 });
    harness.provider('dear', [yes]);
    await harness.send(warning);
    expect(harness.heard('accepted')).toMatchObject([{ provider: 'dear', cost: 0.00001 }]);
  });

  test('in another currency is said once a provider, not once a text', async () => {
    const harness = moneyed({ soft: 1_000, hard: 1_000 });
    harness.provider('dear', [{ ...yes, price: { amount: 7, currency: 'CNY' } }]);
    await harness.send(warning);
    await harness.send(warning);
    expect(harness.foreignPrices).toEqual([{ provider: 'dear', currency: 'CNY' }]);
  });
});

test('What waits for money holds no slot of a cap', async () => {
  const harness = moneyed({
    soft: 5,
    hard: 10,
    caps: { weight: 'messages', perRecipient: [{ max: 1, perMs: HOUR_MS }], perHour: undefined },
  });
  harness.provider('dear', [yes]);
  expect((await harness.send(warning)).outcome).toMatchObject({ kind: 'deferred', reason: 'budget' });
  expect(await harness.hasRoom()).toBe(true);
  expect((await harness.send(critical)).outcome).toMatchObject({ kind: 'accepted' });
  expect(await harness.hasRoom()).toBe(false);
});

test('What may have been sent keeps its slot while its resend waits for money', async () => {
  const harness = moneyed({
    soft: 15,
    hard: 15,
    caps: { weight: 'messages', perRecipient: [{ max: 1, perMs: HOUR_MS }], perHour: undefined },
  });
  harness.provider('dear', [silence]);
  expect((await harness.send({ ...critical, onUnknown: 'resend' })).outcome).toMatchObject({ kind: 'deferred', reason: 'budget' });
  expect(await harness.hasRoom()).toBe(false);
});

test.each([
  ['defer', 'deferred', { kind: 'deferred', reason: 'budget', until: nextHour }],
  ['digest', 'suppressed', { kind: 'suppressed', reason: 'digested', held: { reason: 'budget' } }],
  ['drop', 'suppressed', { kind: 'suppressed', reason: 'budget', detail: 'budget again at 2026-11-20T13:00:00.000Z' }],
] as const)('A route whose overflow is "%s" does so when the budget is used up', async (overflow, state, expected) => {
  const harness = moneyed({ soft: 5, hard: 5 });
  harness.provider('dear', [yes]);
  const { message, outcome } = await harness.send({ ...warning, overflow });
  expect(outcome).toMatchObject(expected);
  expect((await harness.trace(message)).state).toBe(state);
});

test('A text that no money comes for in time expires', async () => {
  const harness = moneyed({ soft: 5, hard: 5 });
  harness.provider('dear', [yes]);
  const expiresAt = harness.clock.at + MINUTE_MS;
  const { message, outcome } = await harness.send({ ...warning, expiresAt });
  expect(outcome).toMatchObject({ kind: 'deferred', until: new Date(expiresAt) });
  harness.clock.at = expiresAt;
  expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'expired' });
});

describe('where the budget is too small for some providers and the others refused', () => {
  const full = (minutes: number) => ({ kind: 'full', period: 'hour', until: new Date(HOUR_START + minutes * MINUTE_MS) }) as const;
  const again = (minutes: number): Outcome => ({
    kind: 'retry',
    provider: 'a',
    error: new ProviderError('unavailable'),
    until: new Date(HOUR_START + minutes * MINUTE_MS),
  });
  const failed: Outcome = { kind: 'failed', provider: 'a', error: new ProviderError('content') };
  const waits = (minutes: number) => ({ kind: 'deferred', reason: 'budget', until: new Date(HOUR_START + minutes * MINUTE_MS) });

  test.each([
    ['comes back when the first money does', [full(30), full(20)], undefined, 'defer', waits(20)],
    ['comes back to who is ready sooner', [full(20)], again(10), 'defer', again(10)],
    ['comes back when there is money sooner', [full(20)], again(30), 'defer', waits(20)],
    ['has not failed yet when a refusal was for good', [full(20)], failed, 'defer', waits(20)],
    ['goes by the refusals when the route drops what is held back', [full(20)], again(30), 'drop', again(30)],
    ['has failed when the route drops what is held back and a refusal was for good', [full(20)], failed, 'drop', failed],
  ] as const)('it %s', (_what, fulls, refused, overflow, outcome) => {
    expect(judgeOverBudget(fulls, refused, overflow)).toEqual(outcome);
  });

  test('the whole path follows the same rule', async () => {
    const harness = moneyed({ soft: 5, hard: 5 });
    harness.provider('cheap', [refuse('balance')]);
    harness.provider('dear', [yes]);
    expect((await harness.send(warning)).outcome).toMatchObject({ kind: 'retry', provider: 'cheap' });
  });
});

test('Without prices Redis is asked for no money', async () => {
  const harness = createHarness(redis, prefix);
  harness.provider('dear', [yes]);
  await harness.send();
  expect(await redis.keys(`${harness.keys.prefix}:budget*`)).toEqual([]);
  expect(harness.heard('accepted')).toEqual([expect.not.objectContaining({ cost: expect.anything() })]);
});
