import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBudgets } from '../../../src/limit/budget/budget.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();
const PERIODS = ['hour', 'day', 'month'] as const;
const START = Date.parse('2026-11-30T22:30:00Z');

const budget = fc
  .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 }))
  .map(([soft, more]) => ({ soft, hard: soft + more }));
const text = fc.record({
  price: fc.integer({ min: 0, max: 12 }),
  critical: fc.boolean(),
  /** What becomes of it: its worker may die over it and settle nothing. */
  end: fc.constantFrom('settled', 'released', 'crashed'),
  /** Of the price, what the vendor bills in the end. */
  billed: fc.double({ min: 0, max: 1, noNaN: true }),
  afterMs: fc.constantFrom(0, 0, 0, 60_000, 1_800_000, 7_200_000),
});

/** A stretch of work of one process. */
const work = fc.array(text, { minLength: 2, maxLength: 8 });

test('After any reservations, settlements, releases and crashes of eight processes, no period holds more than its hard limit', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({ hour: budget, day: budget, month: budget }),
      fc.array(work, { minLength: 8, maxLength: 8 }),
      async (budgets, works) => {
        const keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
        const clock = { at: START };
        const { reserve, settle, release, read } = createBudgets({ redis, keys, budgets, now: () => clock.at });
        /** What was held, by the start of the period it was held in: our own books beside those in Redis. */
        const books = new Map<string, number>();
        const book = (at: number, micro: number) => {
          for (const label of labelsOf(at)) books.set(label, (books.get(label) ?? 0) + micro);
        };

        await Promise.all(
          works.map(async (texts) => {
            for (const { price, critical, end, billed, afterMs } of texts) {
              clock.at += afterMs;
              const token = randomUUID();
              const at = clock.at;
              const { kind } = await reserve(token, price, critical);
              for (const { spent, reserved, budget: limit } of await read()) {
                expect(spent + reserved).toBeLessThanOrEqual(limit?.hard ?? Number.POSITIVE_INFINITY);
              }
              if (kind === 'full') continue;
              const cost = Math.round(price * billed);
              if (end === 'settled') await settle(token, cost);
              if (end === 'released') await release(token);
              book(at, end === 'crashed' ? price : end === 'settled' ? cost : 0);
            }
          }),
        );

        for (const [label, held] of books) {
          const period = PERIODS.find((name) => label.startsWith(name)) as (typeof PERIODS)[number];
          expect(held, label).toBeLessThanOrEqual(budgets[period].hard);
        }
        // At rest both books agree.
        const labels = labelsOf(clock.at);
        const figures = await read();
        figures.forEach(({ spent, reserved }, index) => {
          expect(spent + reserved).toBe(books.get(labels[index] as string) ?? 0);
        });
        // Whatever is left up to hard is a critical's, and up to soft anybody's: to the last unit and not beyond.
        for (const [critical, limit] of [
          [false, 'soft'],
          [true, 'hard'],
        ] as const) {
          const room = Math.min(...(await read()).map((one) => budgets[one.period][limit] - one.spent - one.reserved));
          if (room < 0) continue;
          expect(await reserve(randomUUID(), room + 1, critical)).toMatchObject({ kind: 'full' });
          expect(await reserve(randomUUID(), room, critical)).toEqual({ kind: 'held' });
        }
      },
    ),
    { numRuns: 25 },
  );
}, 120_000);

function labelsOf(at: number): string[] {
  const iso = new Date(at).toISOString();
  return [`hour ${iso.slice(0, 13)}`, `day ${iso.slice(0, 10)}`, `month ${iso.slice(0, 7)}`];
}
