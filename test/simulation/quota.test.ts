import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createQuota, type Lease } from './quota.ts';
import { stranded } from './shards.ts';

const step = fc.record({
  kind: fc.constantFrom('lease', 'lease', 'use', 'use', 'use', 'return', 'return twice', 'lose'),
  amount: fc.integer({ min: 1, max: 30 }),
  pick: fc.nat(20),
  wait: fc.integer({ min: 0, max: 4 }),
  /** How far the clock of the shard is behind, as a share of the most. */
  behind: fc.integer({ min: -4, max: 4 }),
});

test('uses in any window never exceed the cap, whatever the order of lease, loss, return and expiry, and whatever the clocks', () => {
  let uses = 0;
  let full = 0;
  fc.assert(
    fc.property(
      fc.integer({ min: 5, max: 60 }),
      fc.integer({ min: 10, max: 40 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 0, max: 4 }),
      fc.array(step, { minLength: 40, maxLength: 150, size: 'max' }),
      (cap, window, leaseTime, clockSkew, steps) => {
        const quota = createQuota({ cap, window, leaseTime, clockSkew });
        const leases: (Lease & { used: number; readonly behind: number })[] = [];
        const used: { at: number; size: number }[] = [];
        let now = 0;
        for (const { kind, amount, pick, wait, behind } of steps) {
          now += wait;
          const index = pick % Math.max(1, leases.length);
          const lease = leases[index];
          if (kind === 'lease') {
            const got = quota.lease(amount, now);
            if (got === undefined) full += 1;
            else leases.push({ ...got, used: 0, behind: (behind * clockSkew) / 4 });
          } else if (lease === undefined) continue;
          else if (kind === 'use' && now - lease.behind < lease.expiresAt) {
            const size = Math.min(amount, lease.size - lease.used);
            lease.used += size;
            used.push({ at: now, size });
            uses += 1;
          } else if (kind === 'lose') leases.splice(index, 1);
          else if (kind !== 'use') {
            quota.giveBack(lease.id, lease.used, now);
            if (kind === 'return twice') quota.giveBack(lease.id, 0, now);
            leases.splice(index, 1);
          }
          expect(quota.held(now)).toBeLessThanOrEqual(cap);
          const recent = used.filter(({ at }) => at > now - window).reduce((sum, { size }) => sum + size, 0);
          expect(recent).toBeLessThanOrEqual(cap);
        }
      },
    ),
    { numRuns: 500 },
  );
  // Without these the property would hold of a quota that leases nothing, or that is never used up.
  expect(uses).toBeGreaterThan(2_000);
  expect(full).toBeGreaterThan(500);
});

test('a lease that is not returned counts until its last use by the slowest clock has left the window', () => {
  const quota = createQuota({ cap: 10, window: 20, leaseTime: 5, clockSkew: 3 });
  quota.lease(10, 0);
  expect([5, 25, 27, 28].map((now) => quota.held(now))).toEqual([10, 10, 10, 0]);
});

const base = { shards: 16, capPerMinute: 1_000_000, demand: 1.2, leaseSize: 1_000, leaseSeconds: 5, unevenness: 0, lost: 0, seed: 1 };

test('the same seed gives the same figures', () => {
  expect(stranded({ ...base, lost: 0.1 })).toBe(stranded({ ...base, lost: 0.1 }));
});

test('one lease as large as the cap in each shard strands more than small ones', () => {
  expect(stranded({ ...base, leaseSize: 100_000 })).toBeGreaterThan(stranded(base));
});

test.each([4, 16, 64])('while nothing is lost, %i shards strand at most the lease that each of them holds', (shards) => {
  for (const leaseSize of [100, 1_000, 10_000])
    expect(stranded({ ...base, shards, leaseSize })).toBeLessThanOrEqual((shards * leaseSize) / base.capPerMinute);
});
