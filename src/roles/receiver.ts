import { type E164, parsePhone } from '../alert/phone/phone.ts';
import type { Config } from '../config/config.ts';
import type { ReceiverDeps } from '../http/server/http-deps.ts';
import { createHistories } from '../ledger/history/redis-histories.ts';
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
import type { Cleanup } from './role-context.ts';

export interface ReceiverContext {
  readonly config: Config;
  readonly redis: Redis;
  readonly keys: Keys;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** Opens what the HTTP server of a receiver needs in addition to the operations routes. */
export async function openReceiver(
  { config, redis, keys, metrics, logger }: ReceiverContext,
  cleanups: Cleanup[],
): Promise<
  Pick<
    ReceiverDeps,
    | 'role'
    | 'config'
    | 'producer'
    | 'onAcknowledged'
    | 'webhookCounts'
    | 'histories'
    | 'lists'
    | 'now'
    | 'receipts'
    | 'inbound'
    | 'outbox'
    | 'console'
  >
> {
  const { prefix } = config.redis;
  const clock = clockOf(redis);
  const producer = createProducer({ redis: redis, prefix, directory: directoryOf(config, clock) });
  const receipts = createReceiptQueue(redis, prefix);
  const inbound = createInboundQueue(redis, prefix);
  cleanups.push(() => Promise.all([producer.close(), receipts.close(), inbound.close()]));
  const simulates = [...config.providers.values()].some(({ type }) => type === 'simulated');
  return {
    role: 'receiver',
    config,
    producer,
    onAcknowledged: () => metrics.acknowledged('http'),
    webhookCounts: { refused: metrics.webhookAlertsRefused, unknownSeverities: metrics.webhookUnknownSeverities },
    histories: createHistories(redis, keys),
    lists: createLists(redis, keys, () => clock.now()),
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
    outbox: simulates ? createRedisOutbox(redis, keys.outbox()) : undefined,
    console: config.http.console
      ? (await import('./console.ts')).openConsole({ config, redis, keys, metrics, logger }, cleanups)
      : undefined,
  };
}

/** Returns the full number only where a confirmation needs it; otherwise only its hash is stored. */
function wholeNumber({ replies, defaultCountry }: Config, from: string): { phone?: E164 } {
  const verdict = replies.confirm ? parsePhone(from, defaultCountry) : undefined;
  return verdict?.ok ? { phone: verdict.phone } : {};
}

/** Provider name → its type, and the reader of its callbacks where the type has any. */
async function openSources<Reader>(
  { providers, http: { publicUrl } }: Config,
  create: (config: ProviderConfig, deps: ReceiptReaderDeps) => Promise<Reader>,
): Promise<ReadonlyMap<string, { readonly type: string; readonly reader: Reader }>> {
  const deps = { publicUrl, providers };
  const sources = [...providers].map(async ([name, config]) => [name, { type: config.type, reader: await create(config, deps) }] as const);
  return new Map(await Promise.all(sources));
}
