/**
 * All our metrics: they are registered, documented and graphed from this list. Names and labels are public;
 * changing one is a breaking change. Naming rules: https://prometheus.io/docs/practices/naming/
 */
export interface MetricSpec {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
  /** Upper bounds of a histogram, in seconds. */
  readonly buckets?: readonly number[];
}

/** 10 s and 60 s are common targets for pages; as bucket bounds they are read exactly instead of interpolated. */
const REQUEST_BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60];
const ALERT_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];
const DELIVERY_BUCKETS = [1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400];

export const CATALOGUE = {
  alerts: {
    name: 'sms_alerts_total',
    type: 'counter',
    labels: ['severity', 'purpose'],
    help: 'Alerts read from the queue; unknown for malformed jobs that lack it.',
  },
  alertOutcomes: {
    name: 'sms_alert_outcomes_total',
    type: 'counter',
    labels: ['outcome', 'reason'],
    help: 'Alerts by outcome: routed, suppressed or malformed.',
  },
  alertIdsReused: {
    name: 'sms_alert_id_conflicts_total',
    type: 'counter',
    labels: [],
    help: 'Alerts with the id of an earlier alert but other content; ignored, unless they resolve it.',
  },
  messages: {
    name: 'sms_messages_total',
    type: 'counter',
    labels: ['severity'],
    help: 'Messages created, one for each phone of a routed alert.',
  },
  messageOutcomes: {
    name: 'sms_message_outcomes_total',
    type: 'counter',
    labels: ['state', 'reason', 'severity'],
    help: 'Messages by their first outcome, each counted once.',
  },
  inFlight: {
    name: 'sms_messages_in_flight',
    type: 'gauge',
    labels: [],
    help: 'Messages without an outcome, deferred ones included; system-wide, so aggregate with max.',
  },
  deferred: {
    name: 'sms_deferred_total',
    type: 'counter',
    labels: ['reason'],
    help: 'Deferrals of messages; one message may be deferred several times.',
  },
  contributions: {
    name: 'sms_messages_by_source_total',
    type: 'counter',
    labels: ['source', 'route', 'result'],
    help: 'Messages accepted, and messages held back by a rate cap or a budget, by source and route; beyond the first 50 of each the value is other.',
  },
  providerRequests: {
    name: 'sms_provider_requests_total',
    type: 'counter',
    labels: ['provider', 'result', 'reason'],
    help: 'Requests to providers by result; unknown: the message may or may not have been sent.',
  },
  providerDuration: {
    name: 'sms_provider_request_duration_seconds',
    type: 'histogram',
    labels: ['provider'],
    help: 'Duration of a request to a provider, from connect to last byte.',
    buckets: REQUEST_BUCKETS,
  },
  unlistedCodes: {
    name: 'sms_provider_unlisted_codes_total',
    type: 'counter',
    labels: ['provider'],
    help: 'Refusals with a code that is not in our tables, handled in the safest way.',
  },
  circuit: {
    name: 'sms_provider_circuit_state',
    type: 'gauge',
    labels: ['provider'],
    help: 'Circuit breaker: 0 closed, 1 half-open, 2 open.',
  },
  routeProvidersUp: {
    name: 'sms_route_providers_up',
    type: 'gauge',
    labels: ['route'],
    help: 'Providers of the route that this dispatcher may use now (circuit not open, not paused), for the countries with the fewest. Aggregate with min by (route).',
  },
  routePrice: {
    name: 'sms_route_price',
    type: 'gauge',
    labels: ['route'],
    help: 'Lowest price of a message of one segment on the route, in units of money.currency; only with money.prices.',
  },
  retries: {
    name: 'sms_retries_total',
    type: 'counter',
    labels: ['provider', 'reason'],
    help: 'Retries, immediate or later, after a refusal that certainly sent nothing.',
  },
  failovers: {
    name: 'sms_failovers_total',
    type: 'counter',
    labels: ['from', 'to'],
    help: 'Messages passed from one provider to the next.',
  },
  unknownOutcomes: {
    name: 'sms_unknown_outcomes_total',
    type: 'counter',
    labels: ['provider', 'resolution'],
    help: 'Resolutions of requests with unknown outcome.',
  },
  segments: {
    name: 'sms_segments_total',
    type: 'counter',
    labels: ['provider'],
    help: 'Segments accepted by providers, which most of them bill by.',
  },
  cost: {
    name: 'sms_cost_total',
    type: 'counter',
    labels: ['provider'],
    help: 'Cost of accepted messages in units of money.currency: as reported by the vendor, else by money.prices; 0 without both.',
  },
  acknowledgements: {
    name: 'sms_acknowledgements_total',
    type: 'counter',
    labels: ['by'],
    help: 'Acknowledged alerts by way; those acknowledged by the CLI are only in the history.',
  },
  receipts: {
    name: 'sms_receipts_total',
    type: 'counter',
    labels: ['provider', 'state'],
    help: 'Delivery receipts from providers, by result.',
  },
  inbound: {
    name: 'sms_inbound_total',
    type: 'counter',
    labels: ['provider', 'kind'],
    help: 'Inbound messages by kind.',
  },
  alertToAccepted: {
    name: 'sms_alert_to_accepted_seconds',
    type: 'histogram',
    labels: ['severity'],
    help: 'Time from receiving the alert to acceptance of the message by a provider.',
    buckets: ALERT_BUCKETS,
  },
  acceptedToDelivered: {
    name: 'sms_accepted_to_delivered_seconds',
    type: 'histogram',
    labels: ['provider'],
    help: 'Time from acceptance by a provider to the receipt that reports delivery.',
    buckets: DELIVERY_BUCKETS,
  },
  notices: {
    name: 'sms_notices_total',
    type: 'counter',
    labels: ['channel', 'result'],
    help: 'Escalation notices to chat, e-mail and webhooks by result, each counted once.',
  },
  queueJobs: {
    name: 'sms_queue_jobs',
    type: 'gauge',
    labels: ['queue', 'state'],
    help: 'Jobs in each queue; system-wide, so aggregate with max by (queue, state).',
  },
  queueOldest: {
    name: 'sms_queue_oldest_job_age_seconds',
    type: 'gauge',
    labels: ['queue'],
    help: 'Age of the oldest job that waits for a worker; system-wide, so aggregate with max by (queue).',
  },
  oldestCritical: {
    name: 'sms_oldest_critical_age_seconds',
    type: 'gauge',
    labels: ['queue'],
    help: 'Age of the oldest critical job that waits for a worker; system-wide, so aggregate with max by (queue).',
  },
  queuePaused: {
    name: 'sms_queue_paused',
    type: 'gauge',
    labels: ['queue'],
    help: '1 while the queue is paused and its jobs wait, else 0; system-wide, so aggregate with max by (queue).',
  },
  criticalsHeld: {
    name: 'sms_criticals_held',
    type: 'gauge',
    labels: ['reason'],
    help: 'Critical messages deferred for an unplanned reason, at most 500 counted; system-wide, so aggregate with max by (reason).',
  },
  criticalHeldSeconds: {
    name: 'sms_critical_held_seconds',
    type: 'gauge',
    labels: ['route'],
    help: 'Longest waiting time of a deferred critical message of the route; system-wide, so aggregate with max by (route).',
  },
  unknownMessages: {
    name: 'sms_messages_unknown',
    type: 'gauge',
    labels: [],
    help: 'Messages with an unresolved unknown outcome; system-wide, so aggregate with max.',
  },
  capUsed: {
    name: 'sms_rate_cap_used',
    type: 'gauge',
    labels: ['cap'],
    help: 'Messages in the current window of a cap over all recipients (those of simulated routes only where no provider is real); system-wide, so aggregate with max by (cap).',
  },
  capLimit: {
    name: 'sms_rate_cap_limit',
    type: 'gauge',
    labels: ['cap', 'limit'],
    help: 'Maximum number of messages in that window: max for criticals, non_critical (below the reserve) for others.',
  },
  jobsRequeued: {
    name: 'sms_jobs_requeued_total',
    type: 'counter',
    labels: ['queue'],
    help: 'Jobs added again because they were missing from a queue while their alert or message had no outcome.',
  },
  redisDataLoss: {
    name: 'sms_redis_data_loss_total',
    type: 'counter',
    labels: ['kind'],
    help: 'Losses of confirmed data in Redis noticed by this process, by kind; every process counts each loss, so aggregate with max by (kind).',
  },
  redisEvictedKeys: {
    name: 'sms_redis_evicted_keys',
    type: 'gauge',
    labels: [],
    help: 'Keys evicted by Redis since its start; each may have been a message.',
  },
  redisDurable: {
    name: 'sms_redis_durable',
    type: 'gauge',
    labels: ['check'],
    help: '1 where the Redis setting or state protects data, else 0: append_only, noeviction, last_write.',
  },
  redisMemoryUsed: {
    name: 'sms_redis_memory_used_bytes',
    type: 'gauge',
    labels: [],
    help: 'Memory used by Redis.',
  },
  redisMemoryMax: {
    name: 'sms_redis_memory_max_bytes',
    type: 'gauge',
    labels: [],
    help: 'Memory limit of Redis (maxmemory); 0: no limit.',
  },
  redisUptime: {
    name: 'sms_redis_uptime_seconds',
    type: 'gauge',
    labels: [],
    help: 'Time since the start of Redis.',
  },
  webhookEvents: {
    name: 'sms_webhook_events_total',
    type: 'counter',
    labels: ['webhook', 'result'],
    help: 'Outgoing events by result, each counted once: accepted, failed, or lost because the journal no longer had them.',
  },
  webhookAlertsRefused: {
    name: 'sms_webhook_alerts_refused_total',
    type: 'counter',
    labels: ['webhook', 'reason'],
    help: 'Rejected alerts of incoming webhook calls, by reason; a call that is rejected as a whole counts as one.',
  },
  webhookUnknownSeverities: {
    name: 'sms_webhook_unknown_severities_total',
    type: 'counter',
    labels: ['webhook'],
    help: 'Alerts of incoming webhook calls with an unknown severity word, treated as critical.',
  },
  lastAccepted: {
    name: 'sms_last_accepted_timestamp_seconds',
    type: 'gauge',
    labels: [],
    help: 'Unix time of the last message accepted for this process; 0 before the first.',
  },
  budgetSpent: {
    name: 'sms_budget_spent',
    type: 'gauge',
    labels: ['period'],
    help: 'Spent in the current period plus reserved for messages in flight, in units of money.currency; system-wide, so aggregate with max by (period).',
  },
  budgetLimit: {
    name: 'sms_budget_limit',
    type: 'gauge',
    labels: ['period', 'limit'],
    help: 'Soft limit, above which only criticals are sent, and hard limit, in units of money.currency.',
  },
  budgetLeft: {
    name: 'sms_budget_left',
    type: 'gauge',
    labels: ['period'],
    help: 'Remainder of the hard limit in the current period, in units of money.currency; system-wide, so aggregate with max by (period).',
  },
  budgetEmpty: {
    name: 'sms_budget_empty_seconds',
    type: 'gauge',
    labels: ['period'],
    help: 'Time until the budget is empty at the current rate, +Inf while nothing was spent; system-wide, so aggregate with max by (period).',
  },
  workerInfo: {
    name: 'sms_worker_info',
    type: 'gauge',
    labels: ['version', 'role'],
    help: 'Always 1; the labels show version and role of the process.',
  },
  configReloaded: {
    name: 'sms_config_last_reload_successful',
    type: 'gauge',
    labels: [],
    help: '1 if the last reload of the config succeeded, 0 if it was rejected and the previous config stays active.',
  },
  configReloadedAt: {
    name: 'sms_config_last_reload_success_timestamp_seconds',
    type: 'gauge',
    labels: [],
    help: 'Unix time of the last successful load of the config.',
  },
  configHash: {
    name: 'sms_config_hash',
    type: 'gauge',
    labels: [],
    help: 'Hash of the active config as a 48-bit number; equal on replicas with equivalent configs.',
  },
  logLinesDropped: {
    name: 'sms_log_lines_dropped_total',
    type: 'counter',
    labels: [],
    help: 'Log lines that this process dropped because its output accepted none: the reader stopped or closed it, or the disk is full.',
  },
  clockSkew: {
    name: 'sms_clock_skew_seconds',
    type: 'gauge',
    labels: [],
    help: "Offset of this machine's clock to the clock of Redis; negative: behind. Messages use the clock of Redis.",
  },
  clockJumps: {
    name: 'sms_clock_jumps_total',
    type: 'counter',
    labels: [],
    help: 'Jumps of the clock of Redis by more than 2 s noticed by this process, including failovers to a server with another clock.',
  },
  scrapeErrors: {
    name: 'sms_scrape_errors_total',
    type: 'counter',
    labels: ['source'],
    help: 'Scrapes without figures from Redis in time; the gauges of that source are then absent.',
  },
} as const satisfies Record<string, MetricSpec>;

export type Catalogue = typeof CATALOGUE;
/** Keys of the catalogue with one type. */
export type KeyOf<Type extends MetricSpec['type']> = {
  [K in keyof Catalogue]: Catalogue[K]['type'] extends Type ? K : never;
}[keyof Catalogue];
export type LabelOf<K extends keyof Catalogue> = Catalogue[K]['labels'][number];
