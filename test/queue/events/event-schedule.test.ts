import { describe, expect, it } from 'vitest';
import { nextTryAt } from '../../../src/queue/events/event-queue.ts';

const now = new Date('2026-11-20T03:00:00Z');
const refused = { gone: false };
const waitS = (tries: number, refusal = refused, random = 0) =>
  ((nextTryAt(tries, refusal, now, random)?.getTime() ?? Number.NaN) - now.getTime()) / 1000;

describe('an event that was refused', () => {
  it('is tried ten times over three days', () => {
    const hour = 3600;
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9].map((tries) => waitS(tries))).toEqual([
      5,
      300,
      1800,
      2 * hour,
      5 * hour,
      10 * hour,
      14 * hour,
      20 * hour,
      24 * hour,
    ]);
    expect(nextTryAt(10, refused, now, 0)).toBeUndefined();
  });

  it('comes back a little later than others that failed with it', () => {
    expect([0, 0.5, 1].map((random) => waitS(2, refused, random))).toEqual([300, 315, 330]);
  });

  it.each([
    ['later than we would', 1, 90, 90],
    ['sooner than we would', 3, 60, 60],
    ['at once, but not without a pause', 1, 0, 1],
  ])('comes back when the receiver says: %s', (_what, tries, afterS, expected) => {
    expect(waitS(tries, { gone: false, retryAt: new Date(now.getTime() + afterS * 1000) } as typeof refused)).toBe(expected);
  });

  it('does not come back where the receiver has unsubscribed, or after the last try, with any answer of the receiver', () => {
    expect(nextTryAt(1, { gone: true, retryAt: now }, now, 0)).toBeUndefined();
    expect(nextTryAt(10, { gone: false, retryAt: now }, now, 0)).toBeUndefined();
  });
});
