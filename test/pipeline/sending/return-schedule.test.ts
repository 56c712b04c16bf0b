import fc from 'fast-check';
import { expect, it } from 'vitest';
import { restingOf } from '../../../src/pipeline/sending/judge.ts';
import { createReturnSchedule, RETURNS_PER_SECOND } from '../../../src/pipeline/sending/places.ts';
import { ProviderError, type ProviderReason } from '../../../src/provider/contract/provider.ts';

it('however many messages wait for one provider, no second brings more of them back than its turns, and none before its time', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 60_000 }), fc.boolean()), { maxLength: 2_000 }), (waits) => {
      const schedule = createReturnSchedule();
      const seconds = new Map<string, number>();
      for (const [untilMs, urgent] of waits) {
        const at = schedule.turnAt('down', urgent, new Date(untilMs)).getTime();
        expect(at).toBeGreaterThanOrEqual(untilMs);
        const second = `${urgent} ${Math.floor(at / 1000)}`;
        seconds.set(second, (seconds.get(second) ?? 0) + 1);
      }
      expect(Math.max(0, ...seconds.values())).toBeLessThanOrEqual(RETURNS_PER_SECOND);
    }),
  );
});

it('a message alone comes back when it asks to, other providers and the criticals have turns of their own, and a cleared schedule starts over', () => {
  const schedule = createReturnSchedule();
  const at = new Date(10_000);
  for (let n = 0; n < 40_000; n += 1) schedule.turnAt('down', false, at);
  expect(schedule.turnAt('down', false, at)).toEqual(new Date(10_000 + (40_000 / RETURNS_PER_SECOND) * 1000));
  expect(schedule.turnAt('down', true, at)).toEqual(at);
  expect(schedule.turnAt('other', false, at)).toEqual(at);
  schedule.clear('down', false);
  expect(schedule.turnAt('down', false, at)).toEqual(at);
});

it.each<[string, readonly (readonly [string, ProviderReason, unasked?: boolean])[], string[]]>([
  ['its only provider rests', [['a', 'circuit_open', true]], ['a']],
  [
    'both of its providers rest',
    [
      ['a', 'circuit_open', true],
      ['b', 'throttled', true],
    ],
    ['a', 'b'],
  ],
  [
    'one rests and the other never takes it',
    [
      ['a', 'content'],
      ['b', 'circuit_open', true],
    ],
    ['b'],
  ],
  [
    'one rests and the other was asked',
    [
      ['a', 'circuit_open', true],
      ['b', 'unavailable'],
    ],
    [],
  ],
  ['a request was throttled', [['a', 'throttled']], []],
  ['a lease was too old to send', [['a', 'unavailable', true]], []],
])('a message is parked for those that rest alone: %s', (_name, refused, resting) => {
  const refusals = refused.map(([provider, reason, unasked = false]) => ({ provider, error: new ProviderError(reason, { unasked }) }));
  expect(restingOf(refusals)).toEqual(resting);
});
