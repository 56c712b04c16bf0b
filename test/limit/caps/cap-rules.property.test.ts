import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { E164 } from '../../../src/alert/phone/phone.ts';
import { createRateCap } from '../../../src/limit/caps/bottleneck-cap.ts';
import { capRulesFor } from '../../../src/limit/caps/cap-rules.ts';
import type { CapRule, Caps, RouteCaps } from '../../../src/limit/caps/rate-cap.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { testRedis } from '../../support/redis.ts';
import { createCapModel, mostInAnyWindow } from '../support/cap-model.ts';
import { settleSlot } from '../support/settle-slot.ts';

const { redis, prefix } = testRedis();
const LEASE_MS = 40;
const START = 1_700_000_000_000;
const PHONES = ['+60123456789', '+60123456780', '+12025550123'] as E164[];

const windows = (most: number) =>
  fc.array(fc.record({ max: fc.integer({ min: 1, max: 6 }), perMs: fc.integer({ min: 30, max: 400 }) }), { maxLength: most });
const routeCaps: fc.Arbitrary<RouteCaps> = fc.record({ perRecipient: windows(2), perRoute: windows(2) });
const limits = fc.record({
  caps: fc.record<Caps>({
    weight: fc.constantFrom('messages', 'segments'),
    perRecipient: windows(3),
    perSource: windows(2),
    perCountry: fc.record({ '60': windows(2), '1': windows(2) }).map((record) => new Map(Object.entries(record))),
    perHour: fc.option(fc.record({ max: fc.integer({ min: 3, max: 20 }), criticalReserve: fc.integer({ min: 0, max: 2 }) }), {
      nil: undefined,
    }),
  }),
  routes: fc.record({ a: fc.option(routeCaps, { nil: undefined }), b: fc.option(routeCaps, { nil: undefined }) }),
});
const text = fc.record({
  phone: fc.nat(PHONES.length - 1),
  route: fc.constantFrom('a', 'b'),
  sourceHash: fc.constantFrom('s', 't', undefined),
  severity: fc.constantFrom('info', 'critical'),
  segments: fc.integer({ min: 1, max: 3 }),
});
const move = fc.record({
  afterMs: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 0, max: 25 }) }, fc.integer({ min: 0, max: 450 })),
  text: fc.nat(9),
  kind: fc.oneof({ weight: 5, arbitrary: fc.constant('reserve') }, fc.constantFrom('settle', 'release')),
});

interface Hit {
  readonly slot: string;
  readonly weight: number;
  at: number;
}

test('With any caps of phones, sources, countries and routes, all hold in every window position, and none holds back a message that fits', async () => {
  await fc.assert(
    fc.asyncProperty(
      limits,
      fc.array(text, { minLength: 10, maxLength: 10 }),
      fc.array(move, { minLength: 15, maxLength: 40 }),
      async ({ caps, routes }, texts, moves) => {
        const keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
        let now = START;
        const cap = createRateCap({ redis, keys, leaseMs: LEASE_MS, now: () => now });
        const model = createCapModel(LEASE_MS);
        const reservedAt = new Map<string, number>();
        const hits = new Map<string, { rule: CapRule; texts: Hit[] }>();
        const drop = (slot: string) => {
          for (const counter of hits.values()) counter.texts = counter.texts.filter((hit) => hit.slot !== slot);
        };

        for (const { afterMs, text, kind } of moves) {
          now += afterMs;
          const slot = `m${text}`;
          const { phone, ...rest } = texts[text] as (typeof texts)[number];
          const rules = capRulesFor(
            { caps, routeCaps: routes[rest.route] },
            { ...rest, to: PHONES[phone] as E164, phoneHash: `p${phone}` },
          );

          if (kind === 'reserve') {
            const heldNone = !model.holdsAny(slot, rules, now);
            const passing = model.firstPassing(slot, rules, now);
            const expected = model.reserve(slot, rules, now);
            const actual = await cap.reserve(slot, rules);
            if (expected.held) {
              expect(actual).toEqual({ kind: 'held', fresh: expected.fresh });
              reservedAt.set(slot, now);
              for (const rule of rules) {
                const counter = hits.get(rule.key) ?? { rule, texts: [] };
                hits.set(rule.key, counter);
                // Without a settle it is at the end of the lease at the latest that the provider is reached.
                counter.texts.push({ slot, weight: rule.weight, at: now }, { slot, weight: rule.weight, at: now + LEASE_MS });
              }
              continue;
            }
            expect(actual.kind).toBe('full');
            if (actual.kind !== 'full') continue;
            expect(expected.full).toContain(actual.key);
            expect(actual.reason).toBe(rules.find(({ key }) => key === actual.key)?.reason);
            if (heldNone) expect(actual.retryAt.getTime()).toBe(passing);
            else expect(actual.retryAt.getTime()).toBeGreaterThan(now);
          } else if (kind === 'settle') {
            if (now - (reservedAt.get(slot) ?? Number.NEGATIVE_INFINITY) > LEASE_MS) continue;
            await settleSlot(redis, cap, slot, rules);
            model.settle(slot, rules, now);
            for (const counter of hits.values()) {
              const sent = counter.texts.findLast((hit) => hit.slot === slot);
              if (sent !== undefined) sent.at = now;
            }
            reservedAt.delete(slot);
          } else if (reservedAt.delete(slot)) {
            await cap.release(slot, rules);
            model.release(slot, rules);
            drop(slot);
          }
        }

        for (const { rule, texts } of hits.values()) expect(mostInAnyWindow(texts, rule.windowMs), rule.key).toBeLessThanOrEqual(rule.max);
      },
    ),
    { numRuns: 25 },
  );
}, 240_000);
