import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROVIDER_REASONS, type ProviderReason } from '../../../src/alert/reason.ts';
import {
  advance,
  afterEnding,
  type Bearing,
  bearingOf,
  type Circuit,
  closedCircuit,
  FIRST_OPEN_MS,
  judgeTurn,
  LONGEST_OPEN_MS,
  MIN_VOLUME,
  PROBES,
  SLOW_START_MS,
} from '../../../src/provider/breaker/breaker.ts';
import { refuse } from '../../../src/provider/contract/provider.ts';

const T0 = Date.UTC(2026, 10, 20);

/** A position that costs a hash, where none is needed. */
const unasked = (): number => expect.unreachable();

/** One bearing after another, `gapMs` apart; time alone changes it too, as it does for the process. */
function fed(circuit: Circuit, bearings: readonly Bearing[], startsAt = T0, gapMs = 100): Circuit {
  return bearings.reduce((now, bearing, i) => {
    const at = startsAt + i * gapMs;
    return afterEnding(advance(now, at), bearing, at);
  }, circuit);
}
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);
const halfOpen = (openings = 1): Circuit => ({ state: 'half_open', passed: 0, openings });

describe('what an answer says of the provider', () => {
  const BEARINGS: Readonly<Record<ProviderReason, Bearing>> = {
    recipient: 'works',
    opted_out: 'works',
    content: 'works',
    auth: 'shut',
    balance: 'shut',
    throttled: 'nothing',
    circuit_open: 'nothing',
    unavailable: 'fails',
    unknown_outcome: 'fails',
  };

  it.each(PROVIDER_REASONS)('%s', (reason) => expect(bearingOf(refuse(reason))).toBe(BEARINGS[reason]));

  it('a yes shows that it works', () => expect(bearingOf({ kind: 'accepted' })).toBe('works'));

  it.each(['auth', 'balance', 'unavailable', 'unknown_outcome'] as const)('%s of one number shows that it works for others', (reason) =>
    expect(bearingOf(refuse(reason, { onlyThisMessage: true }))).toBe('works'),
  );

  it('a throttle of one number shows nothing', () => expect(bearingOf(refuse('throttled', { onlyThisMessage: true }))).toBe('nothing'));

  it('an unlisted code does not close it by itself', () => expect(bearingOf(refuse('auth', { unlisted: true }))).toBe('fails'));
});

describe('a closed circuit', () => {
  it('lets all through', () => {
    expect(judgeTurn(closedCircuit, unasked, T0)).toEqual({ kind: 'go' });
  });

  it('opens at the tenth failure in a row, not at the ninth', () => {
    expect(fed(closedCircuit, times(MIN_VOLUME - 1, 'fails')).state).toBe('closed');
    expect(fed(closedCircuit, times(MIN_VOLUME, 'fails'))).toEqual({
      state: 'open',
      until: T0 + (MIN_VOLUME - 1) * 100 + FIRST_OPEN_MS,
      openings: 1,
    });
  });

  it('opens for the longest time at the first refusal of the account', () =>
    expect(fed(closedCircuit, ['shut'])).toEqual({ state: 'open', until: T0 + LONGEST_OPEN_MS, openings: 1 }));

  it('opens when half of the endings are failures, and stays closed below', () => {
    const third: Bearing[] = ['works', 'works', 'fails'];
    expect(fed(closedCircuit, times(30, third).flat()).state).toBe('closed');
    const half: Bearing[] = ['works', 'fails'];
    expect(fed(closedCircuit, times(5, half).flat()).state).toBe('open');
  });

  it('of a busy provider opens after twenty failures, however much went well before', () => {
    const busy = fed(closedCircuit, times(1000, 'works'), T0, 1);
    expect(fed(busy, times(19, 'fails'), T0 + 1000, 1).state).toBe('closed');
    expect(fed(busy, times(20, 'fails'), T0 + 1000, 1).state).toBe('open');
  });

  it('forgets failures of more than a minute ago', () => {
    const old = fed(closedCircuit, times(9, 'fails'));
    expect(fed(old, ['fails'], T0 + 59_000).state).toBe('open');
    expect(fed(old, ['fails'], T0 + 61_000).state).toBe('closed');
  });

  it('is opened by a failing call alone, whatever preceded it', () => {
    const any = fc.constantFrom<Bearing>('works', 'nothing', 'fails');
    fc.assert(
      fc.property(fc.array(any, { minLength: 8, maxLength: 14 }), fc.constantFrom<Bearing>('works', 'nothing'), (before, last) => {
        const circuit = fed(closedCircuit, before);
        if (circuit.state === 'closed') expect(afterEnding(circuit, last, T0 + 10_000).state).toBe('closed');
      }),
      { numRuns: 2_000 },
    );
  });

  it('is never opened by answers of a provider that works, nor by throttles', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom<Bearing>('works', 'nothing'), { maxLength: 200 }), (bearings) => {
        expect(fed(closedCircuit, bearings).state).toBe('closed');
      }),
    );
  });
});

describe('an open circuit', () => {
  it('lets none through until its time is over, then one at a time', () => {
    const open = fed(closedCircuit, ['shut']);
    const until = T0 + LONGEST_OPEN_MS;
    expect(judgeTurn(advance(open, until - 1), unasked, until - 1)).toEqual({ kind: 'wait', until });
    expect(judgeTurn(advance(open, until), () => 0, until)).toEqual({ kind: 'probe', elseAt: until });
  });

  it('ignores results of calls made before it opened', () => {
    const open = fed(closedCircuit, times(MIN_VOLUME, 'fails'));
    expect(afterEnding(open, 'fails', T0 + 2_000)).toBe(open);
    expect(afterEnding(open, 'works', T0 + 2_000)).toBe(open);
  });

  it('stays open longer each time that the probe fails, up to a minute', () => {
    const opened: number[] = [];
    let circuit = fed(closedCircuit, times(MIN_VOLUME, 'fails'), T0, 0);
    for (let at = T0; opened.length < 7; ) {
      if (circuit.state !== 'open') throw new Error(circuit.state);
      opened.push(circuit.until - at);
      at = circuit.until;
      circuit = afterEnding(advance(circuit, at), 'fails', at);
    }
    expect(opened).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
  });
});

describe('a half-open circuit', () => {
  it('goes over to the slow start when three probes in a row went well', () => {
    expect(fed(halfOpen(), times(PROBES - 1, 'works'))).toEqual({ state: 'half_open', passed: PROBES - 1, openings: 1 });
    expect(fed(halfOpen(), times(PROBES, 'works'))).toMatchObject({ state: 'slow_start', startedAt: T0 + 200 });
  });

  it('opens again at one failure, even after two that went well', () =>
    expect(fed(halfOpen(), ['works', 'works', 'fails'])).toMatchObject({ state: 'open', openings: 2 }));

  it('learns nothing from a throttled probe', () => expect(fed(halfOpen(), ['nothing'])).toEqual(halfOpen()));
});

describe('a slow start', () => {
  const slow: Circuit = { state: 'slow_start', startedAt: T0, endings: [], openings: 3 };
  const share = (at: number) =>
    times(1000, 0).filter((_, i) => judgeTurn(advance(slow, at), () => i / 1000, at).kind === 'go').length / 1000;

  it('begins with a tenth and rises steadily to all', () => {
    expect(share(T0)).toBeCloseTo(0.1, 2);
    expect(share(T0 + SLOW_START_MS / 2)).toBeCloseTo(0.55, 2);
    expect(share(T0 + SLOW_START_MS)).toBe(1);
  });

  it('assigns each message a time, and keeps it', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: SLOW_START_MS }), (position, elapsed) => {
        const turn = judgeTurn(slow, () => position, T0 + elapsed);
        if (turn.kind !== 'probe') return;
        expect(turn.elseAt).toBeGreaterThan(T0 + elapsed);
        expect(judgeTurn(advance(slow, turn.elseAt), () => position, turn.elseAt)).toEqual({ kind: 'go' });
      }),
    );
  });

  it('ends closed, with nothing held against the provider', () => {
    const closed = advance(slow, T0 + SLOW_START_MS);
    expect(closed.state).toBe('closed');
    expect(fed(closed, times(MIN_VOLUME, 'fails'), T0 + SLOW_START_MS)).toMatchObject({ state: 'open', openings: 1 });
  });

  it('opens for longer than before when the provider fails again', () => {
    const at = T0 + (MIN_VOLUME - 1) * 100;
    expect(fed(slow, times(MIN_VOLUME, 'fails'))).toEqual({ state: 'open', until: at + 40_000, openings: 4 });
  });
});

describe('any history', () => {
  const history = fc.array(
    fc.record({ bearing: fc.constantFrom<Bearing>('works', 'fails', 'shut', 'nothing'), gapMs: fc.integer({ min: 0, max: 30_000 }) }),
    { maxLength: 300 },
  );

  it('never opens for longer than a minute, and opens only by a failure', () => {
    fc.assert(
      fc.property(history, (steps) => {
        let circuit = closedCircuit;
        let now = T0;
        for (const { bearing, gapMs } of steps) {
          now += gapMs;
          const before = advance(circuit, now);
          circuit = afterEnding(before, bearing, now);
          if (circuit.state !== 'open' || before.state === 'open') continue;
          expect(['fails', 'shut']).toContain(bearing);
          expect(circuit.until - now).toBeGreaterThanOrEqual(FIRST_OPEN_MS);
          expect(circuit.until - now).toBeLessThanOrEqual(LONGEST_OPEN_MS);
        }
      }),
    );
  });

  it('is closed again after three good probes and the slow start', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const { circuit, now } = steps.reduce(
          ({ circuit, now }, { bearing, gapMs }) => ({
            circuit: afterEnding(advance(circuit, now + gapMs), bearing, now + gapMs),
            now: now + gapMs,
          }),
          { circuit: closedCircuit, now: T0 },
        );
        const later = now + LONGEST_OPEN_MS;
        expect(advance(fed(circuit, times(PROBES, 'works'), later), later + 200 + SLOW_START_MS).state).toBe('closed');
      }),
    );
  });
});
