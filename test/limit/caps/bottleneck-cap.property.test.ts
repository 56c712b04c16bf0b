import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRateCap } from '../../../src/limit/caps/bottleneck-cap.ts';
import { limiterKeys } from '../../../src/limit/caps/bottleneck-lua.ts';
import type { CapRule } from '../../../src/limit/caps/rate-cap.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { testRedis } from '../../support/redis.ts';
import { createCapModel, mostInAnyWindow } from '../support/cap-model.ts';
import { settleSlot } from '../support/settle-slot.ts';

const { redis, prefix } = testRedis();
const LEASE_MS = 40;
const START = 1_700_000_000_000;

interface Limits {
  readonly short: number;
  readonly long: number;
  readonly hour: number;
  readonly reserve: number;
}

/** Two windows a phone and one over all, as the config has them, only shorter. A text heavier than a cap may pass alone. */
function rulesFor(limits: Limits, phone: number, critical: boolean, segments: number): CapRule[] {
  const reserve = critical ? 0 : limits.reserve;
  const rule = (key: string, reason: CapRule['reason'], max: number, windowMs: number, reserve = 0): CapRule => ({
    key,
    reason,
    max,
    windowMs,
    reserve,
    weight: Math.max(1, Math.min(segments, max - reserve)),
  });
  return [
    rule(`r:${phone}:100`, 'rate_cap_recipient', limits.short, 100),
    rule(`r:${phone}:350`, 'rate_cap_recipient', limits.long, 350),
    rule('hour', 'rate_cap_hour', limits.hour, 200, reserve),
  ];
}

const limits = fc.record({
  short: fc.integer({ min: 1, max: 3 }),
  long: fc.integer({ min: 1, max: 5 }),
  hour: fc.integer({ min: 0, max: 7 }),
  reserve: fc.integer({ min: 0, max: 3 }),
});
const move = fc.record({
  // Many small steps and some that end exactly where a window does.
  afterMs: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constantFrom(0, 1, 39, 40, 41, 99, 100, 101, 140, 141, 200, 241, 350, 351)),
  message: fc.integer({ min: 0, max: 11 }),
  kind: fc.oneof({ weight: 5, arbitrary: fc.constant('reserve') }, fc.constantFrom('settle', 'release')),
});

/** How heavy each message is, by its number. */
const allLight = fc.constant(Array.from({ length: 12 }, () => 1));
const mixed = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 12, maxLength: 12 });

test.each([
  ['texts', allLight],
  ['segments', mixed],
])(
  'No history ever puts too many %s into a window, refuses one that had room, or names a wrong moment',
  async (_what, weights) => {
    await fc.assert(
      fc.asyncProperty(limits, weights, fc.array(move, { minLength: 20, maxLength: 60 }), async (limits, weights, moves) => {
        const keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
        let now = START;
        const cap = createRateCap({ redis, keys, leaseMs: LEASE_MS, now: () => now });
        const model = createCapModel(LEASE_MS);
        const reservedAt = new Map<string, number>();
        const hits: { slot: string; rules: readonly CapRule[]; at: number; phone: number }[] = [];

        for (const { afterMs, message, kind } of moves) {
          now += afterMs;
          const slot = `m${message}`;
          const phone = message % 2;
          const critical = message % 3 === 0;
          const rules = rulesFor(limits, phone, critical, weights[message] as number);

          if (kind === 'reserve') {
            const heldNone = !model.holdsAny(slot, rules, now);
            const passing = model.firstPassing(slot, rules, now);
            const expected = model.reserve(slot, rules, now);
            const actual = await cap.reserve(slot, rules);
            if (expected.held) {
              expect(actual).toEqual({ kind: 'held', fresh: expected.fresh });
              reservedAt.set(slot, now);
              // Without a settle it is at the end of the lease at the latest that the provider is reached.
              hits.push({ slot, rules, at: now, phone }, { slot, rules, at: now + LEASE_MS, phone });
              if (!critical && expected.fresh && limits.reserve > 0) {
                expect(model.live(rules[2] as CapRule, now)).toBeLessThanOrEqual(limits.hour - limits.reserve);
              }
              continue;
            }
            expect(actual.kind).toBe('full');
            if (actual.kind !== 'full') continue;
            expect(expected.full).toContain(actual.key);
            expect(actual.reason).toBe(actual.key === 'hour' ? 'rate_cap_hour' : 'rate_cap_recipient');
            const retryAt = actual.retryAt.getTime();
            if (!heldNone) expect(retryAt).toBeGreaterThan(now);
            else if (passing !== undefined) expect(retryAt).toBe(passing);
            // Only an hour cap that is all reserve never has room.
            else expect(retryAt).toBeGreaterThanOrEqual(now + 200);
          } else if (kind === 'settle') {
            // Settled is what went out: within the lease, by whoever runs a process that works.
            if (now - (reservedAt.get(slot) ?? Number.NEGATIVE_INFINITY) > LEASE_MS) continue;
            await settleSlot(redis, cap, slot, rules);
            model.settle(slot, rules, now);
            // It has reached the provider by now: none of its reservations lets it do so later.
            for (const hit of hits) if (hit.slot === slot) hit.at = Math.min(hit.at, now);
            reservedAt.delete(slot);
          } else if (reservedAt.has(slot)) {
            await cap.release(slot, rules);
            model.release(slot, rules);
            reservedAt.delete(slot);
            // Never sent: neither now nor earlier.
            for (let i = hits.length - 1; i >= 0; i -= 1) if (hits[i]?.slot === slot) hits.splice(i, 1);
          }
        }

        const most = (nth: number, windowMs: number, own = hits) =>
          mostInAnyWindow(
            own.map((hit) => ({ ...hit, weight: (hit.rules[nth] as CapRule).weight })),
            windowMs,
          );
        expect(most(2, 200)).toBeLessThanOrEqual(limits.hour);
        for (const phone of [0, 1]) {
          const own = hits.filter((hit) => hit.phone === phone);
          expect(most(0, 100, own)).toBeLessThanOrEqual(limits.short);
          expect(most(1, 350, own)).toBeLessThanOrEqual(limits.long);
          for (const rule of rulesFor(limits, phone, true, 1)) await expectSound(keys.limiter(rule.key));
        }
      }),
      { numRuns: 60 },
    );
  },
  90_000,
);

/** bottleneck's books agree with each other, and no key stays for ever. */
async function expectSound(id: string): Promise<void> {
  const all = limiterKeys(id);
  const [settings, weights, slots] = all as [string, string, string];
  const held = await redis.hgetall(weights);
  expect(Object.keys(held).sort()).toEqual((await redis.zrange(slots, '0', '-1')).sort());
  expect(Number((await redis.hget(settings, 'running')) ?? 0)).toBe(Object.values(held).reduce((sum, weight) => sum + Number(weight), 0));
  for (const key of all) expect(await redis.pttl(key), key).not.toBe(-1);
}
