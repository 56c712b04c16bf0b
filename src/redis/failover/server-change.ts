import type { Redis } from '../connect.ts';
import { ioredis } from '../ioredis.ts';

/** Notices that another server than before takes the writes of a client. */
export interface ServerChange {
  /** Looks now; the server may have changed since the last look. */
  look(): void;
  /** When the last change was noticed, by `performance.now()`; `undefined`: never. */
  changedAt(): number | undefined;
  close(): void;
}

const LOOK_EVERY_MS = 100;

/**
 * @param key one that the client writes; in a Redis Cluster its slot decides which server that is
 * @param onChange called synchronously by the look that notices the change
 */
export function watchServer(redis: Redis, key: string, onChange: () => void): ServerChange {
  const slot = slotOf(key);
  let server: string | undefined;
  let changedAt: number | undefined;
  const look = (): void => {
    const current = serverOf(redis, slot);
    if (current === undefined || current === server) return;
    const isFirst = server === undefined;
    server = current;
    if (isFirst) return;
    changedAt = performance.now();
    onChange();
  };
  look();
  const repeating = setInterval(look, LOOK_EVERY_MS);
  repeating.unref();
  return {
    look,
    changedAt: () => changedAt,
    close: () => clearInterval(repeating),
  };
}

function serverOf(redis: Redis, slot: number): string | undefined {
  if (redis instanceof ioredis.Cluster) return redis.slots[slot]?.[0];
  const { stream } = redis;
  return stream?.remoteAddress === undefined ? undefined : `${stream.remoteAddress}:${stream.remotePort}`;
}

const SLOTS = 16_384;

/** The hash slot of a key: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags */
export function slotOf(key: string): number {
  const [, tag = key] = /^[^{]*\{([^}]+)\}/.exec(key) ?? [];
  let crc = 0;
  for (const byte of Buffer.from(tag)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x80_00 ? (crc << 1) ^ 0x10_21 : crc << 1) & 0xff_ff;
  }
  return crc % SLOTS;
}
