import { beforeEach, describe, expect, test } from 'vitest';
import { type Accepted, refuse } from '../../../src/provider/contract/provider.ts';
import { testRedis } from '../../support/redis.ts';
import { createHarness, createSignpost, type DispatcherHarness, MINUTE_MS } from '../dispatcher-harness.ts';

const { redis, prefix } = testRedis();
const yes: Accepted = { kind: 'accepted', providerMessageId: 'SM1' };
const silence = refuse('unknown_outcome', { code: 'timeout' });

let harness: DispatcherHarness;
beforeEach(() => {
  harness = createHarness(redis, prefix);
});

const ends = () => harness.heard('messageSettled');
const unknownEnd = { state: 'unknown', reason: 'unknown_outcome', severity: 'critical' };

describe('a missing answer', () => {
  test('is followed by one resend through the next provider', async () => {
    const a = harness.provider('a', [silence]);
    const b = harness.provider('b', [yes]);
    const { message, outcome } = await harness.send();
    expect(outcome).toMatchObject({ kind: 'accepted', provider: 'b' });
    expect([a.requests.length, b.requests.length]).toEqual([1, 1]);
    expect(await harness.trace(message)).toMatchObject({
      state: 'accepted',
      provider: 'b',
      attempts: [
        { provider: 'a', result: 'unknown', reason: 'unknown_outcome', code: 'timeout' },
        { provider: 'b', result: 'accepted' },
      ],
    });
    expect(harness.heard('unknownResolved')).toEqual([['a', 'resent']]);
    expect(harness.heard('failedOver')).toEqual([]);
    expect(harness.heard('providerRequest')).toMatchObject([
      { provider: 'a', result: 'unknown', reason: 'unknown_outcome' },
      { provider: 'b' },
    ]);
    expect(ends()).toEqual([{ state: 'accepted', reason: 'none', severity: 'critical' }]);
  });

  test('is followed by one resend through the same provider when it is alone', async () => {
    const a = harness.provider('a', [silence, yes]);
    const { outcome } = await harness.send();
    expect(outcome).toMatchObject({ kind: 'accepted', provider: 'a' });
    expect(a.requests).toHaveLength(2);
  });

  test('twice ends the text as unknown: there is no third', async () => {
    const a = harness.provider('a', [silence]);
    const b = harness.provider('b', [silence]);
    const c = harness.provider('c', [yes]);
    const { message, outcome } = await harness.send();
    expect(outcome).toMatchObject({ kind: 'unknown', provider: 'b' });
    expect([a.requests.length, b.requests.length, c.requests.length]).toEqual([1, 1, 0]);
    expect(await harness.trace(message)).toMatchObject({ state: 'unknown', reason: 'unknown_outcome' });
    expect(harness.heard('unknownResolved')).toEqual([
      ['a', 'resent'],
      ['b', 'held'],
    ]);
    expect(ends()).toEqual([unknownEnd]);
  });

  test('is the end where the route says hold', async () => {
    const a = harness.provider('a', [silence]);
    const b = harness.provider('b', [yes]);
    const { message, outcome } = await harness.send({ onUnknown: 'hold' });
    expect(outcome).toMatchObject({ kind: 'unknown', provider: 'a' });
    expect([a.requests.length, b.requests.length]).toEqual([1, 0]);
    expect(await harness.trace(message)).toMatchObject({ state: 'unknown', attempts: [{ result: 'unknown' }] });
    expect(harness.heard('unknownResolved')).toEqual([['a', 'held']]);
    expect(ends()).toEqual([unknownEnd]);
    expect(await harness.ledger.inFlight()).toBe(0);
    expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'settled' });
  });

  test('after a refusal elsewhere is no failover from the one that refused', async () => {
    harness.provider('a', [refuse('throttled')]);
    harness.provider('b', [silence, yes]);
    const { message, outcome } = await harness.send();
    expect(outcome).toMatchObject({ kind: 'accepted', provider: 'b' });
    expect(harness.heard('failedOver')).toEqual([['a', 'b']]);
    expect((await harness.trace(message)).events.filter(({ verdict }) => verdict === 'failover')).toHaveLength(1);
  });
});

describe('a resend that is refused', () => {
  test('comes back, takes the provider of the unresolved attempt last, and may be accepted then', async () => {
    const a = harness.provider('a', [silence, yes]);
    const b = harness.provider('b', [refuse('balance')]);
    const { message, outcome } = await harness.send();
    expect(outcome).toMatchObject({ kind: 'retry', provider: 'b', error: { reason: 'balance' } });
    expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'accepted', provider: 'a' });
    expect([a.requests.length, b.requests.length]).toEqual([2, 2]);
    expect((await harness.trace(message)).attempts.map(({ provider }) => provider)).toEqual(['a', 'b', 'b', 'a']);
  });

  test('is unknown at its deadline, never expired', async () => {
    harness.provider('a', [silence]);
    harness.provider('b', [refuse('balance')]);
    const { message } = await harness.send();
    harness.clock.at = message.expiresAt;
    expect(await harness.run(message, { rerun: true })).toEqual({ kind: 'unknown', provider: 'a' });
    expect(await harness.trace(message)).toMatchObject({ state: 'unknown', reason: 'unknown_outcome' });
    expect(ends()).toEqual([unknownEnd]);
  });

  test('permanently is unknown, never failed', async () => {
    harness.provider('a', [silence]);
    harness.provider('b', [refuse('recipient')]);
    const { message, outcome } = await harness.send();
    expect(outcome).toMatchObject({ kind: 'unknown', provider: 'a' });
    expect(await harness.trace(message)).toMatchObject({ state: 'unknown', attempts: [{ result: 'unknown' }, { result: 'refused' }] });
    expect(ends()).toEqual([unknownEnd]);
  });

  test('and then resolved is unknown, never cancelled', async () => {
    harness.provider('a', [silence]);
    harness.provider('b', [refuse('balance')]);
    const { message } = await harness.send();
    await harness.ledger.resolve(message.dedupHash, new Date(message.receivedAt + 1));
    expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'unknown' });
    expect(ends()).toEqual([unknownEnd]);
  });
});

describe('an adapter that throws', () => {
  test('may have sent the text, and is reported as a bug', async () => {
    const bug = new TypeError('cannot read properties of undefined');
    harness.provider('a', [
      () => {
        throw bug;
      },
    ]);
    const { message, outcome } = await harness.send({ onUnknown: 'hold' });
    expect(outcome).toMatchObject({ kind: 'unknown', provider: 'a' });
    expect(harness.bugs).toEqual([{ error: bug, provider: 'a' }]);
    expect(await harness.trace(message)).toMatchObject({
      state: 'unknown',
      attempts: [{ result: 'unknown', reason: 'unknown_outcome', code: 'adapter_bug' }],
    });
  });
});

describe('an attempt that another worker left open', () => {
  /** A worker takes the text and is never heard of again until `late.reach()`. */
  async function vanish(over: Parameters<DispatcherHarness['message']>[0] = {}) {
    const late = createSignpost();
    const sending = createSignpost();
    const a = harness.provider(
      'a',
      [
        () => {
          sending.reach();
          return late.reached.then(() => yes);
        },
        yes,
      ],
      { timeoutMs: 1000 },
    );
    const message = await harness.admit(harness.message({ providers: ['a', 'b'], ...over }));
    const gone = harness.run(message);
    await sending.reached;
    return { message, a, late, gone };
  }

  test('is waited for while its lease runs', async () => {
    const { message, a } = await vanish();
    const outcome = await harness.run(message, { rerun: true });
    expect(outcome).toMatchObject({ kind: 'deferred', reason: 'unknown_outcome' });
    const leaseEnd = (outcome as { until: Date }).until.getTime();
    expect(leaseEnd).toBeGreaterThan(harness.clock.at + 4_000);
    expect(leaseEnd).toBeLessThanOrEqual(harness.clock.at + 6_000);
    expect(a.requests).toHaveLength(1);
    expect(harness.heard('deferred')).toEqual(['unknown_outcome']);
    expect(ends()).toEqual([]);
  });

  test('is waited for beyond the deadline too, as only its run can end it', async () => {
    const { message } = await vanish();
    harness.clock.at = message.expiresAt;
    const outcome = await harness.run(message, { rerun: true });
    expect(outcome).toMatchObject({ kind: 'deferred', reason: 'unknown_outcome' });
    expect((outcome as { until: Date }).until.getTime()).toBeGreaterThan(harness.clock.at);
  });

  test('is unknown after its lease, and the text is sent once more through the next provider', async () => {
    const { message, a } = await vanish();
    const b = harness.provider('b', [yes]);
    await harness.endLease(message);
    expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'accepted', provider: 'b' });
    expect([a.requests.length, b.requests.length]).toEqual([1, 1]);
    expect(await harness.trace(message)).toMatchObject({
      attempts: [
        { provider: 'a', result: 'unknown', reason: 'unknown_outcome' },
        { provider: 'b', result: 'accepted' },
      ],
    });
    expect(harness.heard('unknownResolved')).toEqual([['a', 'resent']]);
    expect(harness.heard('providerRequest')).toMatchObject([
      { provider: 'a', result: 'unknown' },
      { provider: 'b', result: 'accepted' },
    ]);
  });

  test('is unknown after its lease, which is the end where the route says hold', async () => {
    const { message, a } = await vanish({ onUnknown: 'hold' });
    await harness.endLease(message);
    expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'unknown', provider: 'a' });
    expect(a.requests).toHaveLength(1);
    expect(harness.heard('unknownResolved')).toEqual([['a', 'held']]);
    expect(ends()).toEqual([unknownEnd]);
    expect(await harness.ledger.recall(message.id)).toMatchObject({ open: undefined, unknowns: 1 });
  });

  test('is seen by a run that does not know it is the second: it comes back immediately and checks the ledger', async () => {
    const { message, a } = await vanish();
    await harness.endLease(message);
    expect(await harness.run(message)).toEqual({ kind: 'deferred', reason: 'unknown_outcome', until: harness.clock.now() });
    expect(a.requests).toHaveLength(1);
  });

  test('is settled by the yes that its worker brings after all, counted as such and not twice', async () => {
    const { message, late, gone } = await vanish({ onUnknown: 'hold' });
    await harness.endLease(message);
    await harness.run(message, { rerun: true });
    late.reach();
    expect(await gone).toMatchObject({ kind: 'accepted' });
    expect(await harness.trace(message)).toMatchObject({ state: 'accepted', provider: 'a', attempts: [{ result: 'accepted' }] });
    expect(harness.heard('unknownResolved')).toEqual([
      ['a', 'held'],
      ['a', 'confirmed_sent'],
    ]);
    expect(harness.heard('accepted')).toHaveLength(1);
    expect(ends()).toEqual([unknownEnd]);
    expect(await harness.ledger.inFlight()).toBe(0);
  });

  test('has no say once the resend was accepted', async () => {
    const { message, late, gone } = await vanish();
    harness.provider('b', [{ kind: 'accepted', providerMessageId: 'SM-b' }]);
    await harness.endLease(message);
    await harness.run(message, { rerun: true });
    harness.clock.at += MINUTE_MS;
    late.reach();
    await gone;
    expect(await harness.trace(message)).toMatchObject({ state: 'accepted', provider: 'b', providerMessageId: 'SM-b' });
    expect(ends()).toHaveLength(1);
    expect(harness.heard('accepted')).toHaveLength(1);
    expect(await harness.ledger.inFlight()).toBe(0);
  });
});
