import { expect, test } from 'vitest';
import { createPlaces } from '../../../src/pipeline/sending/places.ts';
import { type Accepted, refuse } from '../../../src/provider/contract/provider.ts';
import { testRedis } from '../../support/redis.ts';
import { createHarness, createSignpost, HOUR_MS } from '../dispatcher-harness.ts';

const { redis, prefix } = testRedis();
const yes: Accepted = { kind: 'accepted', providerMessageId: 'SM1' };
const caps = { weight: 'messages' as const, perRecipient: [{ max: 2, perMs: HOUR_MS }], perHour: undefined };

/** One ordinary place at each provider. `a` answers its first call when it is released. */
function createBusyHarness(options: Parameters<typeof createHarness>[2] = {}) {
  const harness = createHarness(redis, prefix, { places: createPlaces(1, 0), ...options });
  const [called, released] = [createSignpost(), createSignpost()];
  const a = harness.provider('a', [
    async () => {
      called.reach();
      await released.reached;
      return yes;
    },
    yes,
  ]);
  return { harness, a, called, released };
}

test('a message whose provider has no free place goes back to the queue: nothing is written, counted or sent', async () => {
  const { harness, a, called, released } = createBusyHarness();
  const b = harness.provider('b', [yes]);
  const hanging = harness.send({ severity: 'info', phoneHash: 'one' });
  await called.reached;
  const message = await harness.admit(harness.message({ severity: 'info', phoneHash: 'two' }));
  const written = await harness.trace(message);
  expect(await harness.run(message)).toEqual({ kind: 'requeued', until: new Date(harness.clock.at + 500) });
  expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'requeued' });
  expect(await harness.trace(message)).toEqual(written);
  expect([harness.heard('deferred'), harness.heard('messageEnded'), harness.heard('failedOver')]).toEqual([[], [], []]);
  // The order of providers holds.
  expect([a.requests.length, b.requests.length]).toEqual([1, 0]);

  released.reach();
  expect((await hanging).outcome).toMatchObject({ kind: 'accepted', provider: 'a' });
  expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'accepted', provider: 'a' });
  expect((await harness.trace(message)).attempts).toHaveLength(1);
});

test('a message of another provider is sent while the calls of the first hang', async () => {
  const { harness, called, released } = createBusyHarness();
  harness.provider('b', [yes]);
  const hanging = harness.send({ severity: 'info', providers: ['a'] });
  await called.reached;
  expect((await harness.send({ severity: 'info', providers: ['b'] })).outcome).toMatchObject({ kind: 'accepted', provider: 'b' });
  released.reach();
  await hanging;
});

test('a message without a place keeps its cap slot, expires at its deadline and takes no second slot', async () => {
  const { harness, called, released } = createBusyHarness({ caps });
  const hanging = harness.send({ severity: 'info' });
  await called.reached;
  const { message, outcome } = await harness.send({ severity: 'info', expiresAt: harness.clock.at + 100 });
  expect(outcome).toEqual({ kind: 'requeued', until: new Date(message.expiresAt) });
  expect(await harness.hasRoom()).toBe(false);
  await harness.run(message, { rerun: true });
  expect(await harness.hasRoom()).toBe(false);
  harness.clock.at = message.expiresAt;
  expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'expired' });
  expect(await harness.trace(message)).toMatchObject({ state: 'expired', attempts: [] });
  released.reach();
  await hanging;
});

test('a message that one provider has refused in this run and that finds no place at the next waits as after any refusal', async () => {
  const { harness, a, called, released } = createBusyHarness();
  const before = harness.provider('before', [refuse('content')]);
  const hanging = harness.send({ severity: 'info', providers: ['a'] });
  await called.reached;
  const { message, outcome } = await harness.send({ severity: 'info', providers: ['before', 'a'] });
  expect(outcome).toMatchObject({ kind: 'deferred', reason: 'throttled' });
  expect(await harness.trace(message)).toMatchObject({ state: 'deferred', attempts: [{ provider: 'before', result: 'refused' }] });
  released.reach();
  await hanging;
  expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'accepted', provider: 'a' });
  expect([a.requests.length, before.requests.length]).toEqual([2, 2]);
});

test('a place is free again after a call whose outcome is unknown, a refusal and a bug in the adapter', async () => {
  const harness = createHarness(redis, prefix, { places: createPlaces(1, 0) });
  const bug = () => {
    throw new Error('a bug');
  };
  harness.provider('a', [refuse('unknown_outcome', { code: 'TIMEOUT' }), refuse('content'), bug, yes]);
  const kinds: string[] = [];
  for (let n = 0; n < 4; n += 1) kinds.push((await harness.send({ severity: 'info', onUnknown: 'hold', phoneHash: `${n}` })).outcome.kind);
  expect(kinds).toEqual(['unknown', 'failed', 'unknown', 'accepted']);
});
