/** A part of a cap that one shard may use until it expires. */
export interface Lease {
  readonly id: number;
  readonly size: number;
  readonly expiresAt: number;
}

export interface QuotaOptions {
  readonly cap: number;
  /** The cap holds in any stretch of this length; the unit of time is the caller's. */
  readonly window: number;
  readonly leaseTime: number;
  /** Most by which the clock of a shard is behind that of the quota: so much later its last use may be. */
  readonly clockSkew: number;
}

/**
 * Leases parts of a cap to shards. A slot is held from its lease until one window after its last possible use: the return
 * that names it as used, or else the expiry of the lease. So all uses of any window hold different slots at its end.
 */
export function createQuota({ cap, window, leaseTime, clockSkew }: QuotaOptions) {
  const open = new Map<number, Lease>();
  let spent: { readonly size: number; readonly until: number }[] = [];
  let nextId = 0;

  let total = 0;
  let expiredAt = Number.NEGATIVE_INFINITY;

  const expire = (now: number) => {
    if (now === expiredAt) return;
    expiredAt = now;
    for (const { id, size, expiresAt } of open.values()) {
      if (expiresAt + clockSkew > now) continue;
      open.delete(id);
      spent.push({ size, until: expiresAt + clockSkew + window });
    }
    spent = spent.filter(({ size, until }) => {
      if (until <= now) total -= size;
      return until > now;
    });
  };
  const held = (now: number) => {
    expire(now);
    return total;
  };

  return {
    held,
    /** A lease of at most `wanted`; `undefined` when nothing is free. */
    lease(wanted: number, now: number): Lease | undefined {
      const size = Math.min(wanted, cap - held(now));
      if (size <= 0) return undefined;
      const lease = { id: nextId++, size, expiresAt: now + leaseTime };
      open.set(lease.id, lease);
      total += size;
      return lease;
    },
    /** Frees what was not used. A return of an expired or returned lease changes nothing. */
    giveBack(id: number, used: number, now: number): void {
      expire(now);
      const lease = open.get(id);
      if (lease === undefined) return;
      open.delete(id);
      const size = Math.min(used, lease.size);
      total -= lease.size - size;
      spent.push({ size, until: now + window });
    },
  };
}
