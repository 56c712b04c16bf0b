export const QUEUE_STATES = ['waiting', 'prioritized', 'active', 'delayed', 'waiting-children', 'failed'] as const;
export type QueueState = (typeof QUEUE_STATES)[number];

export interface QueueFigures {
  readonly queue: string;
  readonly counts: Readonly<Record<QueueState, number>>;
  /** Age of the oldest job that waits for a worker; 0 when none waits. */
  readonly oldestAgeSeconds: number;
  /** Age of the oldest critical job; 0 when none waits. */
  readonly oldestCriticalSeconds: number;
  /** True while the queue is paused: its workers take nothing. */
  readonly paused: boolean;
}

/** State of Redis with regard to the safety of its data; from INFO. */
export interface RedisFigures {
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly usedMemoryBytes: number;
  /** 0: no limit. */
  readonly maxMemoryBytes: number;
  /** `noeviction` is the only policy without data loss. */
  readonly maxMemoryPolicy: string;
  /** Keys evicted since its start; each may have been a message. */
  readonly evictedKeys: number;
  /** True when every write goes to a file. */
  readonly appendOnly: boolean;
  /** True when the last write to that file and the last snapshot succeeded. */
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

/** Usage of a cap over all recipients. */
export interface CapFigures {
  readonly cap: 'per_hour';
  /** Messages in the current window. */
  readonly used: number;
  readonly max: number;
  /** Part of `max` that is reserved for criticals. */
  readonly criticalReserve: number;
}
