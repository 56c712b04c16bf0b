export const QUEUE_STATES = ['waiting', 'prioritized', 'active', 'delayed', 'waiting-children', 'failed'] as const;
export type QueueState = (typeof QUEUE_STATES)[number];

export interface QueueFigures {
  readonly queue: string;
  readonly counts: Readonly<Record<QueueState, number>>;
  /** Of the oldest job that waits for a worker; 0 when none does. */
  readonly oldestAgeSeconds: number;
  /** Of the oldest one in the lane of the criticals; 0 when none waits there. */
  readonly oldestCriticalSeconds: number;
  /** Somebody has paused it: its workers take nothing. */
  readonly paused: boolean;
}

/** How safe what we keep is with the Redis that keeps it; from its INFO. */
export interface RedisFigures {
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly usedMemoryBytes: number;
  /** 0: no limit. */
  readonly maxMemoryBytes: number;
  /** `noeviction` is the only one that loses nothing. */
  readonly maxMemoryPolicy: string;
  /** Keys that it threw away to make room, since it started: each may have been a text. */
  readonly evictedKeys: number;
  /** Every write goes to a file. */
  readonly appendOnly: boolean;
  /** Its last write to that file, and its last snapshot, worked. */
  readonly lastWriteOk: boolean;
}

/** @param info the answer to INFO */
export function readRedisFigures(info: string): RedisFigures {
  const fields = new Map(
    info
      .split(/\r?\n/)
      .filter((line) => line.includes(':'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)] as const),
  );
  const text = (name: string) => fields.get(name) ?? '';
  const number = (name: string) => Number(fields.get(name) ?? 0);
  return {
    version: text('redis_version'),
    uptimeSeconds: number('uptime_in_seconds'),
    usedMemoryBytes: number('used_memory'),
    maxMemoryBytes: number('maxmemory'),
    maxMemoryPolicy: text('maxmemory_policy'),
    evictedKeys: number('evicted_keys'),
    appendOnly: text('aof_enabled') === '1',
    lastWriteOk: text('aof_last_write_status') !== 'err' && text('rdb_last_bgsave_status') !== 'err',
  };
}

/** How much of a cap over all recipients is used up. */
export interface CapFigures {
  readonly cap: 'per_hour';
  /** What counts in the running window. */
  readonly used: number;
  readonly max: number;
  /** Of `max`, what only criticals may use. */
  readonly criticalReserve: number;
}
