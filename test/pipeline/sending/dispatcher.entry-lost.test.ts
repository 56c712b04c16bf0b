import { beforeEach, expect, test } from 'vitest';
import { type Accepted, refuse } from '../../../src/provider/contract/provider.ts';
import { testRedis } from '../../support/redis.ts';
import type { Line } from '../../support/scripted-provider.ts';
import { createHarness, type DispatcherHarness } from '../dispatcher-harness.ts';

const { redis, prefix } = testRedis();
const yes: Accepted = { kind: 'accepted', providerMessageId: 'SM1' };

let harness: DispatcherHarness;
beforeEach(() => {
  harness = createHarness(redis, prefix);
});

/** Redis loses the entry while the provider has the call. */
const losing =
  (answer: Line): Line =>
  async (message, signal) => {
    await redis.del(harness.keys.message(message.id));
    return typeof answer === 'function' ? answer(message, signal) : answer;
  };

test.each([
  ['accepted', yes, { state: 'accepted', reason: 'none' }],
  ['refused for good', refuse('content'), { state: 'failed', reason: 'content' }],
] as const)(
  'a message whose ledger entry is lost while it is %s is counted and logged by the run that knows',
  async (_how, answer, end) => {
    harness.provider('a', [losing(answer)]);
    const { outcome, message } = await harness.send();
    expect(outcome.kind).toBe(end.state);
    expect(harness.heard('messageSettled')).toEqual([{ ...end, severity: 'critical' }]);
    expect(harness.heard('messageEnded')).toMatchObject([
      { messageId: message.id, state: end.state, detail: expect.stringContaining('lost in Redis') },
    ]);
    expect(harness.heard('accepted')).toHaveLength(end.state === 'accepted' ? 1 : 0);
  },
);

test('one that comes back later without its entry is no second send', async () => {
  const a = harness.provider('a', [losing(refuse('unavailable')), losing(refuse('unavailable')), losing(refuse('unavailable')), yes]);
  const { outcome, message } = await harness.send();
  expect(outcome.kind).toBe('malformed');
  expect(await harness.run(message, { rerun: true })).toMatchObject({ kind: 'malformed' });
  expect(a.requests.length).toBeLessThan(4);
});
