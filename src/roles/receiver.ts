import { type E164, parsePhone } from '../alert/phone.ts';
import type { Config } from '../config/config.ts';
import type { ReceiverDeps } from '../http/server/http-deps.ts';
import { createTraces } from '../ledger/history/redis-traces.ts';
import { createLists } from '../ledger/lists/lists.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { inboundOf } from '../pipeline/receipts/apply-inbound.ts';
import { directoryOf } from '../pipeline/routing/directory.ts';
import type { ReceiptReaderDeps } from '../provider/contract/receipt-reader.ts';
import { createInboundReader, createReceiptReader, type ProviderConfig } from '../provider/registry.ts';
import { createRedisOutbox } from '../provider/simulated/outbox.ts';
import { createInboundQueue, createReceiptQueue } from '../queue/callback-queues.ts';
import { createProducer } from '../queue/producer/producer.ts';
import { clockOf } from '../redis/clock/redis-clock.ts';
import type { Redis } from '../redis/connect.ts';
import type { Keys } from '../redis/keys.ts';
import type { Closer } from './ground.ts';

export interface ReceiverGround {
  readonly config: Config;
  readonly door: Redis;
  readonly keys: Keys;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** What the HTTP server of a receiver needs beside what every one needs. */
export async function openReceiver(
  { config, door, keys, metrics, logger }: ReceiverGround,
  closers: Closer[],
): Promise<
  Pick<
    ReceiverDeps,
    | 'role'
    | 'config'
    | 'producer'
    | 'onAcknowledged'
    | 'webhookCounts'
    | 'traces'
    | 'lists'
    | 'now'
    | 'receipts'
    | 'inbound'
    | 'outbox'
    | 'console'
  >
> {
  const { prefix } = config.redis;
  const clock = clockOf(door);
  const producer = createProducer({ redis: door, prefix, directory: directoryOf(config, clock) });
  const receipts = createReceiptQueue(door, prefix);
  const inbound = createInboundQueue(door, prefix);
  closers.push(() => Promise.all([producer.close(), receipts.close(), inbound.close()]));
  const simulates = [...config.providers.values()].some(({ type }) => type === 'simulated');
  return {
    role: 'receiver',
    config,
    producer,
    onAcknowledged: () => metrics.acknowledged('http'),
    webhookCounts: { refused: metrics.webhookAlertsRefused, unknownSeverities: metrics.webhookUnknownSeverities },
    traces: createTraces(door, keys),
    lists: createLists(door, keys, () => clock.now()),
    now: () => clock.now(),
    receipts: {
      sources: await openSources(config, createReceiptReader),
      enqueue: (provider, entries) => receipts.addReported(provider, entries, clock.now()),
      count: metrics.receipt,
    },
    inbound: {
      sources: await openSources(config, createInboundReader),
      enqueue: (provider, text) =>
        inbound.add({ ...inboundOf(provider, text, clock.now(), config.defaultCountry), ...wholeNumber(config, text.from) }),
      count: metrics.inbound,
    },
    outbox: simulates ? createRedisOutbox(door, keys.outbox()) : undefined,
    console: config.http.console ? (await import('./console.ts')).openConsole({ config, door, keys, metrics, logger }, closers) : undefined,
  };
}

/** A confirmation needs it; otherwise no more than its hash is kept. */
function wholeNumber({ replies, defaultCountry }: Config, from: string): { phone?: E164 } {
  const verdict = replies.confirm ? parsePhone(from, defaultCountry) : undefined;
  return verdict?.ok ? { phone: verdict.phone } : {};
}

/** Name of a provider → its type, and what reads its calls where it makes any of that kind. */
async function openSources<Reader>(
  { providers, http: { publicUrl } }: Config,
  create: (config: ProviderConfig, deps: ReceiptReaderDeps) => Promise<Reader>,
): Promise<ReadonlyMap<string, { readonly type: string; readonly reader: Reader }>> {
  const deps = { publicUrl, providers };
  const sources = [...providers].map(async ([name, config]) => [name, { type: config.type, reader: await create(config, deps) }] as const);
  return new Map(await Promise.all(sources));
}
