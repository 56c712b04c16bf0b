import { beforeEach, describe, expect, test } from 'vitest';
import type { E164 } from '../../../src/alert/phone.ts';
import type { Outcome } from '../../../src/pipeline/outcome.ts';
import { type Accepted, type ProviderErrorFacts, type ProviderReason, refuse } from '../../../src/provider/contract/provider.ts';
import { testRedis } from '../../support/redis.ts';
import type { Line } from '../../support/scripted-provider.ts';
import { createDesk, createSignpost, type Desk, HOUR_MS, MINUTE_MS } from '../dispatch-desk.ts';

const { redis, prefix } = testRedis();
const yes: Accepted = { kind: 'accepted', providerMessageId: 'SM1' };
const no = (reason: ProviderReason, facts?: ProviderErrorFacts): Line => refuse(reason, facts);

let desk: Desk;
beforeEach(() => {
  desk = createDesk(redis, prefix);
});

/** ms from now to when the outcome comes back. */
function waitOf(outcome: Outcome): number {
  if (outcome.kind !== 'deferred' && outcome.kind !== 'retry') throw new Error(`${outcome.kind} does not come back`);
  return outcome.until.getTime() - desk.clock.at;
}
const ends = () => desk.heard('messageSettled');
const tried = async (message: Parameters<Desk['trace']>[0]) =>
  (await desk.trace(message)).attempts.map(({ provider, result, reason }) => [provider, result, ...(reason === undefined ? [] : [reason])]);

describe('a text that the provider takes', () => {
  test('stands open in the ledger before the provider hears of it', async () => {
    let seen: unknown;
    const a = desk.provider('a', [
      async ({ id }) => {
        seen = { history: await desk.ledger.recall(id), trace: await desk.trace(desk.message({ id })) };
        return yes;
      },
    ]);
    await desk.send();
    const record = { provider: 'a', startedAt: desk.clock.now().toISOString() };
    expect(seen).toMatchObject({ history: { state: 'sending', attempts: 1, open: { number: 1, record } }, trace: { attempts: [record] } });
    expect((seen as { trace: { attempts: object[] } }).trace.attempts[0]).not.toHaveProperty('result');
    expect(a.requests).toHaveLength(1);
  });

  test('is asked for once, with the whole message, and its answer is in the trace', async () => {
    let given: AbortSignal | undefined;
    const a = desk.provider('a', [
      (_message, signal) => {
        given = signal;
        desk.clock.at += 250;
        return { ...yes, segments: 2 };
      },
    ]);
    const startedAt = desk.clock.now().toISOString();
    const { message, outcome } = await desk.send({ template: { name: 'full', params: { disk: '/' }, exact: true } });
    expect(outcome).toMatchObject({ kind: 'accepted', provider: 'a' });
    const { id, to, text, variables, template, expiresAt } = message;
    expect(a.requests).toEqual([{ id, to, text, variables, template, expiresAt: new Date(expiresAt), urgent: true }]);
    expect(given).toBe(desk.stopping.signal);
    expect(await desk.trace(message)).toMatchObject({
      to: '+60*******789',
      state: 'accepted',
      reason: null,
      provider: 'a',
      providerMessageId: 'SM1',
      segments: 2,
      attempts: [{ provider: 'a', startedAt, endedAt: desk.clock.now().toISOString(), result: 'accepted' }],
    });
    expect((await desk.trace(message)).events.map(({ stage, verdict }) => `${stage} ${verdict}`)).toEqual([
      'consent-gate pass',
      'ledger pass',
      'expiry-gate pass',
      'rate-cap pass',
      'dispatch accepted',
    ]);
    expect(await desk.ledger.findMessage('a', 'SM1')).toBe(id);
  });

  test('is told to the counters once each, and is no longer in flight', async () => {
    desk.provider('a', [
      () => {
        desk.clock.at += 1500;
        return yes;
      },
    ]);
    const message = await desk.admit(desk.message({ text: 'x'.repeat(307) }));
    expect(await desk.ledger.inFlight()).toBe(1);
    await desk.run(message);
    expect(desk.told).toEqual([
      ['providerRequest', { provider: 'a', result: 'accepted', reason: 'none', seconds: expect.any(Number) }],
      ['messageSettled', { state: 'accepted', reason: 'none', severity: 'critical' }],
      ['contributed', { result: 'accepted', reason: 'none', source: null, route: 'default', contact: null }],
      ['accepted', { provider: 'a', severity: 'critical', segments: 3, seconds: 1.5, at: desk.clock.now() }],
    ]);
    expect(await desk.ledger.inFlight()).toBe(0);
  });

  test('is counted once when the write of its end is repeated', async () => {
    desk.provider('a', [yes]);
    const message = await desk.admit(desk.message());
    await desk.run(message, {
      persist: async (write) => {
        await write();
        return write();
      },
    });
    expect(ends()).toHaveLength(1);
    expect(desk.heard('accepted')).toHaveLength(1);
    expect(await desk.ledger.inFlight()).toBe(0);
    expect(await tried(message)).toEqual([['a', 'accepted']]);
  });

  test('is not sent by a run that comes later, nor counted', async () => {
    const a = desk.provider('a', [yes]);
    const { message } = await desk.send();
    const before = desk.told.length;
    expect(await desk.run(message, { rerun: true })).toMatchObject({ kind: 'settled' });
    expect(await desk.run(message)).toEqual({ kind: 'settled', state: 'accepted' });
    expect(a.requests).toHaveLength(1);
    expect(desk.told).toHaveLength(before);
  });
});

describe('a refusal', () => {
  test('as unavailable is tried three times in place, then goes to the next provider', async () => {
    const a = desk.provider('a', [no('unavailable')]);
    const b = desk.provider('b', [yes]);
    const { message, outcome } = await desk.send();
    expect(outcome).toMatchObject({ kind: 'accepted', provider: 'b' });
    expect([a.requests.length, b.requests.length]).toEqual([3, 1]);
    expect(await tried(message)).toEqual([
      ['a', 'refused', 'unavailable'],
      ['a', 'refused', 'unavailable'],
      ['a', 'refused', 'unavailable'],
      ['b', 'accepted'],
    ]);
    expect(desk.heard('providerRequest')).toHaveLength(4);
    expect(desk.heard('retried')).toEqual([
      ['a', 'unavailable'],
      ['a', 'unavailable'],
    ]);
    expect(desk.heard('failedOver')).toEqual([['a', 'b']]);
  });

  test('as unavailable that passes stays with its provider', async () => {
    const a = desk.provider('a', [no('unavailable'), yes]);
    const b = desk.provider('b', [yes]);
    const { outcome } = await desk.send();
    expect(outcome).toMatchObject({ kind: 'accepted', provider: 'a' });
    expect([a.requests.length, b.requests.length]).toEqual([2, 0]);
    expect(desk.heard('failedOver')).toEqual([]);
  });

  test.each<ProviderReason>(['throttled', 'recipient', 'opted_out', 'content', 'auth', 'balance', 'circuit_open'])(
    'as %s is not tried again in place',
    async (reason) => {
      const a = desk.provider('a', [no(reason)]);
      await desk.send();
      expect(a.requests).toHaveLength(1);
      expect(desk.heard('providerRequest')).toEqual([{ provider: 'a', result: 'refused', reason, seconds: expect.any(Number) }]);
    },
  );

  test('with a code that is in no table is counted as such, each time', async () => {
    const unlisted = refuse('unavailable', { code: '99999', unlisted: true });
    desk.provider('a', [unlisted, no('unavailable'), unlisted, yes]);
    await desk.send();
    expect(desk.heard('unlistedCode')).toEqual(['a', 'a']);
  });

  test('goes from provider to provider in the order of the route, each step counted', async () => {
    const a = desk.provider('a', [yes]);
    desk.provider('b', [no('throttled')]);
    desk.provider('c', [no('auth')]);
    const { message, outcome } = await desk.send({ providers: ['c', 'b', 'a'] });
    expect(outcome).toMatchObject({ kind: 'accepted', provider: 'a' });
    expect(a.requests).toHaveLength(1);
    expect(await tried(message)).toEqual([
      ['c', 'refused', 'auth'],
      ['b', 'refused', 'throttled'],
      ['a', 'accepted'],
    ]);
    expect(desk.heard('failedOver')).toEqual([
      ['c', 'b'],
      ['b', 'a'],
    ]);
    const hops = (await desk.trace(message)).events.filter(({ verdict }) => verdict === 'failover');
    expect(hops.map(({ detail, reason }) => `${detail}: ${reason}`)).toEqual(['from c to b: auth', 'from b to a: throttled']);
  });

  test.each<[reason: ProviderReason, number: string, to: string]>([
    ['recipient', 'a number that is not valid', '+60100000000'],
    ['opted_out', 'any number', '+60123456789'],
  ])('as %s ends the text to %s, and no other provider is asked', async (reason, _number, to) => {
    desk.provider('a', [no(reason, { code: '21610', status: 400 })]);
    const b = desk.provider('b', [yes]);
    const { message, outcome } = await desk.send({ to: to as E164 });
    expect(outcome).toMatchObject({ kind: 'failed', provider: 'a', error: { reason } });
    expect(b.requests).toEqual([]);
    expect(await desk.trace(message)).toMatchObject({
      state: 'failed',
      reason,
      attempts: [{ result: 'refused', reason, code: '21610', status: 400 }],
    });
    expect(ends()).toEqual([{ state: 'failed', reason, severity: 'critical' }]);
    expect(await desk.ledger.inFlight()).toBe(0);
  });

  describe('of a valid number as a bad one', () => {
    test('lets one more provider try', async () => {
      desk.provider('a', [no('recipient', { code: 'InvalidParameter', status: 400 })]);
      desk.provider('b', [yes]);
      const { outcome } = await desk.send();
      expect(outcome).toMatchObject({ kind: 'accepted', provider: 'b' });
      expect(desk.heard('failedOver')).toEqual([['a', 'b']]);
    });

    test('is final when the second provider says the same', async () => {
      desk.provider('a', [no('recipient')]);
      desk.provider('b', [no('recipient', { code: '21211' })]);
      const c = desk.provider('c', [yes]);
      const { message, outcome } = await desk.send();
      expect(outcome).toMatchObject({ kind: 'failed', provider: 'b', error: { reason: 'recipient' } });
      expect(c.requests).toEqual([]);
      expect(await desk.trace(message)).toMatchObject({
        state: 'failed',
        reason: 'recipient',
        attempts: [{ provider: 'a' }, { provider: 'b' }],
      });
    });

    test('is final where there is no other provider', async () => {
      desk.provider('a', [no('recipient')]);
      expect((await desk.send()).outcome).toMatchObject({ kind: 'failed', provider: 'a', error: { reason: 'recipient' } });
    });

    test('waits for a provider that may take it later', async () => {
      desk.provider('a', [no('recipient')]);
      desk.provider('b', [no('auth'), yes]);
      const { message, outcome } = await desk.send();
      expect(outcome).toMatchObject({ kind: 'retry', provider: 'b' });
      desk.clock.at += 60_000;
      expect(await desk.run(message)).toMatchObject({ kind: 'accepted', provider: 'b' });
    });

    test('does not count what a vendor says of its own routes: each provider is asked', async () => {
      desk.provider('a', [no('recipient', { failover: true })]);
      desk.provider('b', [no('recipient')]);
      desk.provider('c', [yes]);
      expect((await desk.send()).outcome).toMatchObject({ kind: 'accepted', provider: 'c' });
    });
  });

  test('about the recipient that another provider may not share goes on', async () => {
    desk.provider('a', [no('recipient', { code: '21612', failover: true })]);
    desk.provider('b', [yes]);
    expect((await desk.send()).outcome).toMatchObject({ kind: 'accepted', provider: 'b' });
  });

  test('about the content fails over, and ends the text once everyone says so', async () => {
    desk.provider('a', [no('content')]);
    desk.provider('b', [yes, no('content')]);
    expect((await desk.send()).outcome).toMatchObject({ kind: 'accepted', provider: 'b' });
    const { message, outcome } = await desk.send();
    expect(outcome).toMatchObject({ kind: 'failed', provider: 'b' });
    expect(await desk.trace(message)).toMatchObject({ state: 'failed', reason: 'content' });
  });
});

describe('a text that nobody takes now', () => {
  test('comes back, later with every round, and never past its deadline', async () => {
    desk.provider('a', [no('balance')]);
    desk.provider('b', [no('content')]);
    const { message, outcome: first } = await desk.send({ severity: 'error', expiresAt: desk.clock.at + 4 * MINUTE_MS });
    expect(first).toMatchObject({ kind: 'retry', provider: 'a', error: { reason: 'balance' } });
    const waits = [waitOf(first)];
    expect(await desk.trace(message)).toMatchObject({
      state: 'deferred',
      reason: 'balance',
      until: new Date(desk.clock.at + waitOf(first)).toISOString(),
    });
    for (let run = 0; run < 2; run += 1) waits.push(waitOf(await desk.run(message, { rerun: true })));
    // Two providers tried a time: the wait grows with the rounds, not with the requests.
    expect(waits).toEqual([10_000, 20_000, 40_000]);
    expect(desk.heard('retried')).toEqual([
      ['a', 'balance'],
      ['a', 'balance'],
      ['a', 'balance'],
    ]);
    expect(ends()).toEqual([]);
    expect(await desk.ledger.inFlight()).toBe(1);
  });

  test('is expired when it comes back at its deadline, counted once, and asks nobody', async () => {
    const a = desk.provider('a', [no('balance')]);
    const { message } = await desk.send();
    desk.clock.at = message.expiresAt;
    expect(await desk.run(message, { rerun: true })).toMatchObject({ kind: 'expired' });
    expect(await desk.run(message, { rerun: true })).toMatchObject({ kind: 'settled' });
    expect(a.requests).toHaveLength(1);
    expect(await desk.trace(message)).toMatchObject({ state: 'expired', reason: 'expired' });
    expect(ends()).toEqual([{ state: 'expired', reason: 'expired', severity: 'critical' }]);
  });

  test('is not offered again before the vendor’s own moment', async () => {
    desk.provider('a', [no('auth', { retryAt: new Date(desk.clock.at + 10 * MINUTE_MS) })]);
    // In the middle of the spread, which is half a minute at most.
    expect(waitOf((await desk.send({ severity: 'error' })).outcome)).toBe(10 * MINUTE_MS + 15_000);
    // A critical in the middle of the first quarter of it.
    expect(waitOf((await desk.send({ severity: 'critical' })).outcome)).toBe(10 * MINUTE_MS + 3_750);
    expect(waitOf((await desk.send({ expiresAt: desk.clock.at + 3 * MINUTE_MS })).outcome)).toBe(3 * MINUTE_MS);
  });

  test('because all are throttled waits for the first of them, which is no retry', async () => {
    desk.provider('a', [no('throttled', { retryAt: new Date(desk.clock.at + 9 * MINUTE_MS) })]);
    desk.provider('b', [no('throttled', { retryAt: new Date(desk.clock.at + 5 * MINUTE_MS) })]);
    const { message, outcome } = await desk.send({ severity: 'warning' });
    expect(outcome).toMatchObject({ kind: 'deferred', reason: 'throttled' });
    expect(waitOf(outcome)).toBe(5 * MINUTE_MS + 15_000);
    expect(await desk.trace(message)).toMatchObject({ state: 'deferred', reason: 'throttled' });
    expect(desk.heard('deferred')).toEqual(['throttled']);
    expect(desk.heard('retried')).toEqual([]);
  });
});

describe('a text that may not be sent', () => {
  test('because its time is over when it is taken is expired', async () => {
    const a = desk.provider('a', [yes]);
    const { message, outcome } = await desk.send({ expiresAt: desk.clock.at });
    expect(outcome).toEqual({ kind: 'expired' });
    expect(a.requests).toEqual([]);
    expect(await desk.trace(message)).toMatchObject({ state: 'expired', attempts: [] });
  });

  test('because its time ran out while it waited for its turn is expired', async () => {
    const a = desk.provider('a', [yes], {
      pace: (_signal, job) => {
        desk.clock.at += HOUR_MS;
        return job();
      },
    });
    const { message, outcome } = await desk.send();
    expect(outcome).toMatchObject({ kind: 'expired' });
    expect(a.requests).toEqual([]);
    expect(await desk.trace(message)).toMatchObject({ state: 'expired', attempts: [] });
    expect(ends()).toHaveLength(1);
  });

  test('because no provider may text the country is suppressed', async () => {
    const a = desk.provider('a', [yes], { countries: ['86'] });
    const { message, outcome } = await desk.send();
    expect(outcome).toMatchObject({ kind: 'suppressed', reason: 'country_not_allowed' });
    expect(a.requests).toEqual([]);
    expect(await desk.trace(message)).toMatchObject({ state: 'suppressed', reason: 'country_not_allowed' });
    expect(ends()).toEqual([{ state: 'suppressed', reason: 'country_not_allowed', severity: 'critical' }]);
  });

  test('through one provider goes through another that may text the country', async () => {
    desk.provider('a', [yes], { countries: ['86'] });
    desk.provider('b', [yes], { countries: ['86', '60'] });
    expect((await desk.send()).outcome).toMatchObject({ kind: 'accepted', provider: 'b' });
    expect(desk.heard('failedOver')).toEqual([]);
  });

  test('because it was resolved on the queue is cancelled', async () => {
    const a = desk.provider('a', [yes]);
    const message = await desk.admit(desk.message());
    expect(await desk.ledger.resolve(message.dedupHash, new Date(message.receivedAt + 1))).toEqual([message.id]);
    expect(await desk.run(message)).toEqual({ kind: 'cancelled', reason: 'resolved' });
    expect(a.requests).toEqual([]);
    expect(await desk.trace(message)).toMatchObject({ state: 'cancelled', reason: 'resolved', attempts: [] });
    expect(ends()).toEqual([{ state: 'cancelled', reason: 'resolved', severity: 'critical' }]);
    expect(await desk.ledger.inFlight()).toBe(0);
  });

  test('because the ledger never heard of it is malformed and no outcome of ours', async () => {
    const a = desk.provider('a', [yes]);
    expect(await desk.run(desk.message(), { rerun: true })).toMatchObject({ kind: 'malformed' });
    expect(await desk.run(desk.message())).toMatchObject({ kind: 'malformed' });
    expect(a.requests).toEqual([]);
    expect(ends()).toEqual([]);
    expect(await desk.ledger.inFlight()).toBe(0);
  });
});

describe('two workers on one text', () => {
  test('send it once: the second waits for the lease of the first', async () => {
    const loserDone = createSignpost();
    const a = desk.provider('a', [() => loserDone.reached.then(() => yes)], { timeoutMs: 1000 });
    const message = await desk.admit(desk.message());
    const runs = [desk.run(message), desk.run(message, { rerun: true })];
    const loser = await Promise.race(runs);
    loserDone.reach();
    expect(loser).toMatchObject({ kind: 'deferred', reason: 'unknown_outcome' });
    expect(waitOf(loser)).toBeGreaterThan(0);
    expect((await Promise.all(runs)).map(({ kind }) => kind).sort()).toEqual(['accepted', 'deferred']);
    expect(a.requests).toHaveLength(1);
    expect(await desk.run(message, { rerun: true })).toMatchObject({ kind: 'settled' });
    expect(a.requests).toHaveLength(1);
    expect(ends()).toHaveLength(1);
    expect(await desk.trace(message)).toMatchObject({ state: 'accepted', attempts: [{ result: 'accepted' }] });
  });

  test('are told apart by the ledger alone, also when neither knows of the other', async () => {
    const loserDone = createSignpost();
    const a = desk.provider('a', [() => loserDone.reached.then(() => yes)]);
    const message = await desk.admit(desk.message());
    const runs = [desk.run(message), desk.run(message), desk.run(message)];
    expect(await Promise.race(runs)).toMatchObject({ kind: 'deferred', reason: 'unknown_outcome' });
    loserDone.reach();
    await Promise.all(runs);
    expect(a.requests).toHaveLength(1);
  });
});

describe('a process that stops', () => {
  const aborted = () => AbortSignal.abort(new Error('shutting down'));

  test('sends nothing more and leaves the text as it is', async () => {
    const a = desk.provider('a', [yes]);
    const message = await desk.admit(desk.message());
    await expect(desk.run(message, { signal: aborted() })).rejects.toThrow('shutting down');
    expect(a.requests).toEqual([]);
    expect(await desk.trace(message)).toMatchObject({ state: 'queued', attempts: [] });
    expect(desk.told).toEqual([]);
    expect(await desk.run(message, { rerun: true })).toMatchObject({ kind: 'accepted' });
  });

  test('after a refusal closes that attempt and does not ask the next provider', async () => {
    const stop = new AbortController();
    desk.provider('a', [
      () => {
        stop.abort(new Error('shutting down'));
        return refuse('throttled');
      },
    ]);
    const b = desk.provider('b', [yes]);
    const message = await desk.admit(desk.message());
    await expect(desk.run(message, { signal: stop.signal })).rejects.toThrow('shutting down');
    expect(b.requests).toEqual([]);
    expect(await desk.ledger.recall(message.id)).toMatchObject({ state: 'sending', attempts: 1, unknowns: 0, open: undefined });
    expect(await tried(message)).toEqual([['a', 'refused', 'throttled']]);
  });

  test('between two tries in place closes the first one', async () => {
    const stop = new AbortController();
    const a = desk.provider('a', [
      () => {
        // Well after the answer is in, well before the second try.
        setTimeout(() => stop.abort(new Error('shutting down')), 50);
        return refuse('unavailable');
      },
    ]);
    const message = await desk.admit(desk.message());
    await expect(desk.run(message, { signal: stop.signal })).rejects.toThrow('shutting down');
    expect(a.requests).toHaveLength(1);
    expect(await desk.ledger.recall(message.id)).toMatchObject({ attempts: 1, unknowns: 0, open: undefined });
    expect(await tried(message)).toEqual([['a', 'refused', 'unavailable']]);
  });

  test.each<[name: string, answer: Line, state: string]>([
    ['yes', yes, 'accepted'],
    ['a refusal', no('recipient'), 'failed'],
  ])('keeps %s that arrives meanwhile', async (_name, answer, state) => {
    const stop = new AbortController();
    desk.provider('a', [
      (...call) => {
        stop.abort(new Error('shutting down'));
        return typeof answer === 'function' ? answer(...call) : answer;
      },
    ]);
    const { message, outcome } = await desk.send({}, { signal: stop.signal });
    expect(outcome).toMatchObject({ kind: state });
    expect(await desk.trace(message)).toMatchObject({ state });
    expect(ends()).toHaveLength(1);
  });
});
