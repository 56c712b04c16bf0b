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

/** A loss as it stands in the data set that followed. */
export interface DataLoss {
  readonly kind: DataLossKind;
  /** When it was noticed, ms, by the clock of Redis. */
  readonly at: number;
}

/** What a process knows of the data set that Redis last confirmed to it. */
export interface DataMark {
  readonly id: string;
  /** Confirmations that the data set had given by then, to all processes. */
  readonly count: number;
}

export interface DataSet {
  /**
   * Writes one confirmation and compares the data set with `mark`, the result of the last call; `undefined` on the first one.
   * `loss` is given once to each process. Rejects when Redis refuses, and then nothing is known.
   */
  confirm(mark: DataMark | undefined): Promise<{ readonly mark: DataMark; readonly loss: DataLossKind | undefined }>;
  /** The losses of the last day, newest first, and the time of Redis in ms. */
  losses(): Promise<{ readonly losses: readonly DataLoss[]; readonly now: number }>;
}

/** Confirmations whose writer is known: more than all processes together write while a failover takes place. */
const WRITERS_KEPT = 500;
/** Data sets that are remembered: one follows another only after a loss. */
const HISTORY_LENGTH = 20;
const LOSS_SHOWN_MS = 86_400_000;

/**
 * A counter decides, never a time. Each confirmation keeps the name of its writer, so that a process also notices a failover
 * after which others have counted on beyond its own last confirmation.
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

/** As one process sees the data set. */
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
