import { beforeEach, expect, test } from 'vitest';
import { type Accepted, refuse } from '../../../src/provider/contract/provider.ts';
import { testRedis } from '../../support/redis.ts';
import { createHarness, type DispatcherHarness } from '../dispatcher-harness.ts';

const { redis, prefix } = testRedis();
const yes: Accepted = { kind: 'accepted', providerMessageId: 'SM1' };
const silence = refuse('unknown_outcome', { code: 'timeout' });

let harness: DispatcherHarness;
beforeEach(() => {
  harness = createHarness(redis, prefix);
});

test('an accepted message is reported once, with the provider’s answer, when the ledger has it', async () => {
  harness.provider('a', [refuse('balance')]);
  harness.provider('b', [yes]);
  const { message } = await harness.send();
  await harness.run(message, { rerun: true });
  expect(harness.handedOver).toEqual([{ id: message.id, provider: 'b', accepted: { ...yes, segments: 1 } }]);
});

test('a held message with unknown outcome is reported without an answer', async () => {
  harness.provider('a', [silence]);
  const { message } = await harness.send({ onUnknown: 'hold' });
  expect(harness.handedOver).toEqual([{ id: message.id, provider: 'a', accepted: undefined }]);
});

test('at its deadline it is reported too', async () => {
  harness.provider('a', [silence]);
  harness.provider('b', [refuse('balance')]);
  const { message } = await harness.send();
  expect(harness.handedOver).toEqual([]);
  harness.clock.at = message.expiresAt;
  await harness.run(message, { rerun: true });
  expect(harness.handedOver).toEqual([{ id: message.id, provider: 'a', accepted: undefined }]);
});

test.each([refuse('recipient'), refuse('throttled')])(
  'a message that surely was not sent is not reported: $error.reason',
  async (refusal) => {
    harness.provider('a', [refusal]);
    await harness.send();
    expect(harness.handedOver).toEqual([]);
  },
);
