import { beforeEach, describe, expect, test } from 'vitest';
import type { E164 } from '../../../src/alert/phone/phone.ts';
import type { Outcome } from '../../../src/pipeline/outcome.ts';
import { type Accepted, type ProviderErrorFacts, type ProviderReason, refuse } from '../../../src/provider/contract/provider.ts';
import { testRedis } from '../../support/redis.ts';
import type { Line } from '../../support/scripted-provider.ts';
import { createHarness, createSignpost, type DispatcherHarness, HOUR_MS, MINUTE_MS } from '../dispatcher-harness.ts';

const { redis, prefix } = testRedis();
const yes: Accepted = { kind: 'accepted', providerMessageId: 'SM1' };
const no = (reason: ProviderReason, facts?: ProviderErrorFacts): Line => refuse(reason, facts);

let harness: DispatcherHarness;
beforeEach(() => {
  harness = createHarness(redis, prefix);
});

/** ms from now to when the outcome comes back. */
function waitOf(outcome: Outcome): number {
  if (outcome.kind !== 'deferred' && outcome.kind !== 'retry') throw new Error(`${outcome.kind} does not come back`);
  return outcome.until.getTime() - harness.clock.at;
}
const ends = () => harness.heard('messageSettled');
const tried = async (message: Parameters<DispatcherHarness['trace']>[0]) =>
  (await harness.trace(message)).attempts.map(({ provider, result, reason }) => [
    provider,
    result,
    ...(reason === undefined ? [] : [reason]),
  ]);

describe('a message that the provider accepts', () => {
  test('has an open attempt in the ledger before the provider is called', async () => {
    let seen: unknown;
    const a = harness.provider('a', [
      async ({ id }) => {
        seen = { history: await harness.ledger.recall(id), trace: await harness.trace(harness.message({ id })) };
        return yes;
      },
    ]);
    await harness.send();
    const record = { provider: 'a', startedAt: harness.clock.now().toISOString() };
    expect(seen).toMatchObject({ history: { state: 'sending', attempts: 1, open: { number: 1, record } }, trace: { attempts: [record] } });
    expect((seen as { trace: { attempts: object[] } }).trace.attempts[0]).not.toHaveProperty('result');
    expect(a.requests).toHaveLength(1);
  });

  test('is asked for once, with the whole message, and its answer is in the trace', async () => {
    let given: AbortSignal | undefined;
    const a = harness.provider('a', [
      (_message, signal) => {
        given = signal;
        harness.clock.at += 250;
        return { ...yes, segments: 2 };
      },
    ]);
    const startedAt = harness.clock.now().toISOString();
    const { message, outcome } = await harness.send({ template: { name: 'full', params: { disk: '/' }, exact: true } });
    expect(outcome).toMatchObject({ kind: 'accepted', provider: 'a' });
    const { id, to, text, variables, template, expiresAt } = message;
    expect(a.requests).toEqual([{ id, to, text, variables, template, expiresAt: new Date(expiresAt), urgent: true }]);
    expect(given).toBe(harness.stopping.signal);
    expect(await harness.trace(message)).toMatchObject({
      to: '+60*******789',
      state: 'accepted',
      reason: null,
      provider: 'a',
      providerMessageId: 'SM1',
      segments: 2,
      attempts: [{ provider: 'a', startedAt, endedAt: harness.clock.now().toISOString(), result: 'accepted' }],
    });
    expect((await harness.trace(message)).events.map(({ stage, verdict }) => `${stage} ${verdict}`)).toEqual([
      'consent-gate pass',
      'ledger pass',
      'expiry-gate pass',
      'rate-cap pass',
      'dispatch accepted',
    ]);
    expect(await harness.ledger.findMessage('a', 'SM1')).toBe(id);
  });

  test('is counted once by each counter, and is no longer in flight', async () => {
    harness.provider('a', [
      () => {
        harness.clock.at += 1500;
        return yes;
      },
    ]);
    const message = await harness.admit(harness.message({ text: 'x'.repeat(307) }));
    expect(await harness.ledger.inFlight()).toBe(1);
    await harness.run(message);
    expect(harness.told).toEqual([
      ['providerRequest', { provider: 'a', result: 'accepted', reason: 'none', seconds: expect.any(Number) }],
      ['messageSettled', { state: 'accepted', reason: 'none', severity: 'critical' }],
      ['contributed', { result: 'accepted', reason: 'none', source: null, route: 'default', contact: null }],
      ['accepted', { provider: 'a', severity: 'critical', segments: 3, seconds: 1.5, at: harness.clock.now() }],
    ]);
    expect(await harness.ledger.inFlight()).toBe(0);
  });

  test('is counted once when the write of its end is repeated', async () => {
    harness.provider('a', [yes]);
    const message = await harness.admit(harness.message());
    await harness.run(message, {
      retryUntilStored: async (write) => {
        await write();
        return write();
      },
    });
    expect(ends()).toHaveLength(1);
    expect(harness.heard('accepted')).toHaveLength(1);
    expect(await harness.ledger.inFlight()).toBe(0);
    expect(await tried(message)).toEqual([['a', 'accepted']]);
  });

  test('is not sent by a run that comes later, nor counted', async () => {
    const a = harness.provider('a', [yes]);
    const { message } = await harness.send();
    const before = harness.told.length;
    expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'settled' });
    expect(await harness.run(message)).toEqual({ kind: 'settled', state: 'accepted' });
    expect(a.requests).toHaveLength(1);
    expect(harness.told).toHaveLength(before);
  });
});

describe('a refusal', () => {
  test('as unavailable is tried three times in place, then goes to the next provider', async () => {
    const a = harness.provider('a', [no('unavailable')]);
    const b = harness.provider('b', [yes]);
    const { message, outcome } = await harness.send();
    expect(outcome).toMatchObject({ kind: 'accepted', provider: 'b' });
    expect([a.requests.length, b.requests.length]).toEqual([3, 1]);
    expect(await tried(message)).toEqual([
      ['a', 'refused', 'unavailable'],
      ['a', 'refused', 'unavailable'],
      ['a', 'refused', 'unavailable'],
      ['b', 'accepted'],
    ]);
    expect(harness.heard('providerRequest')).toHaveLength(4);
    expect(harness.heard('retried')).toEqual([
      ['a', 'unavailable'],
      ['a', 'unavailable'],
    ]);
    expect(harness.heard('failedOver')).toEqual([['a', 'b']]);
  });

  test('as unavailable that passes stays with its provider', async () => {
    const a = harness.provider('a', [no('unavailable'), yes]);
    const b = harness.provider('b', [yes]);
    const { outcome } = await harness.send();
    expect(outcome).toMatchObject({ kind: 'accepted', provider: 'a' });
    expect([a.requests.length, b.requests.length]).toEqual([2, 0]);
    expect(harness.heard('failedOver')).toEqual([]);
  });

  test.each<ProviderReason>(['throttled', 'recipient', 'opted_out', 'content', 'auth', 'balance', 'circuit_open'])(
    'as %s is not tried again in place',
    async (reason) => {
      const a = harness.provider('a', [no(reason)]);
      await harness.send();
      expect(a.requests).toHaveLength(1);
      expect(harness.heard('providerRequest')).toEqual([{ provider: 'a', result: 'refused', reason, seconds: expect.any(Number) }]);
    },
  );

  test('with a code that is in no table is counted as such, each time', async () => {
    const unlisted = refuse('unavailable', { code: '99999', unlisted: true });
    harness.provider('a', [unlisted, no('unavailable'), unlisted, yes]);
    await harness.send();
    expect(harness.heard('unlistedCode')).toEqual(['a', 'a']);
  });

  test('goes from provider to provider in the order of the route, each step counted', async () => {
    const a = harness.provider('a', [yes]);
    harness.provider('b', [no('throttled')]);
    harness.provider('c', [no('auth')]);
    const { message, outcome } = await harness.send({ providers: ['c', 'b', 'a'] });
    expect(outcome).toMatchObject({ kind: 'accepted', provider: 'a' });
    expect(a.requests).toHaveLength(1);
    expect(await tried(message)).toEqual([
      ['c', 'refused', 'auth'],
      ['b', 'refused', 'throttled'],
      ['a', 'accepted'],
    ]);
    expect(harness.heard('failedOver')).toEqual([
      ['c', 'b'],
      ['b', 'a'],
    ]);
    const hops = (await harness.trace(message)).events.filter(({ verdict }) => verdict === 'failover');
    expect(hops.map(({ detail, reason }) => `${detail}: ${reason}`)).toEqual(['from c to b: auth', 'from b to a: throttled']);
  });

  test.each<[reason: ProviderReason, number: string, to: string]>([
    ['recipient', 'a number that is not valid', '+60100000000'],
    ['opted_out', 'any number', '+60123456789'],
  ])('as %s ends the text to %s, and no other provider is asked', async (reason, _number, to) => {
    harness.provider('a', [no(reason, { code: '21610', status: 400 })]);
    const b = harness.provider('b', [yes]);
    const { message, outcome } = await harness.send({ to: to as E164 });
    expect(outcome).toMatchObject({ kind: 'failed', provider: 'a', error: { reason } });
    expect(b.requests).toEqual([]);
    expect(await harness.trace(message)).toMatchObject({
      state: 'failed',
      reason,
      attempts: [{ result: 'refused', reason, code: '21610', status: 400 }],
    });
    expect(ends()).toEqual([{ state: 'failed', reason, severity: 'critical' }]);
    expect(await harness.ledger.inFlight()).toBe(0);
  });

  describe('of a valid number as a bad one', () => {
    test('allows one more provider', async () => {
      harness.provider('a', [no('recipient', { code: 'InvalidParameter', status: 400 })]);
      harness.provider('b', [yes]);
      const { outcome } = await harness.send();
      expect(outcome).toMatchObject({ kind: 'accepted', provider: 'b' });
      expect(harness.heard('failedOver')).toEqual([['a', 'b']]);
    });

    test('is final when the second provider says the same', async () => {
      harness.provider('a', [no('recipient')]);
      harness.provider('b', [no('recipient', { code: '21211' })]);
      const c = harness.provider('c', [yes]);
      const { message, outcome } = await harness.send();
      expect(outcome).toMatchObject({ kind: 'failed', provider: 'b', error: { reason: 'recipient' } });
      expect(c.requests).toEqual([]);
      expect(await harness.trace(message)).toMatchObject({
        state: 'failed',
        reason: 'recipient',
        attempts: [{ provider: 'a' }, { provider: 'b' }],
      });
    });

    test('is final where there is no other provider', async () => {
      harness.provider('a', [no('recipient')]);
      expect((await harness.send()).outcome).toMatchObject({ kind: 'failed', provider: 'a', error: { reason: 'recipient' } });
    });

    test('waits for a provider that may take it later', async () => {
      harness.provider('a', [no('recipient')]);
      harness.provider('b', [no('auth'), yes]);
      const { message, outcome } = await harness.send();
      expect(outcome).toMatchObject({ kind: 'retry', provider: 'b' });
      harness.clock.at += 60_000;
      expect(await harness.run(message)).toMatchObject({ kind: 'accepted', provider: 'b' });
    });

    test('does not count what a vendor says of its own routes: each provider is asked', async () => {
      harness.provider('a', [no('recipient', { failover: true })]);
      harness.provider('b', [no('recipient')]);
      harness.provider('c', [yes]);
      expect((await harness.send()).outcome).toMatchObject({ kind: 'accepted', provider: 'c' });
    });
  });

  test('about the recipient that another provider may not share goes on', async () => {
    harness.provider('a', [no('recipient', { code: '21612', failover: true })]);
    harness.provider('b', [yes]);
    expect((await harness.send()).outcome).toMatchObject({ kind: 'accepted', provider: 'b' });
  });

  test('about the content fails over, and ends the text once everyone says so', async () => {
    harness.provider('a', [no('content')]);
    harness.provider('b', [yes, no('content')]);
    expect((await harness.send()).outcome).toMatchObject({ kind: 'accepted', provider: 'b' });
    const { message, outcome } = await harness.send();
    expect(outcome).toMatchObject({ kind: 'failed', provider: 'b' });
    expect(await harness.trace(message)).toMatchObject({ state: 'failed', reason: 'content' });
  });
});

describe('a message that no provider accepts now', () => {
  test('comes back, later with every round, and never past its deadline', async () => {
    harness.provider('a', [no('balance')]);
    harness.provider('b', [no('content')]);
    const { message, outcome: first } = await harness.send({ severity: 'error', expiresAt: harness.clock.at + 4 * MINUTE_MS });
    expect(first).toMatchObject({ kind: 'retry', provider: 'a', error: { reason: 'balance' } });
    const waits = [waitOf(first)];
    expect(await harness.trace(message)).toMatchObject({
      state: 'deferred',
      reason: 'balance',
      until: new Date(harness.clock.at + waitOf(first)).toISOString(),
    });
    for (let run = 0; run < 2; run += 1) waits.push(waitOf(await harness.run(message, { rerun: true })));
    // Two providers tried a time: the wait grows with the rounds, not with the requests.
    expect(waits).toEqual([10_000, 20_000, 40_000]);
    expect(harness.heard('retried')).toEqual([
      ['a', 'balance'],
      ['a', 'balance'],
      ['a', 'balance'],
    ]);
    expect(ends()).toEqual([]);
    expect(await harness.ledger.inFlight()).toBe(1);
  });

  test('is expired when it comes back at its deadline, counted once, and no provider is called', async () => {
    const a = harness.provider('a', [no('balance')]);
    const { message } = await harness.send();
    harness.clock.at = message.expiresAt;
    expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'expired' });
    expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'settled' });
    expect(a.requests).toHaveLength(1);
    expect(await harness.trace(message)).toMatchObject({ state: 'expired', reason: 'expired' });
    expect(ends()).toEqual([{ state: 'expired', reason: 'expired', severity: 'critical' }]);
  });

  test('is not offered again before the vendor’s own moment', async () => {
    harness.provider('a', [no('auth', { retryAt: new Date(harness.clock.at + 10 * MINUTE_MS) })]);
    // In the middle of the spread, which is half a minute at most.
    expect(waitOf((await harness.send({ severity: 'error' })).outcome)).toBe(10 * MINUTE_MS + 15_000);
    // A critical in the middle of the first quarter of it.
    expect(waitOf((await harness.send({ severity: 'critical' })).outcome)).toBe(10 * MINUTE_MS + 3_750);
    expect(waitOf((await harness.send({ expiresAt: harness.clock.at + 3 * MINUTE_MS })).outcome)).toBe(3 * MINUTE_MS);
  });

  test('because all are throttled waits for the first of them, which is no retry', async () => {
    harness.provider('a', [no('throttled', { retryAt: new Date(harness.clock.at + 9 * MINUTE_MS) })]);
    harness.provider('b', [no('throttled', { retryAt: new Date(harness.clock.at + 5 * MINUTE_MS) })]);
    const { message, outcome } = await harness.send({ severity: 'warning' });
    expect(outcome).toMatchObject({ kind: 'deferred', reason: 'throttled' });
    expect(waitOf(outcome)).toBe(5 * MINUTE_MS + 15_000);
    expect(await harness.trace(message)).toMatchObject({ state: 'deferred', reason: 'throttled' });
    expect(harness.heard('deferred')).toEqual(['throttled']);
    expect(harness.heard('retried')).toEqual([]);
  });
});

describe('a message that may not be sent', () => {
  test('because its deadline has passed at its start is expired', async () => {
    const a = harness.provider('a', [yes]);
    const { message, outcome } = await harness.send({ expiresAt: harness.clock.at });
    expect(outcome).toEqual({ kind: 'expired' });
    expect(a.requests).toEqual([]);
    expect(await harness.trace(message)).toMatchObject({ state: 'expired', attempts: [] });
  });

  test('because its time ran out while it waited for its turn is expired', async () => {
    const a = harness.provider('a', [yes], {
      pace: (_signal, job) => {
        harness.clock.at += HOUR_MS;
        return job();
      },
    });
    const { message, outcome } = await harness.send();
    expect(outcome).toMatchObject({ kind: 'expired' });
    expect(a.requests).toEqual([]);
    expect(await harness.trace(message)).toMatchObject({ state: 'expired', attempts: [] });
    expect(ends()).toHaveLength(1);
  });

  test('because no provider may text the country is suppressed', async () => {
    const a = harness.provider('a', [yes], { countries: ['86'] });
    const { message, outcome } = await harness.send();
    expect(outcome).toMatchObject({ kind: 'suppressed', reason: 'country_not_allowed' });
    expect(a.requests).toEqual([]);
    expect(await harness.trace(message)).toMatchObject({ state: 'suppressed', reason: 'country_not_allowed' });
    expect(ends()).toEqual([{ state: 'suppressed', reason: 'country_not_allowed', severity: 'critical' }]);
  });

  test('through one provider goes through another that may text the country', async () => {
    harness.provider('a', [yes], { countries: ['86'] });
    harness.provider('b', [yes], { countries: ['86', '60'] });
    expect((await harness.send()).outcome).toMatchObject({ kind: 'accepted', provider: 'b' });
    expect(harness.heard('failedOver')).toEqual([]);
  });

  test('because it was resolved on the queue is cancelled', async () => {
    const a = harness.provider('a', [yes]);
    const message = await harness.admit(harness.message());
    expect(await harness.ledger.resolve(message.dedupHash, new Date(message.receivedAt + 1))).toEqual([message.id]);
    expect(await harness.run(message)).toEqual({ kind: 'cancelled', reason: 'resolved' });
    expect(a.requests).toEqual([]);
    expect(await harness.trace(message)).toMatchObject({ state: 'cancelled', reason: 'resolved', attempts: [] });
    expect(ends()).toEqual([{ state: 'cancelled', reason: 'resolved', severity: 'critical' }]);
    expect(await harness.ledger.inFlight()).toBe(0);
  });

  test('because the ledger has no entry for it is malformed and not counted as an outcome', async () => {
    const a = harness.provider('a', [yes]);
    expect(await harness.run(harness.message(), { rerun: true })).toMatchObject({ kind: 'malformed' });
    expect(await harness.run(harness.message())).toMatchObject({ kind: 'malformed' });
    expect(a.requests).toEqual([]);
    expect(ends()).toEqual([]);
    expect(await harness.ledger.inFlight()).toBe(0);
  });
});

describe('two workers on one message', () => {
  test('send it once: the second waits for the lease of the first', async () => {
    const loserDone = createSignpost();
    const a = harness.provider('a', [() => loserDone.reached.then(() => yes)], { timeoutMs: 1000 });
    const message = await harness.admit(harness.message());
    const runs = [harness.run(message), harness.run(message, { rerun: true })];
    const loser = await Promise.race(runs);
    loserDone.reach();
    expect(loser).toMatchObject({ kind: 'deferred', reason: 'unknown_outcome' });
    expect(waitOf(loser)).toBeGreaterThan(0);
    expect((await Promise.all(runs)).map(({ kind }) => kind).sort()).toEqual(['accepted', 'deferred']);
    expect(a.requests).toHaveLength(1);
    expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'settled' });
    expect(a.requests).toHaveLength(1);
    expect(ends()).toHaveLength(1);
    expect(await harness.trace(message)).toMatchObject({ state: 'accepted', attempts: [{ result: 'accepted' }] });
  });

  test('are separated by the ledger alone, also when neither knows of the other', async () => {
    const loserDone = createSignpost();
    const a = harness.provider('a', [() => loserDone.reached.then(() => yes)]);
    const message = await harness.admit(harness.message());
    const runs = [harness.run(message), harness.run(message), harness.run(message)];
    expect(await Promise.race(runs)).toMatchObject({ kind: 'deferred', reason: 'unknown_outcome' });
    loserDone.reach();
    await Promise.all(runs);
    expect(a.requests).toHaveLength(1);
  });
});

describe('a process that stops', () => {
  const aborted = () => AbortSignal.abort(new Error('shutting down'));

  test('sends nothing more and leaves the text as it is', async () => {
    const a = harness.provider('a', [yes]);
    const message = await harness.admit(harness.message());
    await expect(harness.run(message, { signal: aborted() })).rejects.toThrow('shutting down');
    expect(a.requests).toEqual([]);
    expect(await harness.trace(message)).toMatchObject({ state: 'queued', attempts: [] });
    expect(harness.told).toEqual([]);
    expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'accepted' });
  });

  test('after a refusal closes that attempt and does not ask the next provider', async () => {
    const stop = new AbortController();
    harness.provider('a', [
      () => {
        stop.abort(new Error('shutting down'));
        return refuse('throttled');
      },
    ]);
    const b = harness.provider('b', [yes]);
    const message = await harness.admit(harness.message());
    await expect(harness.run(message, { signal: stop.signal })).rejects.toThrow('shutting down');
    expect(b.requests).toEqual([]);
    expect(await harness.ledger.recall(message.id)).toMatchObject({ state: 'sending', attempts: 1, unknowns: 0, open: undefined });
    expect(await tried(message)).toEqual([['a', 'refused', 'throttled']]);
  });

  test('between two tries in place closes the first one', async () => {
    const stop = new AbortController();
    const a = harness.provider('a', [
      () => {
        // Well after the answer is in, well before the second try.
        setTimeout(() => stop.abort(new Error('shutting down')), 50);
        return refuse('unavailable');
      },
    ]);
    const message = await harness.admit(harness.message());
    await expect(harness.run(message, { signal: stop.signal })).rejects.toThrow('shutting down');
    expect(a.requests).toHaveLength(1);
    expect(await harness.ledger.recall(message.id)).toMatchObject({ attempts: 1, unknowns: 0, open: undefined });
    expect(await tried(message)).toEqual([['a', 'refused', 'unavailable']]);
  });

  test.each<[name: string, answer: Line, state: string]>([
    ['yes', yes, 'accepted'],
    ['a refusal', no('recipient'), 'failed'],
  ])('keeps %s that arrives meanwhile', async (_name, answer, state) => {
    const stop = new AbortController();
    harness.provider('a', [
      (...call) => {
        stop.abort(new Error('shutting down'));
        return typeof answer === 'function' ? answer(...call) : answer;
      },
    ]);
    const { message, outcome } = await harness.send({}, { signal: stop.signal });
    expect(outcome).toMatchObject({ kind: state });
    expect(await harness.trace(message)).toMatchObject({ state });
    expect(ends()).toHaveLength(1);
  });
});
