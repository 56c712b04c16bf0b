import { expect, test, vi } from 'vitest';
import { testRedis } from '../support/redis.ts';
import { createHarness } from './dispatcher-harness.ts';

const { redis, prefix } = testRedis();

test.each([
  [4_000, 1],
  [6_000, 2],
])('a process blocked for %i ms between its lease and the send makes %i attempt(s), and one request', async (stillMs, attempts) => {
  const harness = createHarness(redis, prefix);
  const provider = harness.provider('a', [{ kind: 'accepted', providerMessageId: 'SM1' }]);
  const now = performance.now.bind(performance);
  let behindMs = 0;
  using _now = vi.spyOn(performance, 'now').mockImplementation(() => now() + behindMs);
  const open = harness.ledger.openAttempt;
  vi.spyOn(harness.ledger, 'openAttempt').mockImplementationOnce(async (request) => {
    const opened = await open(request);
    behindMs = stillMs;
    return opened;
  });
  const { message, outcome } = await harness.send();
  expect(outcome).toMatchObject({ kind: 'accepted', provider: 'a' });
  expect(provider.requests).toHaveLength(1);
  expect(harness.heard('providerRequest')).toHaveLength(1);
  const made = (await harness.trace(message)).attempts;
  expect(made).toHaveLength(attempts);
  expect(made.at(-1)).toMatchObject({ result: 'accepted' });
  if (attempts > 1) expect(made[0]).toMatchObject({ result: 'refused', reason: 'unavailable', code: 'lease_too_old' });
});
