import { beforeEach, describe, expect, test } from 'vitest';
import { RETURNS_PER_SECOND } from '../../../src/pipeline/sending/places.ts';
import { FIRST_OPEN_MS, LONGEST_OPEN_MS, MIN_VOLUME, PROBES, SLOW_START_MS } from '../../../src/provider/breaker/breaker.ts';
import { withBreaker } from '../../../src/provider/breaker/with-breaker.ts';
import { type Accepted, refuse } from '../../../src/provider/contract/provider.ts';
import { testRedis } from '../../support/redis.ts';
import type { Answer, ScriptedProvider } from '../../support/scripted-provider.ts';
import { createHarness, type DispatcherHarness } from '../dispatcher-harness.ts';

const { redis, prefix } = testRedis();
const yes: Accepted = { kind: 'accepted', providerMessageId: 'SM1' };
/** Unlike `unavailable`, not tried again in place: the tests need no patience. */
const timedOut = refuse('unknown_outcome', { code: 'TIMEOUT' });

let harness: DispatcherHarness;
let states: string[];
beforeEach(() => {
  harness = createHarness(redis, prefix);
  states = [];
});

/** A provider behind its breaker, as the process has it; it answers by `answer`, which the test may change. */
function guarded(name: string, answer: Answer): ScriptedProvider & { answer: Answer } {
  const vendor = { answer };
  const scripted = harness.provider(name, [() => vendor.answer]);
  const target = harness.targets.get(name);
  if (target === undefined) throw new Error(name);
  const onChange = ({ state }: { state: string }) => void states.push(`${name} ${state}`);
  harness.targets.set(name, {
    ...target,
    provider: withBreaker(scripted, { clock: harness.clock, timeoutMs: 15_000, onChange, onObserverError: () => expect.unreachable() }),
  });
  return Object.assign(vendor, scripted);
}

const sendMany = async (count: number) => {
  for (let i = 0; i < count; i += 1) await harness.send({ phoneHash: `phone ${i}` });
};
const eventsOf = async (message: Parameters<DispatcherHarness['trace']>[0]) =>
  (await harness.trace(message)).events.filter(({ stage }) => stage === 'dispatch').map(({ at: _at, ...event }) => event);

test('a provider that is down is left alone after ten requests, the next one carries all, and it comes back by and by', async () => {
  const a = guarded('a', timedOut);
  const b = guarded('b', yes);
  await sendMany(MIN_VOLUME);
  expect([a.requests.length, b.requests.length]).toEqual([MIN_VOLUME, MIN_VOLUME]);

  const until = new Date(harness.clock.at + FIRST_OPEN_MS).toISOString();
  const { message, outcome } = await harness.send();
  await sendMany(9);
  expect([a.requests.length, b.requests.length]).toEqual([MIN_VOLUME, MIN_VOLUME + 10]);
  expect(outcome).toMatchObject({ kind: 'accepted', provider: 'b' });
  expect(await eventsOf(message)).toEqual([
    { stage: 'dispatch', verdict: 'skipped', reason: 'circuit_open', detail: `a is skipped until ${until}: it has been failing` },
    { stage: 'dispatch', verdict: 'failover', reason: 'circuit_open', detail: 'from a to b' },
    { stage: 'dispatch', verdict: 'accepted' },
  ]);
  expect((await harness.trace(message)).attempts).toMatchObject([{ provider: 'b', result: 'accepted' }]);

  harness.clock.at += FIRST_OPEN_MS;
  a.answer = yes;
  await sendMany(PROBES);
  expect(a.requests).toHaveLength(MIN_VOLUME + PROBES);
  const atOnce = await Promise.all(Array.from({ length: 40 }, () => harness.send()));
  const throughA = atOnce.filter(
    ({ outcome: { kind, ...rest } }) => kind === 'accepted' && 'provider' in rest && rest.provider === 'a',
  ).length;
  expect(throughA).toBeLessThan(25);
  expect(atOnce.every(({ outcome: { kind } }) => kind === 'accepted')).toBe(true);

  harness.clock.at += SLOW_START_MS;
  const before = a.requests.length;
  await sendMany(5);
  expect(a.requests).toHaveLength(before + 5);
  expect(states).toEqual(['a open', 'a half_open', 'a recovering', 'a closed']);
});

test('of a text that finds the circuit open only when its turn comes, no request is made or counted', async () => {
  const a = guarded('a', timedOut);
  const b = guarded('b', yes);
  const target = harness.targets.get('a');
  if (target === undefined) throw new Error('a');
  const { send } = target.provider;
  // While it waits for its turn, others find out that the provider is down.
  const pace: typeof target.pace = async (_signal, job) => {
    const other = () => send({ ...a.requests[0], id: crypto.randomUUID() } as never, new AbortController().signal);
    for (let i = 0; i < MIN_VOLUME; i += 1) await other();
    return job();
  };
  harness.targets.set('a', { ...target, pace });
  const { message, outcome } = await harness.send();
  expect(outcome).toMatchObject({ kind: 'accepted', provider: 'b' });
  expect([a.requests.length, b.requests.length]).toEqual([MIN_VOLUME, 1]);
  expect(harness.heard('providerRequest')).toMatchObject([{ provider: 'b', result: 'accepted' }]);
  expect((await harness.trace(message)).attempts).toMatchObject([
    { provider: 'a', result: 'refused', reason: 'circuit_open' },
    { provider: 'b', result: 'accepted' },
  ]);
});

test.each(['auth', 'balance'] as const)('a refusal for %s opens the breaker immediately', async (reason) => {
  const a = guarded('a', refuse(reason));
  const b = guarded('b', yes);
  await sendMany(5);
  expect([a.requests.length, b.requests.length]).toEqual([1, 5]);
});

test.each(['recipient', 'opted_out', 'content'] as const)('a provider that refuses messages for %s is called for each', async (reason) => {
  const a = guarded('a', refuse(reason));
  guarded('b', yes);
  await sendMany(2 * MIN_VOLUME);
  expect(a.requests).toHaveLength(2 * MIN_VOLUME);
  expect(states).toEqual([]);
});

describe('a throttled provider', () => {
  test('is left alone while others go on, and its circuit stays closed', async () => {
    const a = guarded('a', refuse('throttled', { retryAt: new Date(harness.clock.at + 30_000) }));
    const b = guarded('b', yes);
    await sendMany(2 * MIN_VOLUME);
    expect([a.requests.length, b.requests.length]).toEqual([1, 2 * MIN_VOLUME]);
    expect(states).toEqual([]);
  });

  test('and no other: messages wait without a further call, with the reason', async () => {
    const retryAt = new Date(harness.clock.at + 30_000);
    const a = guarded('a', refuse('throttled', { retryAt }));
    await harness.send();
    const { message, outcome } = await harness.send();
    expect(a.requests).toHaveLength(1);
    expect(outcome).toMatchObject({ kind: 'deferred', reason: 'throttled' });
    expect(outcome.kind === 'deferred' && outcome.until.getTime()).toBeGreaterThanOrEqual(retryAt.getTime());
    expect(await eventsOf(message)).toMatchObject([
      { verdict: 'skipped', reason: 'throttled', detail: `a is skipped until ${retryAt.toISOString()}: it throttled us` },
      { verdict: 'deferred', reason: 'throttled' },
    ]);
    harness.clock.at += 60_000;
    a.answer = yes;
    expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'accepted', provider: 'a' });
  });
});

test('with all providers down messages wait, with the reason, and are sent when one recovers', async () => {
  const a = guarded('a', refuse('auth'));
  const b = guarded('b', refuse('balance'));
  await harness.send();
  const waiting = await Promise.all(Array.from({ length: 5 }, () => harness.send()));
  expect([a.requests.length, b.requests.length]).toEqual([1, 1]);
  const until = harness.clock.at + LONGEST_OPEN_MS;
  for (const { message, outcome } of waiting) {
    expect(outcome).toMatchObject({ kind: 'retry', error: { reason: 'circuit_open' } });
    expect(outcome.kind === 'retry' && outcome.until.getTime()).toBeGreaterThanOrEqual(until);
    expect(await harness.trace(message)).toMatchObject({ state: 'deferred', reason: 'circuit_open', attempts: [] });
  }
  expect(harness.heard('messageSettled')).toEqual([]);

  b.answer = yes;
  harness.clock.at = until;
  for (const { message } of waiting) expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'accepted', provider: 'b' });
  expect(a.requests).toHaveLength(2);
  expect(harness.heard('messageSettled')).toHaveLength(5);
});

test('a text that expires while a circuit is open keeps the reason that opened it', async () => {
  guarded('a', refuse('auth', { code: '20003' }));
  const first = await harness.send();
  expect(first.outcome).toMatchObject({ kind: 'retry', error: { reason: 'auth' } });
  const { message, outcome } = await harness.send();
  expect(outcome).toMatchObject({ kind: 'retry', error: { reason: 'circuit_open', rootReason: 'auth' } });
  expect(await harness.trace(message)).toMatchObject({ state: 'deferred', reason: 'circuit_open', lastReason: 'auth' });
  await harness.run(message, { rerun: true });
  harness.clock.at = message.expiresAt;
  expect(await harness.run(message, { rerun: true })).toEqual({ kind: 'expired', last: 'auth' });
  expect(await harness.trace(message)).toMatchObject({ state: 'expired', reason: 'expired', lastReason: 'auth' });
  const reported = harness.heard('messageEnded').filter((report) => (report as { messageId: string }).messageId === message.id);
  expect(reported).toMatchObject([
    { state: 'deferred', reason: 'circuit_open', lastReason: 'auth', again: false },
    { state: 'deferred', again: true },
    { state: 'expired', reason: 'expired', lastReason: 'auth', route: message.route, alertId: message.alertId },
  ]);
});

describe('messages whose only providers are paused', () => {
  const HUNDRED = 100;
  async function rest(): Promise<{ vendor: ReturnType<typeof guarded>; waiting: Awaited<ReturnType<DispatcherHarness['send']>>[] }> {
    const vendor = guarded('a', timedOut);
    for (let n = 0; n < MIN_VOLUME; n += 1) await harness.send({ phoneHash: `phone ${n}`, onUnknown: 'hold' });
    const waiting: Awaited<ReturnType<DispatcherHarness['send']>>[] = [];
    for (let n = 0; n < HUNDRED; n += 1) waiting.push(await harness.send({ phoneHash: `waits ${n}`, severity: 'info' }));
    return { vendor, waiting };
  }

  test('take turns to come back, are parked for the provider, and none is asked for', async () => {
    const { vendor, waiting } = await rest();
    expect(vendor.requests).toHaveLength(MIN_VOLUME);
    const seconds = new Map<number, number>();
    for (const { outcome } of waiting) {
      if (outcome.kind !== 'retry') throw new Error(outcome.kind);
      expect(outcome.resting).toEqual(['a']);
      expect(outcome.until.getTime()).toBeGreaterThanOrEqual(harness.clock.at + FIRST_OPEN_MS);
      const second = Math.floor(outcome.until.getTime() / 1000);
      seconds.set(second, (seconds.get(second) ?? 0) + 1);
    }
    expect(Math.max(...seconds.values())).toBeLessThanOrEqual(RETURNS_PER_SECOND);
    const parked = await harness.parked.first('a', false, 2 * HUNDRED, harness.clock.now());
    expect(parked.toSorted()).toEqual(waiting.map(({ message }) => message.id).toSorted());
  });

  test('leave the index when they are sent, expire, or are resolved', async () => {
    const { vendor, waiting } = await rest();
    const [sent, resolved, expired] = waiting.map(({ message }) => message);
    if (sent === undefined || resolved === undefined || expired === undefined) throw new Error('none waits');
    harness.clock.at += FIRST_OPEN_MS;
    vendor.answer = yes;
    expect(await harness.run(sent, { rerun: true })).toMatchObject({ kind: 'accepted' });
    await harness.ledger.resolve(resolved.dedupHash, harness.clock.now());
    expect(await harness.run(resolved, { rerun: true })).toMatchObject({ kind: 'cancelled' });
    expect(await harness.run({ ...expired, expiresAt: harness.clock.at }, { rerun: true })).toMatchObject({ kind: 'expired' });
    const left = await harness.parked.first('a', false, 2 * HUNDRED, harness.clock.now());
    expect(left.toSorted()).toEqual(
      waiting
        .slice(3)
        .map(({ message }) => message.id)
        .toSorted(),
    );
  });
});
