/**
 * Every metric of ours: the one list from which they are registered, documented and graphed. Names and labels are public;
 * changing one is a breaking change. The naming rules: https://prometheus.io/docs/practices/naming/
 */
export interface MetricSpec {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
  /** Upper bounds of a histogram, in seconds. */
  readonly buckets?: readonly number[];
}

/** 10 s and 60 s are the targets people set for pages, so each is a bound and quantiles beside them are read, not guessed. */
const REQUEST_BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60];
const ALERT_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];
const DELIVERY_BUCKETS = [1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400];

export const CATALOGUE = {
  alerts: {
    name: 'sms_alerts_total',
    type: 'counter',
    labels: ['severity', 'purpose'],
    help: 'Alerts taken from the queue; unknown where a malformed job does not say.',
  },
  alertOutcomes: {
    name: 'sms_alert_outcomes_total',
    type: 'counter',
    labels: ['outcome', 'reason'],
    help: 'What became of the alerts: routed, suppressed or malformed.',
  },
  alertIdsReused: {
    name: 'sms_alert_id_conflicts_total',
    type: 'counter',
    labels: [],
    help: 'Alerts with other content than the earlier alert of their id: ignored, or, where they resolve, carried out.',
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
    help: 'Messages by the first end they reached, each counted once.',
  },
  inFlight: {
    name: 'sms_messages_in_flight',
    type: 'gauge',
    labels: [],
    help: 'Messages without an outcome, deferred ones included; of the whole system, so aggregate with max.',
  },
  deferred: {
    name: 'sms_deferred_total',
    type: 'counter',
    labels: ['reason'],
    help: 'Times that a message was put off to a later moment; one message may be put off often.',
  },
  contributions: {
    name: 'sms_messages_by_source_total',
    type: 'counter',
    labels: ['source', 'route', 'result'],
    help: 'Messages accepted, and messages that a rate cap or a budget held back, by who caused them; sources and routes beyond the first 50 each are counted as other.',
  },
  providerRequests: {
    name: 'sms_provider_requests_total',
    type: 'counter',
    labels: ['provider', 'result', 'reason'],
    help: 'Requests to providers by result; unknown means that nobody can say whether the text went out.',
  },
  providerDuration: {
    name: 'sms_provider_request_duration_seconds',
    type: 'histogram',
    labels: ['provider'],
    help: 'How long a request to a provider took, connect to last byte.',
    buckets: REQUEST_BUCKETS,
  },
  unlistedCodes: {
    name: 'sms_provider_unlisted_codes_total',
    type: 'counter',
    labels: ['provider'],
    help: 'Refusals with a code that we do not know, treated by the safest reading.',
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
    help: 'Providers of the route that this dispatcher may use now: circuit not open, not paused; of the countries that are worst off. Aggregate with min by (route).',
  },
  routePrice: {
    name: 'sms_route_price',
    type: 'gauge',
    labels: ['route'],
    help: 'What a message of one segment costs at least on the route, in units of money.currency; only with money.prices.',
  },
  retries: {
    name: 'sms_retries_total',
    type: 'counter',
    labels: ['provider', 'reason'],
    help: 'Sends to be repeated, in place or later, after a refusal that surely sent nothing.',
  },
  failovers: {
    name: 'sms_failovers_total',
    type: 'counter',
    labels: ['from', 'to'],
    help: 'Messages handed from one provider to the next.',
  },
  unknownOutcomes: {
    name: 'sms_unknown_outcomes_total',
    type: 'counter',
    labels: ['provider', 'resolution'],
    help: 'What was done about sends of which nobody can say whether they went out.',
  },
  segments: {
    name: 'sms_segments_total',
    type: 'counter',
    labels: ['provider'],
    help: 'Segments accepted by providers; what most of them bill.',
  },
  cost: {
    name: 'sms_cost_total',
    type: 'counter',
    labels: ['provider'],
    help: 'What accepted texts cost, in units of money.currency: as the vendor says, else by money.prices; 0 without those.',
  },
  acknowledgements: {
    name: 'sms_acknowledgements_total',
    type: 'counter',
    labels: ['by'],
    help: 'Alerts that somebody took care of, by way; those typed at the command line are in the trace only.',
  },
  receipts: {
    name: 'sms_receipts_total',
    type: 'counter',
    labels: ['provider', 'state'],
    help: 'Delivery receipts from providers, by what they turned out to be.',
  },
  inbound: {
    name: 'sms_inbound_total',
    type: 'counter',
    labels: ['provider', 'kind'],
    help: 'Texts from phones to numbers of ours, by what they turned out to be.',
  },
  alertToAccepted: {
    name: 'sms_alert_to_accepted_seconds',
    type: 'histogram',
    labels: ['severity'],
    help: 'From the alert reaching us to a provider accepting the text.',
    buckets: ALERT_BUCKETS,
  },
  acceptedToDelivered: {
    name: 'sms_accepted_to_delivered_seconds',
    type: 'histogram',
    labels: ['provider'],
    help: 'From a provider accepting the text to its receipt saying delivered.',
    buckets: DELIVERY_BUCKETS,
  },
  notices: {
    name: 'sms_notices_total',
    type: 'counter',
    labels: ['channel', 'result'],
    help: 'Notices of the escalation ladder to chat, e-mail and webhooks by how they ended, each counted once.',
  },
  queueJobs: {
    name: 'sms_queue_jobs',
    type: 'gauge',
    labels: ['queue', 'state'],
    help: 'Jobs in each queue; of the whole system, so aggregate with max by (queue, state).',
  },
  queueOldest: {
    name: 'sms_queue_oldest_job_age_seconds',
    type: 'gauge',
    labels: ['queue'],
    help: 'Age of the oldest job that waits for a worker; of the whole system, so aggregate with max by (queue).',
  },
  oldestCritical: {
    name: 'sms_oldest_critical_age_seconds',
    type: 'gauge',
    labels: ['queue'],
    help: 'Age of the oldest job in the lane of the criticals that waits for a worker; of the whole system, so aggregate with max by (queue).',
  },
  queuePaused: {
    name: 'sms_queue_paused',
    type: 'gauge',
    labels: ['queue'],
    help: '1 while the queue is paused, so that its jobs wait, else 0; of the whole system, so aggregate with max by (queue).',
  },
  criticalsHeld: {
    name: 'sms_criticals_held',
    type: 'gauge',
    labels: ['reason'],
    help: 'Critical messages put off for a reason that no plan foresees, at most 500 counted; of the whole system, so aggregate with max by (reason).',
  },
  criticalHeldSeconds: {
    name: 'sms_critical_held_seconds',
    type: 'gauge',
    labels: ['route'],
    help: 'How long the critical message of the route that was put off first waits by now; of the whole system, so aggregate with max by (route).',
  },
  unknownMessages: {
    name: 'sms_messages_unknown',
    type: 'gauge',
    labels: [],
    help: 'Messages of which nobody knows by now whether they were sent; of the whole system, so aggregate with max.',
  },
  capUsed: {
    name: 'sms_rate_cap_used',
    type: 'gauge',
    labels: ['cap'],
    help: 'Messages that count in the running window of a cap over all recipients, those of simulated routes only where no provider is real; of the whole system, so aggregate with max by (cap).',
  },
  capLimit: {
    name: 'sms_rate_cap_limit',
    type: 'gauge',
    labels: ['cap', 'limit'],
    help: 'Most texts in that window: max for criticals, non_critical for the rest, below the reserve.',
  },
  jobsRequeued: {
    name: 'sms_jobs_requeued_total',
    type: 'counter',
    labels: ['queue'],
    help: 'Jobs that were missing from a queue while their alert or message had no outcome, and were added again.',
  },
  redisDataLoss: {
    name: 'sms_redis_data_loss_total',
    type: 'counter',
    labels: ['kind'],
    help: 'Losses of confirmed data in Redis that this process noticed, by kind; every process counts each loss, so aggregate with max by (kind).',
  },
  redisEvictedKeys: {
    name: 'sms_redis_evicted_keys',
    type: 'gauge',
    labels: [],
    help: 'Keys that Redis threw away to make room since it started; each may have been a text.',
  },
  redisDurable: {
    name: 'sms_redis_durable',
    type: 'gauge',
    labels: ['check'],
    help: '1 where Redis is set up to lose nothing, else 0: append_only, noeviction, last_write.',
  },
  redisMemoryUsed: {
    name: 'sms_redis_memory_used_bytes',
    type: 'gauge',
    labels: [],
    help: 'Memory that Redis uses.',
  },
  redisMemoryMax: {
    name: 'sms_redis_memory_max_bytes',
    type: 'gauge',
    labels: [],
    help: 'Most memory that Redis may use; 0: no limit of its own.',
  },
  redisUptime: {
    name: 'sms_redis_uptime_seconds',
    type: 'gauge',
    labels: [],
    help: 'Since Redis was started.',
  },
  webhookEvents: {
    name: 'sms_webhook_events_total',
    type: 'counter',
    labels: ['webhook', 'result'],
    help: 'Outgoing events by how they ended, each counted once: accepted, failed, or lost where the journal no longer had them.',
  },
  webhookAlertsRefused: {
    name: 'sms_webhook_alerts_refused_total',
    type: 'counter',
    labels: ['webhook', 'reason'],
    help: 'Alerts of incoming webhook calls that were not taken, by reason; a call that was refused as a whole counts as one.',
  },
  webhookUnknownSeverities: {
    name: 'sms_webhook_unknown_severities_total',
    type: 'counter',
    labels: ['webhook'],
    help: 'Alerts of incoming webhook calls whose word for the severity is in no table; read as critical.',
  },
  lastAccepted: {
    name: 'sms_last_accepted_timestamp_seconds',
    type: 'gauge',
    labels: [],
    help: 'When this process last had a text accepted, Unix time; 0 before the first.',
  },
  budgetSpent: {
    name: 'sms_budget_spent',
    type: 'gauge',
    labels: ['period'],
    help: 'Spent in the running period and reserved by texts under way, in units of money.currency; of the whole system, so aggregate with max by (period).',
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
    help: 'What the hard limit leaves of the running period, in units of money.currency; of the whole system, so aggregate with max by (period).',
  },
  budgetEmpty: {
    name: 'sms_budget_empty_seconds',
    type: 'gauge',
    labels: ['period'],
    help: 'Until nothing is left at the pace of the running period, +Inf while nothing was spent; of the whole system, so aggregate with max by (period).',
  },
  workerInfo: {
    name: 'sms_worker_info',
    type: 'gauge',
    labels: ['version', 'role'],
    help: 'Always 1: a process of this version and role is up.',
  },
  configReloaded: {
    name: 'sms_config_last_reload_successful',
    type: 'gauge',
    labels: [],
    help: '1 when the config that was read last is in force, 0 when it was refused and the one before stays.',
  },
  configReloadedAt: {
    name: 'sms_config_last_reload_success_timestamp_seconds',
    type: 'gauge',
    labels: [],
    help: 'When a config was last read and found right, Unix time.',
  },
  configHash: {
    name: 'sms_config_hash',
    type: 'gauge',
    labels: [],
    help: 'Hash of the config in force as a number of 48 bits: the same on every replica whose config means the same.',
  },
  logLinesDropped: {
    name: 'sms_log_lines_dropped_total',
    type: 'counter',
    labels: [],
    help: 'Log lines that this process dropped because its output took none: the reader stopped or closed it, or its disk is full.',
  },
  clockSkew: {
    name: 'sms_clock_skew_seconds',
    type: 'gauge',
    labels: [],
    help: "How far the clock of this machine is ahead of Redis' clock; negative: behind. Messages go by Redis' clock.",
  },
  clockJumps: {
    name: 'sms_clock_jumps_total',
    type: 'counter',
    labels: [],
    help: "Jumps of Redis' own clock by more than 2 s that this process has seen, a failover to a server with another clock among them.",
  },
  scrapeErrors: {
    name: 'sms_scrape_errors_total',
    type: 'counter',
    labels: ['source'],
    help: 'Scrapes in which Redis gave no figures in time; the gauges of that source are then left out.',
  },
} as const satisfies Record<string, MetricSpec>;

export type Catalogue = typeof CATALOGUE;
/** Keys of the catalogue of one type. */
export type KeyOf<Type extends MetricSpec['type']> = {
  [K in keyof Catalogue]: Catalogue[K]['type'] extends Type ? K : never;
}[keyof Catalogue];
export type LabelOf<K extends keyof Catalogue> = Catalogue[K]['labels'][number];
