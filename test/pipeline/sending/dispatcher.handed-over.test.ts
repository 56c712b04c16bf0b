import { beforeEach, expect, test } from 'vitest';
import { type Accepted, refuse } from '../../../src/provider/contract/provider.ts';
import { testRedis } from '../../support/redis.ts';
import { createDesk, type Desk } from '../dispatch-desk.ts';

const { redis, prefix } = testRedis();
const yes: Accepted = { kind: 'accepted', providerMessageId: 'SM1' };
const silence = refuse('unknown_outcome', { code: 'timeout' });

let desk: Desk;
beforeEach(() => {
  desk = createDesk(redis, prefix);
});

test('an accepted text is told of once, with the provider’s answer, when the ledger has it', async () => {
  desk.provider('a', [refuse('balance')]);
  desk.provider('b', [yes]);
  const { message } = await desk.send();
  await desk.run(message, { rerun: true });
  expect(desk.handedOver).toEqual([{ id: message.id, provider: 'b', accepted: { ...yes, segments: 1 } }]);
});

test('a held text of which nobody knows is told of without one', async () => {
  desk.provider('a', [silence]);
  const { message } = await desk.send({ onUnknown: 'hold' });
  expect(desk.handedOver).toEqual([{ id: message.id, provider: 'a', accepted: undefined }]);
});

test('at its deadline it is told of as well', async () => {
  desk.provider('a', [silence]);
  desk.provider('b', [refuse('balance')]);
  const { message } = await desk.send();
  expect(desk.handedOver).toEqual([]);
  desk.clock.at = message.expiresAt;
  await desk.run(message, { rerun: true });
  expect(desk.handedOver).toEqual([{ id: message.id, provider: 'a', accepted: undefined }]);
});

test.each([refuse('recipient'), refuse('throttled')])('a text that surely was not sent is not told of: $error.reason', async (refusal) => {
  desk.provider('a', [refusal]);
  await desk.send();
  expect(desk.handedOver).toEqual([]);
});
