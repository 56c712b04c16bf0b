import { describe, expect, it } from 'vitest';
import { judgePause, LONGEST_PAUSE_MS, nextPause, type Pause, SHORTEST_PAUSE_MS } from '../../../src/provider/breaker/with-breaker.ts';
import { ProviderError, type ProviderErrorFacts } from '../../../src/provider/contract/provider.ts';

const T0 = Date.UTC(2026, 10, 20);
const throttled = (facts: ProviderErrorFacts = {}) => new ProviderError('throttled', facts);
const inMs = (ms: number) => new Date(T0 + ms);

describe('how long a throttled provider is left alone', () => {
  it.each([
    ['as long as it says', 30_000, 30_000],
    ['no less than a second', 0, SHORTEST_PAUSE_MS],
    ['no longer than five minutes, whatever it says', 13 * 3_600_000, LONGEST_PAUSE_MS],
  ])('%s', (_words, askedMs, pauseMs) =>
    expect(nextPause(undefined, throttled({ retryAt: inMs(askedMs) }), T0)).toEqual({ until: T0 + pauseMs, repeats: 0 }),
  );

  it('when it does not say: a second, doubled each time that it asks again, up to a minute', () => {
    const pauses: number[] = [];
    let pause: Pause | undefined;
    for (let now = T0; pauses.length < 8; now = pause?.until ?? now) {
      pause = nextPause(pause, throttled(), now);
      pauses.push((pause?.until ?? now) - now);
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });
});

it('a throttle of one number leaves the others alone', () => {
  expect(nextPause(undefined, throttled({ retryAt: inMs(30_000), onlyThisMessage: true }), T0)).toBeUndefined();
});

it.each([undefined, new ProviderError('content'), new ProviderError('unavailable'), new ProviderError('auth')])(
  '%s is no throttle',
  (error) => {
    expect(nextPause(undefined, error, T0)).toBeUndefined();
  },
);

describe('a pause', () => {
  const pause: Pause = { until: T0 + 10_000, repeats: 2 };

  it('keeps all away until it is over, and then lets one at a time through', () => {
    expect(judgePause(undefined, T0)).toEqual({ kind: 'go' });
    expect(judgePause(pause, T0 + 9_999)).toEqual({ kind: 'wait', until: T0 + 10_000 });
    expect(judgePause(pause, T0 + 10_000)).toEqual({ kind: 'probe', elseAt: T0 + 11_000 });
  });

  it('ends with the first text that is not throttled, but not with one sent before it', () => {
    expect(nextPause(pause, undefined, T0 + 10_000)).toBeUndefined();
    expect(nextPause(pause, undefined, T0 + 9_999)).toBe(pause);
  });

  it('is made no longer by those that were under way when it began, unless they name a later time', () => {
    expect(nextPause(pause, throttled(), T0 + 5_000)).toEqual(pause);
    expect(nextPause(pause, throttled({ retryAt: inMs(20_000) }), T0 + 5_000)).toEqual({ until: T0 + 20_000, repeats: 2 });
  });
});
