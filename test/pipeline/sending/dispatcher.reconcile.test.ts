import { beforeEach, describe, expect, test } from 'vitest';
import { type Accepted, ProviderError, refuse, type VendorStatus } from '../../../src/provider/contract/provider.ts';
import { testRedis } from '../../support/redis.ts';
import type { Line } from '../../support/scripted-provider.ts';
import { createHarness, createSignpost, type DispatcherHarness } from '../dispatcher-harness.ts';

const { redis, prefix } = testRedis();
const yes: Accepted = { kind: 'accepted', providerMessageId: 'SM1' };
const silence = refuse('unknown_outcome', { code: 'timeout' });
const sent: VendorStatus = { kind: 'pending', providerMessageId: 'SM9', segments: 2 };
const absent: VendorStatus = { kind: 'absent' };
const notFound: VendorStatus = { kind: 'unclear', error: new ProviderError('unknown_outcome', { code: 'NOT_FOUND' }) };

let harness: DispatcherHarness;
beforeEach(() => {
  harness = createHarness(redis, prefix);
});

/** A provider that says this when it is asked what became of a text; the last word stays. */
function askable(name: string, lines: readonly Line[], [...says]: readonly VendorStatus[], over: { timeoutMs?: number } = {}) {
  const provider = harness.provider(name, lines, over);
  const asked: unknown[] = [];
  Object.assign(provider, {
    status: async (query: unknown) => {
      asked.push(query);
      return says.length > 1 ? says.shift() : says[0];
    },
  });
  return Object.assign(provider, { asked });
}

const reconciled = async (message: Parameters<DispatcherHarness['trace']>[0]) =>
  (await harness.trace(message)).events.filter(({ stage }) => stage === 'reconcile').map(({ verdict, detail }) => [verdict, detail]);

describe('a missing answer of a vendor with a status query', () => {
  test.each(['resend', 'hold'] as const)('is an acceptance when the vendor has the text: nothing is sent again (%s)', async (onUnknown) => {
    const a = askable('a', [silence], [sent]);
    const b = harness.provider('b', [yes]);
    const { message, outcome } = await harness.send({ onUnknown });
    expect(outcome).toMatchObject({ kind: 'accepted', provider: 'a' });
    expect([a.requests.length, b.requests.length]).toEqual([1, 0]);
    expect(await harness.trace(message)).toMatchObject({
      state: 'accepted',
      reason: null,
      provider: 'a',
      providerMessageId: 'SM9',
      segments: 2,
      attempts: [{ result: 'unknown', reason: 'unknown_outcome', code: 'timeout', resolution: 'confirmed_sent' }],
    });
    expect(await reconciled(message)).toEqual([['confirmed_sent', 'asked a']]);
    expect(harness.heard('unknownResolved')).toEqual([['a', 'confirmed_sent']]);
    expect(harness.heard('messageSettled')).toEqual([{ state: 'accepted', reason: 'none', severity: 'critical' }]);
    expect(harness.handedOver).toMatchObject([{ provider: 'a', accepted: { providerMessageId: 'SM9' }, said: sent }]);
    expect(await harness.ledger.findMessage('a', 'SM9')).toBe(message.id);
  });

  test('is asked for again for a few seconds while the vendor does not say', async () => {
    askable('a', [silence], [notFound, notFound, sent]);
    const { outcome } = await harness.send();
    expect(outcome).toMatchObject({ kind: 'accepted', provider: 'a' });
    expect(harness.pauses).toEqual([1000, 3000]);
  });

  test('follows the route when the vendor has no answer', async () => {
    askable('a', [silence], [notFound]);
    const b = harness.provider('b', [yes]);
    const critical = await harness.send();
    expect(critical.outcome).toMatchObject({ kind: 'accepted', provider: 'b' });
    expect(await reconciled(critical.message)).toEqual([['unclear', 'asked a: not found']]);
    const held = await harness.send({ onUnknown: 'hold' });
    expect(held.outcome).toMatchObject({ kind: 'unknown', provider: 'a' });
    expect(b.requests).toHaveLength(1);
    expect(harness.heard('unknownResolved')).toEqual([
      ['a', 'resent'],
      ['a', 'held'],
    ]);
  });

  test.each(['resend', 'hold'] as const)(
    'surely was not sent when its records do not hold it: the next provider sends it (%s)',
    async (onUnknown) => {
      askable('a', [silence], [absent]);
      const b = harness.provider('b', [yes]);
      const { message, outcome } = await harness.send({ onUnknown });
      expect(outcome).toMatchObject({ kind: 'accepted', provider: 'b' });
      expect(b.requests).toHaveLength(1);
      expect(harness.heard('unknownResolved')).toEqual([['a', 'confirmed_not_sent']]);
      expect(harness.heard('failedOver')).toEqual([['a', 'b']]);
      expect((await harness.trace(message)).attempts).toMatchObject([
        { result: 'unknown', resolution: 'confirmed_not_sent' },
        { provider: 'b', result: 'accepted' },
      ]);
      expect(await harness.ledger.recall(message.id)).toMatchObject({ unknowns: 0, unresolvedAttempt: undefined });
    },
  );

  test('does not use up the resend when it surely was not sent', async () => {
    askable('a', [silence], [absent]);
    harness.provider('b', [silence]);
    const c = harness.provider('c', [yes]);
    const { outcome } = await harness.send();
    expect(outcome).toMatchObject({ kind: 'accepted', provider: 'c' });
    expect(c.requests).toHaveLength(1);
  });

  test('comes back later, and may expire as surely unsent, when no other provider can send it', async () => {
    askable('a', [silence], [absent]);
    const { message, outcome } = await harness.send({ onUnknown: 'hold' });
    expect(outcome).toMatchObject({ kind: 'retry', error: { reason: 'unavailable' } });
    harness.clock.at = message.expiresAt;
    expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'expired' });
  });
});

describe('an earlier attempt with unknown outcome', () => {
  test('is asked for once more before the text is sent again', async () => {
    const a = askable('a', [silence, yes], [notFound, notFound, notFound, sent]);
    const b = harness.provider('b', [refuse('balance')]);
    const { message } = await harness.send();
    expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'accepted', provider: 'a' });
    expect([a.requests.length, b.requests.length]).toEqual([1, 1]);
    expect((await harness.trace(message)).attempts[0]).toMatchObject({ result: 'unknown', resolution: 'confirmed_sent' });
  });

  test('that turns out not to have been sent leaves the message surely unsent', async () => {
    askable('a', [silence], [notFound, notFound, notFound, absent]);
    harness.provider('b', [refuse('balance')]);
    const { message } = await harness.send();
    harness.clock.at = message.expiresAt;
    expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'expired' });
    expect(await harness.trace(message)).toMatchObject({ state: 'expired' });
    expect(await harness.ledger.recall(message.id)).toMatchObject({ unknowns: 0 });
  });
});

describe('an attempt whose worker has crashed', () => {
  async function orphan(says: readonly VendorStatus[], over: Parameters<DispatcherHarness['message']>[0] = {}) {
    const sending = createSignpost();
    const late = createSignpost();
    const answers: { line: Line } = { line: yes };
    const a = askable(
      'a',
      [
        (...call) => {
          sending.reach();
          return late.reached.then(() => (typeof answers.line === 'function' ? answers.line(...call) : answers.line));
        },
        yes,
      ],
      says,
      { timeoutMs: 1000 },
    );
    const message = await harness.admit(harness.message({ providers: ['a', 'b'], ...over }));
    const gone = harness.run(message);
    await sending.reached;
    await harness.endLease(message);
    return { a, message, gone, late, answers };
  }

  test('is an acceptance when the vendor has its text', async () => {
    const { a, message } = await orphan([sent]);
    const b = harness.provider('b', [yes]);
    expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'accepted', provider: 'a' });
    expect([a.requests.length, b.requests.length]).toEqual([1, 0]);
    expect(harness.heard('unknownResolved')).toEqual([['a', 'confirmed_sent']]);
    expect(await harness.ledger.recall(message.id)).toMatchObject({ state: 'accepted', open: undefined });
  });

  test('is sent as if it had never been tried when the vendor surely has not got it', async () => {
    const { a, message } = await orphan([absent], { onUnknown: 'hold' });
    expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'accepted', provider: 'a' });
    expect(a.requests).toHaveLength(2);
    expect(harness.heard('unknownResolved')).toEqual([['a', 'confirmed_not_sent']]);
  });

  test('is held as unknown, and failed for what it was when its worker brings a refusal after all', async () => {
    const { message, gone, late, answers } = await orphan([notFound], { onUnknown: 'hold' });
    answers.line = refuse('recipient', { code: '21211' });
    await harness.run(message, { rerun: true });
    expect(await harness.trace(message)).toMatchObject({ state: 'unknown' });
    late.reach();
    await gone;
    expect(await harness.trace(message)).toMatchObject({
      state: 'failed',
      reason: 'recipient',
      attempts: [{ result: 'refused', code: '21211' }],
    });
    expect(harness.heard('unknownResolved')).toEqual([
      ['a', 'held'],
      ['a', 'confirmed_not_sent'],
    ]);
    expect(harness.heard('messageSettled')).toHaveLength(1);
    expect(await harness.ledger.inFlight()).toBe(0);
  });

  test('does not end a message, by its late refusal, that another worker is sending', async () => {
    const { message, gone, late, answers } = await orphan([notFound]);
    answers.line = refuse('recipient', { code: '21211' });
    const sending = createSignpost();
    const answered = createSignpost();
    harness.provider('b', [
      () => {
        sending.reach();
        return answered.reached.then(() => yes);
      },
    ]);
    const heir = harness.run(message, { rerun: true });
    await sending.reached;
    late.reach();
    await gone;
    expect(await harness.trace(message)).toMatchObject({ state: 'sending' });
    answered.reach();
    expect(await heir).toMatchObject({ kind: 'accepted', provider: 'b' });
    expect(await harness.trace(message)).toMatchObject({ state: 'accepted', attempts: [{ result: 'refused' }, { result: 'accepted' }] });
    expect(harness.heard('messageSettled')).toEqual([{ state: 'accepted', reason: 'none', severity: 'critical' }]);
  });
});

test('a refusal that Redis does not take is written again until it does, before the next provider is asked', async () => {
  harness.provider('a', [refuse('balance')]);
  harness.provider('b', [yes]);
  const { move } = harness.ledger;
  let refusals = 2;
  harness.ledger.move = (step) => (refusals-- > 0 ? Promise.reject(new Error('OOM command not allowed')) : move(step));
  const { message, outcome } = await harness.send();
  expect(outcome).toMatchObject({ kind: 'accepted', provider: 'b' });
  expect((await harness.trace(message)).attempts).toMatchObject([{ result: 'refused' }, { result: 'accepted' }]);
});
