import { systemClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { ReceiverDeps } from '../http/http-deps.ts';
import type { ReceiptSource } from '../http/receipt-routes.ts';
import { createTraces } from '../ledger/redis-traces.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { directoryOf } from '../pipeline/directory.ts';
import { createReceiptReader } from '../provider/registry.ts';
import { createRedisOutbox } from '../provider/simulated/outbox.ts';
import { createProducer } from '../queue/producer.ts';
import { createReceiptQueue } from '../queue/receipt-queue.ts';
import type { Redis } from '../redis/connect.ts';
import type { Keys } from '../redis/keys.ts';
import type { Closer } from './ground.ts';

export interface ReceiverGround {
  readonly config: Config;
  readonly door: Redis;
  readonly keys: Keys;
  readonly metrics: Metrics;
}

/** What the HTTP server of a receiver needs beside what every one needs. */
export async function openReceiver(
  { config, door, keys, metrics }: ReceiverGround,
  closers: Closer[],
): Promise<Pick<ReceiverDeps, 'role' | 'config' | 'producer' | 'traces' | 'receipts' | 'outbox'>> {
  const { prefix } = config.redis;
  const producer = createProducer({ redis: door, prefix, directory: directoryOf(config) });
  const receipts = createReceiptQueue(door, prefix);
  closers.push(() => Promise.all([producer.close(), receipts.close()]));
  const simulates = [...config.providers.values()].some(({ type }) => type === 'simulated');
  return {
    role: 'receiver',
    config,
    producer,
    traces: createTraces(door, keys),
    receipts: {
      sources: await openReceiptSources(config),
      enqueue: (provider, entries) => receipts.addReported(provider, entries, systemClock.now()),
      count: metrics.receipt,
    },
    outbox: simulates ? createRedisOutbox(door, keys.outbox()) : undefined,
  };
}

/** Name of a provider → its type, and what reads its delivery receipts where it sends any. */
async function openReceiptSources({ providers, http: { publicUrl } }: Config): Promise<ReadonlyMap<string, ReceiptSource>> {
  const deps = { publicUrl, providers };
  const sources = [...providers].map(async ([name, config]) => {
    const reader = await createReceiptReader(config, deps);
    return [name, { type: config.type, reader }] as const;
  });
  return new Map(await Promise.all(sources));
}
