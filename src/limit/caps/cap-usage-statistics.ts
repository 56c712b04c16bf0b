import type { Redis } from '../../redis/connect.ts';
import { defineScript, noReply } from '../../redis/define-script.ts';
import { CONTRIBUTION_BUCKET_MS, CONTRIBUTIONS_TTL_MS, type Keys } from '../../redis/keys.ts';

/** Origin and recipient of a message, which show who filled a cap. */
export interface Contributor {
  /** Source as displayed; `null` where the alert has none. */
  readonly source: string | null;
  readonly route: string;
  /** Name of the contact; `null` for a bare number. */
  readonly contact: string | null;
}

export const CONTRIBUTION_RESULTS = ['accepted', 'held_back'] as const;

/** A message that counts towards the caps, or that a cap or a budget held back. */
export interface Contribution extends Contributor {
  readonly result: (typeof CONTRIBUTION_RESULTS)[number];
  /** What held it back; `none` if it was accepted. */
  readonly reason: string;
}

export interface CountedContribution extends Contribution {
  readonly count: number;
}

export interface Contributions {
  /** Counts in memory; written to Redis within a second. Never throws. */
  add(contribution: Contribution): void;
  /** Writes what is still in memory. */
  close(): Promise<void>;
}

/** Distinct contributions per bucket; further ones are counted together under {@link OTHER}. */
const MOST_FIELDS = 500;
const HOUR_MS = 3_600_000;
const FLUSH_MS = 1_000;
/** Stands for the sources and contacts beyond {@link MOST_FIELDS}. */
export const OTHER = '(other)';

/** `collapsed`: the field used when the bucket is full. */
const addContributionsScript = defineScript(new URL('../lua/add-contributions.lua', import.meta.url), {
  keys: ['bucket'],
  args: { counts: [{ field: 'string', collapsed: 'string', count: 'number' }] },
  reply: noReply,
  constants: { CONTRIBUTIONS_TTL_MS, MOST_FIELDS },
});

export interface ContributionsDeps {
  readonly redis: Redis;
  readonly keys: Keys;
  /** Current time in ms. */
  readonly now: () => number;
  /** Called with the error of a failed write; its counts are written with the next one. */
  readonly onError: (error: unknown) => void;
}

/**
 * Counts per source and contact what is sent and held back, to show who filled a cap. No decision depends on it: a
 * killed process loses the last second, and a write repeated after a lost reply counts twice. In exchange a message
 * needs no call.
 */
export function createContributions({ redis, keys, now, onError }: ContributionsDeps): Contributions {
  let pending = new Map<string, number>();

  const flush = async (): Promise<void> => {
    if (pending.size === 0) return;
    const taken = pending;
    pending = new Map();
    const counts = [...taken].map(([field, count]) => ({ field, collapsed: collapsed(field), count }));
    try {
      await addContributionsScript(redis, { keys: { bucket: keys.contributions(bucketOf(now())) }, args: { counts } });
    } catch (error) {
      for (const [field, count] of taken) increase(pending, field, count);
      onError(error);
    }
  };
  let flushing: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    flushing = flushing.then(flush);
  }, FLUSH_MS);
  timer.unref();

  return {
    add: (contribution) => increase(pending, fieldOf(contribution), 1),
    async close() {
      clearInterval(timer);
      await flushing;
      await flush();
    },
  };
}

/** Contributions of all replicas over the last hour or slightly more, largest first. Rejects when Redis fails. */
export async function readContributions(redis: Redis, keys: Keys, now: Date): Promise<CountedContribution[]> {
  const last = bucketOf(now.getTime());
  const buckets = Array.from({ length: HOUR_MS / CONTRIBUTION_BUCKET_MS + 1 }, (_, age) => last - age);
  const hashes = await Promise.all(buckets.map((bucket) => redis.hgetall(keys.contributions(bucket))));
  const counts = new Map<string, number>();
  for (const hash of hashes) {
    for (const [field, count] of Object.entries(hash)) counts.set(field, (counts.get(field) ?? 0) + Number(count));
  }
  return [...counts].map(([field, count]) => ({ ...contributionOf(field), count })).toSorted((a, b) => b.count - a.count);
}

/** Adds to a count in memory, bounded like the bucket: beyond that, counts during an outage of Redis go to {@link OTHER}. */
function increase(counts: Map<string, number>, field: string, count: number): void {
  const key = counts.has(field) || counts.size < MOST_FIELDS ? field : collapsed(field);
  counts.set(key, (counts.get(key) ?? 0) + count);
}

function bucketOf(ms: number): number {
  return Math.floor(ms / CONTRIBUTION_BUCKET_MS);
}

function fieldOf({ result, reason, source, route, contact }: Contribution): string {
  return JSON.stringify([result, reason, route, source, contact]);
}

function contributionOf(field: string): Contribution {
  const [result, reason, route, source, contact] = JSON.parse(field);
  return { result, reason, route, source, contact };
}

/** Field without source and contact. Results, reasons and routes have few values. */
function collapsed(field: string): string {
  const contribution = contributionOf(field);
  return fieldOf({ ...contribution, source: OTHER, contact: OTHER });
}
