import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createQuota, type Lease } from './quota.ts';
import { stranded } from './shards.ts';

const step = fc.record({
  kind: fc.constantFrom('lease', 'use', 'return', 'return twice', 'lose', 'wait'),
  amount: fc.integer({ min: 1, max: 30 }),
  pick: fc.nat(20),
});

test('uses in any window never exceed the cap, whatever the order of lease, loss, return and expiry', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 20 }),
      fc.array(step, { maxLength: 200 }),
      (cap, window, leaseTime, steps) => {
        const quota = createQuota({ cap, window, leaseTime });
        const leases: (Lease & { used: number })[] = [];
        const uses: { at: number; size: number }[] = [];
        let now = 0;
        for (const { kind, amount, pick } of steps) {
          const index = pick % Math.max(1, leases.length);
          const lease = leases[index];
          if (kind === 'wait') now += amount;
          else if (kind === 'lease') {
            const got = quota.lease(amount, now);
            if (got !== undefined) leases.push({ ...got, used: 0 });
          } else if (lease === undefined) continue;
          else if (kind === 'use' && now < lease.expiresAt) {
            const size = Math.min(amount, lease.size - lease.used);
            lease.used += size;
            uses.push({ at: now, size });
          } else if (kind === 'lose') leases.splice(index, 1);
          else if (kind !== 'use') {
            quota.giveBack(lease.id, lease.used, now);
            if (kind === 'return twice') quota.giveBack(lease.id, 0, now);
            leases.splice(index, 1);
          }
          expect(quota.held(now)).toBeLessThanOrEqual(cap);
          const recent = uses.filter(({ at }) => at > now - window).reduce((sum, { size }) => sum + size, 0);
          expect(recent).toBeLessThanOrEqual(cap);
        }
      },
    ),
    { numRuns: 500 },
  );
});

const base = { shards: 16, capPerMinute: 1_000_000, demand: 1.2, leaseSize: 1_000, leaseSeconds: 5, skew: 0, lost: 0, seed: 1 };

test('the same seed gives the same figures', () => {
  expect(stranded({ ...base, lost: 0.1 })).toBe(stranded({ ...base, lost: 0.1 }));
});

test('one lease as large as the cap in each shard strands more than small ones', () => {
  expect(stranded({ ...base, leaseSize: 100_000 })).toBeGreaterThan(stranded(base));
});
