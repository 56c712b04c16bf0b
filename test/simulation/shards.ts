import { createRandom } from '../chaos/random.ts';
import { createQuota } from './quota.ts';

export interface ShardsOptions {
  readonly shards: number;
  /** Messages per minute, the cap and the demand alike: a demand of 1.2 asks for more than the cap. */
  readonly capPerMinute: number;
  readonly demand: number;
  readonly leaseSize: number;
  readonly leaseSeconds: number;
  /** 0 = all shards have the same load; 1 = the load of the n-th is 1/n of the first. */
  readonly unevenness: number;
  /** Share of returns that never arrive. */
  readonly lost: number;
  readonly seed: number;
}

const WINDOW_SECONDS = 60;
const SECONDS = 300;

/** Share of the messages that one exact counter would admit, and that leases do not, after the first window. */
export function stranded({ shards, capPerMinute, demand, leaseSize, leaseSeconds, unevenness, lost, seed }: ShardsOptions): number {
  const random = createRandom(seed);
  const quota = createQuota({ cap: capPerMinute, window: WINDOW_SECONDS, leaseTime: leaseSeconds, clockSkew: 0 });
  const weights = Array.from({ length: shards }, (_, index) => (index + 1) ** -unevenness);
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const states = weights.map((weight) => ({
    perSecond: (demand * capPerMinute * weight) / sum / 60,
    owed: 0,
    used: 0,
    id: -1,
    size: 0,
    endsAt: 0,
  }));
  let sent = 0;
  for (let now = 0; now < SECONDS; now++) {
    // Another shard begins each second, so that none is always first at a free slot.
    for (let turn = 0; turn < shards; turn++) {
      const shard = states[(turn + now) % shards] as (typeof states)[number];
      shard.owed += shard.perSecond;
      let wanted = Math.floor(shard.owed);
      shard.owed -= wanted;
      const finish = () => {
        if (shard.size > 0 && random.next() >= lost) quota.giveBack(shard.id, shard.used, now);
        shard.size = 0;
        shard.used = 0;
      };
      // A second before it expires, so that the return arrives in time.
      if (shard.size > 0 && shard.endsAt - 1 <= now) finish();
      while (wanted > 0) {
        if (shard.used === shard.size) {
          finish();
          const lease = quota.lease(leaseSize, now);
          if (lease === undefined) break;
          [shard.id, shard.size, shard.endsAt] = [lease.id, lease.size, lease.expiresAt];
        }
        const taken = Math.min(wanted, shard.size - shard.used);
        shard.used += taken;
        wanted -= taken;
        if (now >= WINDOW_SECONDS) sent += taken;
      }
    }
  }
  return Math.max(0, 1 - sent / ((Math.min(1, demand) * capPerMinute * (SECONDS - WINDOW_SECONDS)) / 60));
}
