import { expect, test, vi } from 'vitest';
import { testRedis } from '../support/redis.ts';
import { createDesk } from './dispatch-desk.ts';

const { redis, prefix } = testRedis();

test.each([
  [4_000, 1],
  [6_000, 2],
])(
  'a process that stands still for %i ms between its lease and the send makes %i attempt(s), and one request',
  async (stillMs, attempts) => {
    const desk = createDesk(redis, prefix);
    const provider = desk.provider('a', [{ kind: 'accepted', providerMessageId: 'SM1' }]);
    const now = performance.now.bind(performance);
    let behindMs = 0;
    using _now = vi.spyOn(performance, 'now').mockImplementation(() => now() + behindMs);
    const open = desk.ledger.openAttempt;
    vi.spyOn(desk.ledger, 'openAttempt').mockImplementationOnce(async (request) => {
      const opened = await open(request);
      behindMs = stillMs;
      return opened;
    });
    const { message, outcome } = await desk.send();
    expect(outcome).toMatchObject({ kind: 'accepted', provider: 'a' });
    expect(provider.requests).toHaveLength(1);
    expect(desk.heard('providerRequest')).toHaveLength(1);
    const made = (await desk.trace(message)).attempts;
    expect(made).toHaveLength(attempts);
    expect(made.at(-1)).toMatchObject({ result: 'accepted' });
    if (attempts > 1) expect(made[0]).toMatchObject({ result: 'refused', reason: 'unavailable', code: 'lease_too_old' });
  },
);
