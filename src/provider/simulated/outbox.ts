import type { Redis } from '../../redis/connect.ts';
import { OUTBOX_LENGTH } from '../../redis/keys.ts';

/** A message that a simulated provider accepted. */
export interface OutboxEntry {
  /** ISO 8601. */
  readonly at: string;
  /** Name of the provider instance. */
  readonly provider: string;
  /** Our message id. */
  readonly messageId: string;
  /** Masked number. */
  readonly to: string;
  /** Complete text. */
  readonly text: string;
}

/** Messages of the simulated providers of all processes. */
export interface Outbox {
  append(entry: OutboxEntry): Promise<void>;
  /** Newest first. */
  latest(limit: number): Promise<OutboxEntry[]>;
}

/** Stores entries in a Redis stream at `key`, trimmed to about {@link OUTBOX_LENGTH} of the newest. */
export function createRedisOutbox(redis: Redis, key: string): Outbox {
  return {
    async append(entry) {
      await redis.xadd(key, 'MAXLEN', '~', OUTBOX_LENGTH, '*', ...Object.entries(entry).flat());
    },
    async latest(limit) {
      const rows = await redis.xrevrange(key, '+', '-', 'COUNT', limit);
      return rows.map(([, fields]) => toEntry(fields));
    },
  };
}

function toEntry(fields: readonly string[]): OutboxEntry {
  const read = (name: keyof OutboxEntry) => {
    const index = fields.findIndex((field, position) => position % 2 === 0 && field === name);
    return index === -1 ? '' : (fields[index + 1] as string);
  };
  return { at: read('at'), provider: read('provider'), messageId: read('messageId'), to: read('to'), text: read('text') };
}
