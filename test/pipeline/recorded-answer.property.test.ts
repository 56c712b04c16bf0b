import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Observer, shieldObserver } from '../../src/pipeline/observer.ts';
import { withBreaker } from '../../src/provider/breaker/with-breaker.ts';
import { type Accepted, type Refused, refuse } from '../../src/provider/contract/provider.ts';
import { testRedis } from '../support/redis.ts';
import { createHarness } from './dispatcher-harness.ts';

const { redis, prefix } = testRedis();

const answers: readonly (Accepted | Refused)[] = [
  { kind: 'accepted', providerMessageId: 'SM1' },
  refuse('recipient', { code: '21211', status: 400 }),
  refuse('content', { code: '21605' }),
  refuse('auth', { code: '20003', status: 401 }),
  refuse('balance'),
  refuse('throttled', { status: 429 }),
  refuse('unknown_outcome', { code: 'TIMEOUT' }),
];
const failing: Observer = new Proxy({} as Observer, {
  get: () => () => {
    throw new Error('the observer failed');
  },
});

it('records the provider’s answer of every attempt, with any state of the circuit and any exception of observers', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom(...answers), fc.integer({ min: 0, max: 70_000 })), { minLength: 8, maxLength: 24 }),
      async (script) => {
        const harness = createHarness(redis, prefix, { observer: shieldObserver(failing, () => undefined) });
        let answer = answers[0] as Accepted | Refused;
        const scripted = harness.provider('a', [() => answer]);
        const target = harness.targets.get('a');
        if (target === undefined) throw new Error('no provider');
        const provider = withBreaker(scripted, {
          clock: harness.clock,
          timeoutMs: 15_000,
          onChange: () => {
            throw new Error('the observer failed');
          },
          onObserverError: () => undefined,
        });
        harness.targets.set('a', { ...target, provider });

        for (const [next, pauseMs] of script) {
          answer = next;
          harness.clock.at += pauseMs;
          const asked = scripted.requests.length;
          const { message } = await harness.send({ onUnknown: 'hold' });
          const { attempts, state } = await harness.trace(message);
          if (scripted.requests.length === asked) continue;
          const expected =
            next.kind === 'accepted'
              ? { result: 'accepted' }
              : { result: next.error.reason === 'unknown_outcome' ? 'unknown' : 'refused', reason: next.error.reason };
          expect(attempts).toHaveLength(1);
          expect(attempts[0]).toMatchObject(expected);
          if (next.kind === 'accepted') expect(state).toBe('accepted');
        }
        expect(harness.bugs).toEqual([]);
      },
    ),
    { numRuns: 40 },
  );
});
