import { expect, test } from 'vitest';
import { createPlaces } from '../../../src/pipeline/sending/places.ts';
import { type Accepted, refuse } from '../../../src/provider/contract/provider.ts';
import { testRedis } from '../../support/redis.ts';
import { createDesk, createSignpost, HOUR_MS } from '../dispatch-desk.ts';

const { redis, prefix } = testRedis();
const yes: Accepted = { kind: 'accepted', providerMessageId: 'SM1' };
const caps = { weight: 'messages' as const, perRecipient: [{ max: 2, perMs: HOUR_MS }], perHour: undefined };

/** One ordinary place at each provider. `a` answers its first call when it is released. */
function createBusyDesk(options: Parameters<typeof createDesk>[2] = {}) {
  const desk = createDesk(redis, prefix, { places: createPlaces(1, 0), ...options });
  const [called, released] = [createSignpost(), createSignpost()];
  const a = desk.provider('a', [
    async () => {
      called.reach();
      await released.reached;
      return yes;
    },
    yes,
  ]);
  return { desk, a, called, released };
}

test('a message whose provider has no free place goes back to the queue: nothing is written, counted or sent', async () => {
  const { desk, a, called, released } = createBusyDesk();
  const b = desk.provider('b', [yes]);
  const hanging = desk.send({ severity: 'info', phoneHash: 'one' });
  await called.reached;
  const message = await desk.admit(desk.message({ severity: 'info', phoneHash: 'two' }));
  const written = await desk.trace(message);
  expect(await desk.run(message)).toEqual({ kind: 'requeued', until: new Date(desk.clock.at + 500) });
  expect(await desk.run(message, { rerun: true })).toMatchObject({ kind: 'requeued' });
  expect(await desk.trace(message)).toEqual(written);
  expect([desk.heard('deferred'), desk.heard('messageEnded'), desk.heard('failedOver')]).toEqual([[], [], []]);
  // The order of providers holds.
  expect([a.requests.length, b.requests.length]).toEqual([1, 0]);

  released.reach();
  expect((await hanging).outcome).toMatchObject({ kind: 'accepted', provider: 'a' });
  expect(await desk.run(message, { rerun: true })).toMatchObject({ kind: 'accepted', provider: 'a' });
  expect((await desk.trace(message)).attempts).toHaveLength(1);
});

test('a message of another provider is sent while the calls of the first hang', async () => {
  const { desk, called, released } = createBusyDesk();
  desk.provider('b', [yes]);
  const hanging = desk.send({ severity: 'info', providers: ['a'] });
  await called.reached;
  expect((await desk.send({ severity: 'info', providers: ['b'] })).outcome).toMatchObject({ kind: 'accepted', provider: 'b' });
  released.reach();
  await hanging;
});

test('a message without a place keeps its cap slot, expires at its deadline and takes no second slot', async () => {
  const { desk, called, released } = createBusyDesk({ caps });
  const hanging = desk.send({ severity: 'info' });
  await called.reached;
  const { message, outcome } = await desk.send({ severity: 'info', expiresAt: desk.clock.at + 100 });
  expect(outcome).toEqual({ kind: 'requeued', until: new Date(message.expiresAt) });
  expect(await desk.hasRoom()).toBe(false);
  await desk.run(message, { rerun: true });
  expect(await desk.hasRoom()).toBe(false);
  desk.clock.at = message.expiresAt;
  expect(await desk.run(message, { rerun: true })).toMatchObject({ kind: 'expired' });
  expect(await desk.trace(message)).toMatchObject({ state: 'expired', attempts: [] });
  released.reach();
  await hanging;
});

test('a message that one provider has refused in this run and that finds no place at the next waits as after any refusal', async () => {
  const { desk, a, called, released } = createBusyDesk();
  const before = desk.provider('before', [refuse('content')]);
  const hanging = desk.send({ severity: 'info', providers: ['a'] });
  await called.reached;
  const { message, outcome } = await desk.send({ severity: 'info', providers: ['before', 'a'] });
  expect(outcome).toMatchObject({ kind: 'deferred', reason: 'throttled' });
  expect(await desk.trace(message)).toMatchObject({ state: 'deferred', attempts: [{ provider: 'before', result: 'refused' }] });
  released.reach();
  await hanging;
  expect(await desk.run(message, { rerun: true })).toMatchObject({ kind: 'accepted', provider: 'a' });
  expect([a.requests.length, before.requests.length]).toEqual([2, 2]);
});

test('a place is free again after a call whose outcome is unknown, a refusal and a bug in the adapter', async () => {
  const desk = createDesk(redis, prefix, { places: createPlaces(1, 0) });
  const bug = () => {
    throw new Error('a bug');
  };
  desk.provider('a', [refuse('unknown_outcome', { code: 'TIMEOUT' }), refuse('content'), bug, yes]);
  const kinds: string[] = [];
  for (let n = 0; n < 4; n += 1) kinds.push((await desk.send({ severity: 'info', onUnknown: 'hold', phoneHash: `${n}` })).outcome.kind);
  expect(kinds).toEqual(['unknown', 'failed', 'unknown', 'accepted']);
});
