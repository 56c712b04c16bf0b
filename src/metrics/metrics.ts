import { type Histogram, Registry } from 'prom-client';
import { systemClock } from '../clock.ts';
import { NOTICE_OUTCOMES } from '../ledger/notices.ts';
import type { RouteLane } from '../overview/lanes.ts';
import type { EndReports } from '../pipeline/end-report.ts';
import type { Observer, Webhook, WebhookRefusal } from '../pipeline/observer.ts';
import type { RedisClock } from '../redis/clock/redis-clock.ts';
import type { DataLossKind } from '../redis/data-set.ts';
import { CIRCUIT_STATES, type CircuitState, createClusterGauges, createRouteGauges } from './cluster-gauges.ts';
import { collectProcessMetrics, OPEN_METRICS_TYPE, openMetricsText, register, registerProviders } from './register.ts';
import type { RequeuedQueue, Sources } from './series.ts';

/** Result of an outgoing event for a webhook. */
export const WEBHOOK_RESULTS = ['accepted', 'failed', 'lost'] as const;
export type WebhookResult = (typeof WEBHOOK_RESULTS)[number];

/** The CLI command that the process runs. */
export type Role = 'start' | 'worker' | 'router' | 'dispatcher' | 'receiver';

export interface MetricsOptions {
  /** Names of the configured instances: the closed set of the label `provider`. */
  readonly providers: readonly string[];
  readonly version: string;
  readonly role: Role;
  /** Routes of a process that sends. */
  readonly routes?: readonly RouteLane[];
  /** Sources of the system-wide gauges; without them these stay empty. */
  readonly sources?: Sources;
  /** Maximum wait of a scrape for a source; default 1 s. */
  readonly sourceBoundMs?: number;
  /** The clock used for decisions; without it the skew gauge stays empty. */
  readonly clock?: Pick<RedisClock, 'now' | 'skewMs' | 'jumps'>;
  /** Default: a new one. Process metrics that it already has are kept. */
  readonly registry?: Registry;
  /** Counter of dropped log lines since the start. */
  readonly droppedLogLines?: () => number;
  /** Returns the active trace. Present only where tracing is on; then there is a second format with exemplars. */
  readonly exemplar?: () => Exemplar | undefined;
}

/** Labels of an exemplar, named as tracing backends expect. */
export interface Exemplar {
  readonly trace_id: string;
  readonly span_id: string;
}

export interface Metrics extends Omit<Observer, keyof EndReports> {
  circuit(provider: string, state: CircuitState): void;
  /** Adds providers of a new config as values of the label, with their series at 0. */
  learn(providers: readonly string[]): void;
  /** Records that the provider asked for a pause. */
  providerPaused(provider: string, until: Date): void;
  /** Sets the active providers, with closed circuits, and the routes that use them. */
  circuitsOf(providers: readonly string[], routes?: readonly RouteLane[]): void;
  /** Records the hash (12 hex digits) of the config that is now active. */
  configActivated(hash: string, at: Date): void;
  /** Records that a reloaded config was rejected. */
  configRejected(): void;
  /** Sets the channels of notices: values of the label, with series at 0 for new ones. */
  learnChannels(channels: readonly string[]): void;
  /** Sets the webhooks of outgoing events in the same way. */
  learnWebhooks(webhooks: readonly string[]): void;
  webhookEvents(webhook: string, result: WebhookResult, count: number): void;
  /** Counts jobs that were missing from a queue and were added again. */
  jobsRequeued(queue: RequeuedQueue, count: number): void;
  /** Counts a loss of data that Redis had confirmed to this process. */
  redisDataLost(kind: DataLossKind): void;
  webhookAlertsRefused(webhook: Webhook, reason: WebhookRefusal, count: number): void;
  webhookUnknownSeverities(webhook: Webhook, count: number): void;
  /** Content type of the answer to a scrape. */
  readonly contentType: string;
  /** Returns all metrics in the Prometheus text format, within the time limit whatever the sources do. */
  text(): Promise<string>;
  /** The same with exemplars in OpenMetrics; only where tracing is on. */
  readonly openMetrics?: Pick<Metrics, 'contentType' | 'text'>;
}

/** Label value for a provider that the config no longer has, as in a late receipt. */
const OTHER = 'other';

/** Maximum number of label values taken from producers and config files. */
const MOST_SOURCES = 50;
const MOST_ROUTES = 50;

/** Returns the first values unchanged; further ones become {@link OTHER}. */
function boundedLabel(most: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.size < most) known.add(value);
    return known.has(value) ? value : OTHER;
  };
}

export function createMetrics(options: MetricsOptions): Metrics {
  const registry = options.registry ?? new Registry();
  const known = new Set(options.providers);
  const label = (provider: string) => (known.has(provider) ? provider : OTHER);
  const { exemplar, clock } = options;
  const m = register(registry, options.providers, exemplar !== undefined);
  collectProcessMetrics(registry);

  const routeGauges = createRouteGauges(m);
  const circuitsOf: Metrics['circuitsOf'] = (providers, routes = []) => {
    routeGauges.routesOf(routes);
    m.circuit.reset();
    for (const provider of providers) m.circuit.set({ provider }, 0);
  };
  circuitsOf(options.providers, options.routes);
  m.workerInfo.set({ version: options.version, role: options.role }, 1);
  const cluster = options.sources && createClusterGauges(m, options.sources, options.sourceBoundMs ?? 1000);
  const sourceLabel = boundedLabel(MOST_SOURCES);
  const routeLabel = boundedLabel(MOST_ROUTES);
  const knownChannels = new Set<string>();
  const knownWebhooks = new Set<string>();
  let lastAccepted = 0;
  let countedLogLines = 0;
  let countedJumps = 0;

  const observeTraced = <L extends string>(histogram: Histogram<L>, labels: Record<L, string>, seconds: number | undefined): void => {
    if (exemplar === undefined) observe(histogram, labels, seconds);
    // prom-client's types take the labels of an exemplar for those of the metric.
    else if (isMeasured(seconds)) histogram.observe({ labels, value: Math.max(0, seconds), exemplarLabels: { ...exemplar() } as object });
  };
  const refresh = async (): Promise<void> => {
    await cluster?.refresh();
    m.lastAccepted.set(lastAccepted);
    const dropped = options.droppedLogLines?.() ?? 0;
    m.logLinesDropped.inc(dropped - countedLogLines);
    countedLogLines = dropped;
    routeGauges.refresh((clock ?? systemClock).now().getTime());
    const skewMs = clock?.skewMs();
    if (skewMs !== undefined) m.clockSkew.set(skewMs / 1000);
    const jumps = clock?.jumps() ?? 0;
    m.clockJumps.inc(jumps - countedJumps);
    countedJumps = jumps;
  };

  return {
    alertReceived: ({ severity, purpose }) => m.alerts.inc({ severity, purpose }),
    alertSettled: ({ outcome, reason }) => m.alertOutcomes.inc({ outcome, reason }),
    messagesCreated: (severity, count) => m.messages.inc({ severity }, countable(count)),
    messageSettled: ({ state, reason, severity }) => m.messageOutcomes.inc({ state, reason, severity }),
    deferred: (reason) => m.deferred.inc({ reason }),
    providerRequest: (request) => {
      const provider = label(request.provider);
      m.providerRequests.inc({ provider, result: request.result, reason: request.reason });
      observeTraced(m.providerDuration, { provider }, request.seconds);
    },
    alertIdReused: () => m.alertIdsReused.inc(),
    unlistedCode: (provider) => m.unlistedCodes.inc({ provider: label(provider) }),
    retried: (provider, reason) => m.retries.inc({ provider: label(provider), reason }),
    failedOver: (from, to) => m.failovers.inc({ from: label(from), to: label(to) }),
    unknownResolved: (provider, resolution) => m.unknownOutcomes.inc({ provider: label(provider), resolution }),
    accepted: ({ provider, severity, segments, seconds, at, cost = 0 }) => {
      m.segments.inc({ provider: label(provider) }, countable(segments));
      m.cost.inc({ provider: label(provider) }, countable(cost));
      observeTraced(m.alertToAccepted, { severity }, seconds);
      lastAccepted = Math.max(lastAccepted, countable(at.getTime()) / 1000);
    },
    contributed: ({ source, route, result }) =>
      m.contributions.inc({ source: sourceLabel(source ?? 'none'), route: routeLabel(route), result }),
    acknowledged: (by) => m.acknowledgements.inc({ by }),
    receipt: (provider, state) => m.receipts.inc({ provider: label(provider), state }),
    inbound: (provider, kind) => m.inbound.inc({ provider: label(provider), kind }),
    delivered: (provider, seconds) => observe(m.acceptedToDelivered, { provider: label(provider) }, seconds),

    circuit: (provider, state) => {
      m.circuit.set({ provider: label(provider) }, CIRCUIT_STATES.indexOf(state === 'recovering' ? 'half_open' : state));
      routeGauges.circuit(provider, state);
    },
    providerPaused: (provider, until) => routeGauges.paused(provider, until),
    circuitsOf,
    learn: (providers) => {
      registerProviders(m, [...known], providers);
      for (const provider of providers) known.add(provider);
    },
    configActivated: (hash, at) => {
      m.configReloaded.set(1);
      m.configReloadedAt.set(at.getTime() / 1000);
      m.configHash.set(Number.parseInt(hash, 16));
    },
    configRejected: () => m.configReloaded.set(0),
    learnChannels: (channels) => {
      for (const channel of channels) {
        knownChannels.add(channel);
        for (const result of NOTICE_OUTCOMES) m.notices.inc({ channel, result }, 0);
      }
    },
    noticeEnded: ({ channel, result }) => m.notices.inc({ channel: knownChannels.has(channel) ? channel : OTHER, result }),
    learnWebhooks: (webhooks) => {
      for (const webhook of webhooks) {
        knownWebhooks.add(webhook);
        for (const result of WEBHOOK_RESULTS) m.webhookEvents.inc({ webhook, result }, 0);
      }
    },
    webhookEvents: (webhook, result, count) =>
      m.webhookEvents.inc({ webhook: knownWebhooks.has(webhook) ? webhook : OTHER, result }, countable(count)),
    jobsRequeued: (queue, count) => m.jobsRequeued.inc({ queue }, countable(count)),
    redisDataLost: (kind) => m.redisDataLoss.inc({ kind }),
    webhookAlertsRefused: (webhook, reason, count) => m.webhookAlertsRefused.inc({ webhook, reason }, countable(count)),
    webhookUnknownSeverities: (webhook, count) => m.webhookUnknownSeverities.inc({ webhook }, countable(count)),
    contentType: registry.contentType,
    text: async () => {
      await refresh();
      return registry.metrics();
    },
    ...(exemplar && {
      openMetrics: {
        contentType: OPEN_METRICS_TYPE,
        text: async () => {
          await refresh();
          return openMetricsText(registry);
        },
      },
    }),
  };
}

/** Observes a duration. A negative one, from clocks that differ, becomes 0; a missing one or NaN is left out. */
function observe<L extends string>(histogram: Histogram<L>, labels: Record<L, string>, seconds: number | undefined): void {
  if (isMeasured(seconds)) histogram.observe(labels, Math.max(0, seconds));
}

function isMeasured(seconds: number | undefined): seconds is number {
  return seconds !== undefined && Number.isFinite(seconds);
}

/** Returns a valid amount: one NaN would turn a counter into NaN permanently. */
function countable(amount: number): number {
  return Number.isFinite(amount) ? Math.max(0, amount) : 0;
}
