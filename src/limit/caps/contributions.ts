import type { Redis } from '../../redis/connect.ts';
import { defineScript, noReply } from '../../redis/define-script.ts';
import { CONTRIBUTION_BUCKET_MS, CONTRIBUTIONS_TTL_MS, type Keys } from '../../redis/keys.ts';

/** Who caused a message: what people look for when a cap is full. */
export interface Contributor {
  /** As people are shown it; `null` where the alert names none. */
  readonly source: string | null;
  readonly route: string;
  /** `null` for a bare number. */
  readonly contact: string | null;
}

export const CONTRIBUTION_RESULTS = ['accepted', 'held_back'] as const;

/** What happened to a message that counts towards the caps, or that a cap or a budget held back. */
export interface Contribution extends Contributor {
  readonly result: (typeof CONTRIBUTION_RESULTS)[number];
  /** What held it back; `none` where it was accepted. */
  readonly reason: string;
}

export interface CountedContribution extends Contribution {
  readonly count: number;
}

export interface Contributions {
  /** Counts in memory; reaches Redis within a second. Never throws. */
  add(contribution: Contribution): void;
  /** Writes what is still in memory. */
  close(): Promise<void>;
}

/** Distinct contributions kept in one bucket; further ones are counted together under {@link OTHER}. */
const MOST_FIELDS = 500;
const HOUR_MS = 3_600_000;
const FLUSH_MS = 1_000;
/** Stands for the sources and contacts beyond {@link MOST_FIELDS}. */
export const OTHER = '(other)';

/** `collapsed`: the field it counts under when the bucket is full. */
const addContributionsScript = defineScript(new URL('../lua/add-contributions.lua', import.meta.url), {
  keys: ['bucket'],
  args: { counts: [{ field: 'string', collapsed: 'string', count: 'number' }] },
  reply: noReply,
  constants: { CONTRIBUTIONS_TTL_MS, MOST_FIELDS },
});

export interface ContributionsDeps {
  readonly redis: Redis;
  readonly keys: Keys;
  /** ms. */
  readonly now: () => number;
  /** Receives a failed write; what it would have written is counted with the next one. */
  readonly onError: (error: unknown) => void;
}

/**
 * Counts who sends and who is held back, for people who ask who filled a cap. Decides nothing: a process that is killed
 * loses the last second, and a write that is repeated after a lost reply counts twice. In exchange a message costs no call.
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

/** Of all replicas, over the last hour or a little more, most first. Rejects when Redis does. */
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

/** The memory is bounded like the bucket: beyond it, an outage of Redis counts under {@link OTHER}. */
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

/** Results, reasons and routes are few. */
function collapsed(field: string): string {
  const contribution = contributionOf(field);
  return fieldOf({ ...contribution, source: OTHER, contact: OTHER });
}
