import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Severity } from '../../../src/alert/severity.ts';
import { createPlaces, mayTake, slotsOf } from '../../../src/pipeline/sending/places.ts';

const NEVER_MS = 2 ** 30;

/** Fills places in this order of providers as far as the rule allows. */
function fill(concurrency: number, providers: readonly string[]): Map<string, number> {
  const held = new Map<string, number>();
  let total = 0;
  for (const provider of providers) {
    const own = held.get(provider) ?? 0;
    if (!mayTake({ concurrency, held: own, total })) continue;
    held.set(provider, own + 1);
    total += 1;
  }
  return held;
}

const many = (provider: string, count = 5_000) => Array.from({ length: count }, () => provider);

it.each([1, 2, 10, 50, 1000])('one provider alone gets the configured concurrency of %i', (concurrency) => {
  expect(fill(concurrency, many('a')).get('a')).toBe(concurrency);
  expect(concurrency).toBeLessThan(slotsOf(concurrency));
});

it('two providers whose calls hang leave worker slots for a third', () => {
  const held = fill(50, [...many('a'), ...many('b')]);
  expect(Object.fromEntries(held)).toEqual({ a: 50, b: 10 });
  expect(mayTake({ concurrency: 50, held: 0, total: 60 })).toBe(true);
  expect(mayTake({ concurrency: 50, held: 3, total: 62 })).toBe(false);
});

it('with any number of places taken by a provider, one without a place gets one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), (concurrency) => {
      const total = [...fill(concurrency, many('a', 3_000)).values()].reduce((sum, count) => sum + count, 0);
      expect(total).toBeGreaterThanOrEqual(concurrency);
      expect(total).toBeLessThan(slotsOf(concurrency));
      expect(mayTake({ concurrency, held: 0, total })).toBe(true);
    }),
  );
});

it('there are never more messages at providers than worker slots, in any order of requests', () => {
  const asks = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 400 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), asks, (concurrency, list) => {
      const held = new Map<string, number>();
      let total = 0;
      for (const provider of list) {
        if (!mayTake({ concurrency, held: held.get(provider) ?? 0, total })) continue;
        held.set(provider, (held.get(provider) ?? 0) + 1);
        total += 1;
      }
      expect(total).toBeLessThanOrEqual(slotsOf(concurrency));
    }),
  );
});

describe('a place that becomes free', () => {
  it('goes to the waiting message of the highest severity, and to the oldest among equals', async () => {
    const places = createPlaces(1, NEVER_MS);
    const first = places.open('info');
    expect(await first.moveTo('a')).toBe(true);
    const order: string[] = [];
    const enter = async (name: string, severity: Severity) => {
      const place = places.open(severity);
      expect(await place.moveTo('a')).toBe(true);
      order.push(name);
      place.leave();
    };
    const all = [enter('info 1', 'info'), enter('warning', 'warning'), enter('error', 'error'), enter('info 2', 'info')];
    first.leave();
    await Promise.all(all);
    expect(order).toEqual(['error', 'warning', 'info 1', 'info 2']);
  });

  it('is not taken twice or released twice', async () => {
    const places = createPlaces(1, 0);
    const [one, two] = [places.open('info'), places.open('info')];
    expect(await one.moveTo('a')).toBe(true);
    expect(await two.moveTo('a')).toBe(false);
    two.leave();
    expect(await two.moveTo('a')).toBe(false);
    one.leave();
    one.leave();
    expect(await two.moveTo('a')).toBe(true);
    expect(await one.moveTo('a')).toBe(false);
  });

  it('is the one that a message leaves on its way to the next provider', async () => {
    const places = createPlaces(1, 0);
    const [one, two] = [places.open('info'), places.open('info')];
    expect(await one.moveTo('a')).toBe(true);
    expect(await one.moveTo('b')).toBe(true);
    expect(await two.moveTo('a')).toBe(true);
    expect(await two.moveTo('b')).toBe(false);
  });
});

it('messages without a place come back in turns by provider and severity, as many a second as can wait at the same time', () => {
  const places = createPlaces(50);
  const now = new Date(0);
  const turns = Array.from({ length: 520 }, () => places.turnAt('a', 'info', now).getTime());
  expect(turns[0]).toBe(500);
  expect(turns.at(-1)).toBe(500 + Math.floor((519 * 1000) / 52));
  expect(places.turnAt('a', 'error', now).getTime()).toBe(500);
  expect(places.turnAt('b', 'info', now).getTime()).toBe(500);
});
