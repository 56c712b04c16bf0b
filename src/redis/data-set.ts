import { randomUUID } from 'node:crypto';
import { nowLua } from './clock/redis-clock.ts';
import type { Redis } from './connect.ts';
import { defineScript } from './define-script.ts';
import type { Keys } from './keys.ts';

/**
 * How Redis lost data that it had confirmed. `emptied`: everything below the prefix is gone, as after FLUSHALL or on a new
 * server. `rolled_back`: the same data set, but without its newest writes, as after a failover or a restore of an older dump.
 * `replaced`: another data set. `marker_lost`: only a marker is gone, so other single keys may be gone too, as by eviction.
 */
export const DATA_LOSS_KINDS = ['emptied', 'rolled_back', 'replaced', 'marker_lost'] as const;
export type DataLossKind = (typeof DATA_LOSS_KINDS)[number];

/** A data loss as recorded in the data set that followed. */
export interface DataLoss {
  readonly kind: DataLossKind;
  /** Time of detection, ms, by Redis' clock. */
  readonly at: number;
}

/** The data set as last confirmed to this process. */
export interface DataMark {
  readonly id: string;
  /** Number of confirmations of the data set by then, for all processes. */
  readonly count: number;
}

export interface DataSet {
  /**
   * Writes one confirmation and compares the data set with `mark`, the result of the last call; `undefined` on the first one.
   * `loss` is reported once per process. Rejects if Redis rejects; the state is then unknown.
   */
  confirm(mark: DataMark | undefined): Promise<{ readonly mark: DataMark; readonly loss: DataLossKind | undefined }>;
  /** Losses of the last day, newest first, and Redis' time in ms. */
  losses(): Promise<{ readonly losses: readonly DataLoss[]; readonly now: number }>;
}

/** Confirmations whose writer is stored: more than all processes write during a failover. */
const WRITERS_KEPT = 500;
/** Number of data sets in the history; a new one follows only after a loss. */
const HISTORY_LENGTH = 20;
const LOSS_SHOWN_MS = 86_400_000;

/**
 * Compares counters, not times. Each confirmation stores its writer, so that a process also detects a failover
 * after which others have counted beyond its own last confirmation.
 * `knownId`, `knownCount`: what the process remembers.
 */
const confirmScript = defineScript(new URL('confirm-data-set.lua', import.meta.url), {
  keys: ['dataSet', 'history'],
  args: { process: 'string', newId: 'string', knownId: 'string?', knownCount: 'number' },
  reply: {
    none: { id: 'string', count: 'number' },
    emptied: { id: 'string', count: 'number' },
    rolled_back: { id: 'string', count: 'number' },
    replaced: { id: 'string', count: 'number' },
    marker_lost: { id: 'string', count: 'number' },
  },
  constants: { WRITERS_KEPT, HISTORY_LENGTH },
  includes: [nowLua],
});

/** The data set as seen by one process. */
export function openDataSet(redis: Redis, keys: Keys): DataSet {
  const self = randomUUID();
  return {
    async confirm(mark) {
      const { kind, id, count } = await confirmScript(redis, {
        keys: { dataSet: keys.dataSet(), history: keys.dataSetHistory() },
        args: { process: self, newId: randomUUID(), knownId: mark?.id, knownCount: mark?.count ?? 0 },
      });
      return { mark: { id, count }, loss: kind === 'none' ? undefined : kind };
    },
    async losses() {
      const [[seconds], entries] = await Promise.all([redis.time(), redis.lrange(keys.dataSetHistory(), 0, HISTORY_LENGTH - 1)]);
      const now = Number(seconds) * 1000;
      const losses = entries
        .map((entry) => JSON.parse(entry) as { readonly kind: DataLossKind | 'first'; readonly at: number })
        .flatMap(({ kind, at }) => (kind === 'first' || now - at >= LOSS_SHOWN_MS ? [] : [{ kind, at }]));
      return { losses, now };
    },
  };
}
