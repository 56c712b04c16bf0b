import { boardLink, buildBoard, labelVariable, type Row } from './board.ts';
import { area, badBelow, badFrom, bars, heatmap, lines, type PanelSpec, stat, words } from './panel.ts';
import { providerPanels } from './providers-row.ts';

const severity = 'severity=~"$severity"';
const queue = 'queue=~"$queue"';
const MISSED = 'state=~"failed|expired|unknown"';
const TRIED = 'state=~"accepted|failed|expired|unknown"';
const upOf = (role: string, alsoIn = '') => [`count(sms_worker_info{role=~"start|${alsoIn}${role}"}) or vector(0)`, `${role}s`] as const;
const capLeft = (limit: string) => `max by (cap) (sms_rate_cap_limit{limit="${limit}"}) - max by (cap) (sms_rate_cap_used)`;
const quantile = (q: number) =>
  `histogram_quantile(${q}, sum by (le) (rate(sms_alert_to_accepted_seconds_bucket{${severity}}[$__rate_interval])))`;

const ok: PanelSpec[] = [
  stat(
    'Oldest critical',
    'Age of the oldest critical job that waits for a worker. Red: no worker takes jobs, or not fast enough. Deferred messages do not count.',
    [['max(max by (queue) (sms_oldest_critical_age_seconds{queue=~"sms-alerts|sms-messages"}))', 'age']],
    { unit: 's', decimals: 1, steps: badFrom('SmsOldestCriticalTooOld') },
  ),
  stat(
    'Accepted, 5 min',
    'Messages accepted by a provider in the last five minutes. Zero is normal while there are no alerts.',
    [[`sum(increase(sms_message_outcomes_total{state="accepted",${severity}}[5m]))`, 'accepted']],
    { unit: 'short', decimals: 0 },
  ),
  stat(
    'Criticals missed, 1 h',
    'Share of critical messages that failed, expired or may be lost. Suppressed ones do not count: they were never tried.',
    [
      [
        `sum(increase(sms_message_outcomes_total{${MISSED},severity="critical"}[1h])) / clamp_min(sum(increase(sms_message_outcomes_total{${TRIED},severity="critical"}[1h])), 1)`,
        'missed',
      ],
    ],
    { unit: 'percentunit', decimals: 1, steps: badFrom('SmsErrorBudgetBurn', 'SmsErrorBudgetBurnFast') },
  ),
  stat(
    'Unknown now',
    'Messages with an unresolved unknown outcome, which are not sent again: sms-dispatch unknown list.',
    [['max(sms_messages_unknown)', 'unknown']],
    { unit: 'short', decimals: 0, steps: badFrom('SmsTextsInDoubt') },
  ),
  stat(
    'Suppressed, 1 h',
    "Messages suppressed in the last hour. See the row 'Why not sent'.",
    [[`sum(increase(sms_message_outcomes_total{state="suppressed",${severity}}[1h]))`, 'suppressed']],
    { unit: 'short', decimals: 0 },
  ),
  stat(
    'Hour cap left',
    'Messages that the cap over all recipients still allows in the current hour, for criticals and for others. Empty without such a cap.',
    [
      [capLeft('max'), 'criticals'],
      [capLeft('non_critical'), 'the rest'],
    ],
    { unit: 'short', decimals: 0, steps: badBelow('SmsCapExhausted') },
  ),
  stat(
    'Workers up',
    'Processes per role; an all-in-one process counts in each.',
    [upOf('receiver'), upOf('router', 'worker|'), upOf('dispatcher', 'worker|')],
    {
      unit: 'short',
      decimals: 0,
      steps: badBelow('SmsDispatcherAbsent'),
    },
  ),
  stat(
    'Active configs',
    'Number of different configs in use. More than one: a roll-out in progress, or an incomplete one.',
    [['count(count_values("hash", sms_config_hash))', 'configs']],
    { unit: 'short', decimals: 0, steps: badFrom('SmsConfigOutOfSync') },
  ),
  stat(
    'Oldest waiting job',
    'Age of the oldest job of any severity that waits for a worker.',
    [[`max(max by (queue) (sms_queue_oldest_job_age_seconds{${queue}}))`, 'age']],
    { unit: 's', decimals: 1, steps: badFrom('SmsOldestJobTooOld') },
  ),
  stat(
    'Dead',
    'Jobs in the failed sets, which need an operator: sms-dispatch dead list.',
    [[`sum(max by (queue) (sms_queue_jobs{state="failed",${queue}}))`, 'dead']],
    { unit: 'short', decimals: 0, steps: badFrom('SmsDeadLetters') },
  ),
  stat('In flight', 'Messages without an outcome, including deferred ones.', [['max(sms_messages_in_flight)', 'in flight']], {
    unit: 'short',
    decimals: 0,
  }),
  stat(
    'Since last accepted',
    "Time since the last accepted message. Compare with 'In flight': a long time is normal when nothing is in flight, and a fault otherwise.",
    [['time() - max(sms_last_accepted_timestamp_seconds > 0)', 'ago']],
    { unit: 's', decimals: 0 },
  ),
  stat(
    'Worst circuit',
    'The worst circuit state of any provider in any process.',
    [['max(max_over_time(sms_provider_circuit_state[90s]))', 'circuit']],
    { unit: 'none', mappings: words('closed', 'half-open', 'open'), steps: badFrom('SmsCircuitOpen') },
  ),
  stat(
    'Budget used',
    'Share of the hard limit that is spent or reserved, in the period with the highest share. Empty without a budget.',
    [['max(max by (period) (sms_budget_spent) / max by (period) (sms_budget_limit{limit="hard"}))', 'used']],
    { unit: 'percentunit', decimals: 0, steps: badFrom('SmsBudgetNearlySpent') },
  ),
  stat(
    'Redis durable',
    '1: Redis writes every change to a file, evicts nothing, and its last write succeeded; 0: one of these fails.',
    [['min(sms_redis_durable)', 'durable']],
    {
      unit: 'none',
      decimals: 0,
      mappings: words('no', 'yes'),
      steps: badBelow('SmsRedisWriteFailed'),
    },
  ),
  stat(
    'Redis memory',
    'Share of the memory limit of Redis. Empty without a limit.',
    [['max(sms_redis_memory_used_bytes) / max(sms_redis_memory_max_bytes > 0)', 'used']],
    { unit: 'percentunit', decimals: 0, steps: badFrom('SmsRedisMemoryNearlyFull') },
  ),
];

const flow: PanelSpec[] = [
  area(
    'Alerts received',
    "Alerts taken from the queue, by severity. 'unknown' is a malformed job.",
    [['sum by (severity) (rate(sms_alerts_total{severity=~"$severity|unknown"}[$__rate_interval]))', '{{severity}}']],
    { unit: 'reqps' },
  ),
  area(
    'Messages by outcome',
    'Messages by their first outcome. Below the axis: suppressed messages. The line: messages created.',
    [
      [`sum by (state) (rate(sms_message_outcomes_total{${severity}}[$__rate_interval]))`, '{{state}}'],
      [`sum(rate(sms_messages_total{${severity}}[$__rate_interval]))`, 'created'],
    ],
    {
      unit: 'reqps',
      overrides: [
        {
          matcher: { id: 'byRegexp', options: 'suppressed|cancelled' },
          properties: [
            { id: 'custom.transform', value: 'negative-Y' },
            { id: 'custom.stacking', value: { mode: 'normal', group: 'B' } },
          ],
        },
        {
          matcher: { id: 'byName', options: 'created' },
          properties: [
            { id: 'custom.stacking', value: { mode: 'none', group: 'C' } },
            { id: 'custom.fillOpacity', value: 0 },
          ],
        },
      ],
    },
  ),
  lines(
    'Alert to accepted',
    'Time from receiving the alert to acceptance of the message by a provider. The objective for critical messages is 60 s.',
    [0.5, 0.95, 0.99].map((q) => [quantile(q), `p${q * 100}`] as const),
    { unit: 's' },
  ),
  heatmap(
    'Alert to accepted, distribution',
    'The same delay as a heat map: a second band shows a second cause, such as a cap, a retry or a failover.',
    `sum by (le) (increase(sms_alert_to_accepted_seconds_bucket{${severity}}[$__rate_interval]))`,
    { unit: 's' },
  ),
  lines(
    'Oldest waiting critical',
    'Age of the oldest critical job that waits for a worker. The alert fires above the line.',
    [[`max by (queue) (sms_oldest_critical_age_seconds{${queue}})`, '{{queue}}']],
    { unit: 's', steps: badFrom('SmsOldestCriticalTooOld') },
  ),
  lines(
    'Oldest waiting job by queue',
    'Age of the oldest job that waits for a worker. The alert fires above the line.',
    [[`max by (queue) (sms_queue_oldest_job_age_seconds{${queue}})`, '{{queue}}']],
    { unit: 's', steps: badFrom('SmsOldestJobTooOld') },
  ),
  lines(
    'Jobs by queue and state',
    'Jobs in the queues. Delayed jobs are deferred messages and retries.',
    [[`max by (queue, state) (sms_queue_jobs{${queue}})`, '{{queue}} {{state}}']],
    { unit: 'short' },
  ),
  bars(
    'Notices to channels',
    'Escalation notices to chat, e-mail and webhooks. Failed ones are dead letters: sms-dispatch dead list. Cancelled ones were resolved or acknowledged before their step.',
    [['sum by (channel, result) (increase(sms_notices_total[$__rate_interval]))', '{{channel}} {{result}}']],
    { unit: 'short' },
  ),
  bars(
    'Webhook alerts rejected',
    'Alerts from monitoring systems that were rejected, by reason; the log lists each. unknown severity: accepted, and treated as critical.',
    [
      ['sum by (webhook, reason) (increase(sms_webhook_alerts_refused_total[$__rate_interval]))', '{{webhook}} {{reason}}'],
      ['sum by (webhook) (increase(sms_webhook_unknown_severities_total[$__rate_interval]))', '{{webhook}} unknown severity'],
    ],
    { unit: 'short' },
  ),
  bars(
    'Outgoing events',
    'Outgoing events by result. lost: the webhook was unreachable for longer than the journal covers.',
    [['sum by (webhook, result) (increase(sms_webhook_events_total[$__rate_interval]))', '{{webhook}} {{result}}']],
    { unit: 'short' },
  ),
];

const drillDown = {
  title: 'Details of this provider',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of Grafana
  url: '/d/sms-dispatch-provider?${__url_time_range}&var-datasource=${datasource}&var-provider=${__field.labels.provider}',
};
const shown = providerPanels([drillDown]);
const providers: PanelSpec[] = [
  shown.results,
  shown.reasons,
  shown.duration,
  shown.circuit,
  shown.again,
  shown.unknowns,
  lines(
    'Providers up, by route',
    'Providers of each route that a dispatcher may use now (the lowest value of all dispatchers). At 0 the route sends nothing.',
    [['min by (route) (sms_route_providers_up)', '{{route}}']],
    { unit: 'short' },
  ),
];

const whyNot: PanelSpec[] = [
  bars(
    'Messages not accepted, by reason',
    "Messages that ended without a provider's yes. Caps, consent and opt-outs are decisions; the rest is trouble.",
    [
      [
        `sum by (state, reason) (increase(sms_message_outcomes_total{state!="accepted",${severity}}[$__rate_interval])) > 0`,
        '{{state}}: {{reason}}',
      ],
    ],
    { unit: 'short' },
  ),
  bars(
    'Alerts without messages, by reason',
    'Alerts that were suppressed or malformed, or reused the id of another alert.',
    [
      ['sum by (outcome, reason) (increase(sms_alert_outcomes_total{outcome!="routed"}[$__rate_interval])) > 0', '{{outcome}}: {{reason}}'],
      ['sum(increase(sms_alert_id_conflicts_total[$__rate_interval])) > 0', 'id reused with other content'],
    ],
    { unit: 'short' },
  ),
  bars(
    'Deferred, by reason',
    'Deferrals of messages, mostly by a cap. A deferred message is not lost, and uses no attempt.',
    [['sum by (reason) (increase(sms_deferred_total[$__rate_interval])) > 0', '{{reason}}']],
    { unit: 'short' },
  ),
  bars(
    'Messages by source',
    'Messages accepted, and messages held back by a cap or a budget for the first time, by source and route. Shows which source filled a cap.',
    [
      [
        'topk(10, sum by (source, route, result) (increase(sms_messages_by_source_total[$__rate_interval]))) > 0',
        '{{source}}, {{route}}: {{result}}',
      ],
    ],
    { unit: 'short' },
  ),
  lines(
    'Criticals held, by reason',
    'Critical messages that wait because of a cap, a budget or their providers; planned waits do not count.',
    [['max by (reason) (sms_criticals_held) > 0', '{{reason}}']],
    { unit: 'short' },
  ),
  lines(
    'Longest held critical, by route',
    'Waiting time of the longest deferred critical message.',
    [['max by (route) (sms_critical_held_seconds)', '{{route}}']],
    { unit: 's', steps: badFrom('SmsCriticalsHeld') },
  ),
  lines('Paused queues', '1 while the queue is paused: its workers take nothing.', [['max by (queue) (sms_queue_paused)', '{{queue}}']], {
    unit: 'short',
  }),
  lines(
    'Dead jobs by queue',
    'Jobs in the failed sets. Rises with each dead letter; falls when one is replayed or discarded.',
    [[`max by (queue) (sms_queue_jobs{state="failed",${queue}})`, '{{queue}}']],
    { unit: 'short', steps: badFrom('SmsDeadLetters') },
  ),
  lines(
    'Unknown outcomes',
    'Messages with an unresolved unknown outcome. Falls when a receipt, a look-up or an operator resolves one.',
    [['max(sms_messages_unknown)', 'unknown']],
    { unit: 'short', steps: badFrom('SmsTextsInDoubt') },
  ),
  bars(
    'Acknowledged',
    'Acknowledged alerts by way; their waiting messages were cancelled.',
    [['sum by (by) (increase(sms_acknowledgements_total[$__rate_interval]))', '{{by}}']],
    { unit: 'short' },
  ),
];

const money: PanelSpec[] = [
  lines(
    'Hour cap',
    'Messages in the current hour, with the limits for criticals (max) and for others (non_critical).',
    [
      ['max by (cap) (sms_rate_cap_used)', '{{cap}} used'],
      ['max by (cap, limit) (sms_rate_cap_limit)', '{{cap}} {{limit}}'],
    ],
    { unit: 'short' },
  ),
  lines(
    'Budgets',
    'Spent (including reserved) and remaining amount of the current hour, day and month, with the limits, in units of money.currency. Empty without a budget.',
    [
      ['max by (period) (sms_budget_spent)', '{{period}} spent'],
      ['max by (period) (sms_budget_left)', '{{period}} left'],
      ['max by (period, limit) (sms_budget_limit)', '{{period}} {{limit}}'],
    ],
    { unit: 'short' },
  ),
  lines(
    'Budgets used',
    'Spent share of the hard limit. The alert fires above the line; at 100 % nothing is sent.',
    [['max by (period) (sms_budget_spent) / max by (period) (sms_budget_limit{limit="hard"})', '{{period}}']],
    { unit: 'percentunit', steps: badFrom('SmsBudgetNearlySpent') },
  ),
  lines(
    'Budgets empty in',
    'Time until the budget is empty at the current rate. If it is shorter than the rest of the period, messages will wait.',
    [['max by (period) (sms_budget_empty_seconds)', '{{period}}']],
    { unit: 's' },
  ),
  lines(
    'Price of a message, by route',
    'Lowest price of a message of one segment, in units of money.currency. Above the remainder of a budget, the route sends nothing.',
    [['max by (route) (sms_route_price)', '{{route}}']],
    { unit: 'short' },
  ),
  shown.cost,
  shown.segments,
];

const receipts: PanelSpec[] = [
  shown.receipts,
  shown.undelivered,
  shown.delivery,
  lines(
    'Inbound messages',
    'Opt-outs, opt-ins, acknowledgements and others. forged: the signature was wrong.',
    [['sum by (provider, kind) (rate(sms_inbound_total{provider=~"$provider"}[$__rate_interval]))', '{{provider}} {{kind}}']],
    { unit: 'reqps', width: 24 },
  ),
];

const ours = (expr: string) => `${expr} and on (job, instance) sms_worker_info`;
const machine: PanelSpec[] = [
  lines(
    'Processes up',
    'Processes by role and version. Two versions at the same time: a roll-out in progress.',
    [['count by (role, version) (sms_worker_info)', '{{role}} {{version}}']],
    {
      unit: 'short',
    },
  ),
  lines(
    'Event-loop lag p99',
    'Delay of timers. When it approaches worker.lock, locks are renewed late and jobs may run twice.',
    [[`max by (instance) (${ours('nodejs_eventloop_lag_p99_seconds')})`, '{{instance}}']],
    { unit: 's' },
  ),
  lines(
    'CPU',
    'CPU cores used by each process. JavaScript runs in one thread, so about 1 is the maximum.',
    [[`sum by (instance) (${ours('rate(process_cpu_seconds_total[$__rate_interval])')})`, '{{instance}}']],
    { unit: 'percentunit' },
  ),
  lines(
    'Memory',
    'Resident memory and heap in use.',
    [
      [`max by (instance) (${ours('process_resident_memory_bytes')})`, '{{instance}} resident'],
      [`max by (instance) (${ours('nodejs_heap_size_used_bytes')})`, '{{instance}} heap'],
    ],
    { unit: 'bytes' },
  ),
  lines(
    'Restarts, 1 h',
    'Restarts of each process.',
    [[`sum by (instance) (${ours('changes(process_start_time_seconds[1h])')})`, '{{instance}}']],
    { unit: 'short' },
  ),
  lines(
    'Config',
    '0: the config that was read last was refused and the one before stays in force; the log says why. Age: of the last config that was read and found right.',
    [
      ['min by (instance) (sms_config_last_reload_successful)', '{{instance}} in force'],
      ['count(count_values("hash", sms_config_hash))', 'active configs'],
      ['(time() - max(sms_config_last_reload_success_timestamp_seconds)) / 86400', 'age, days'],
    ],
    { unit: 'short' },
  ),
  lines(
    'Clock against Redis',
    "Offset of each machine's clock to the clock of Redis, and jumps of the latter. Messages use the clock of Redis.",
    [
      ['max by (instance) (sms_clock_skew_seconds)', '{{instance}} ahead'],
      ['max(increase(sms_clock_jumps_total[$__rate_interval]))', 'jumps of Redis'],
    ],
    { unit: 's' },
  ),
  bars(
    'Log lines dropped',
    'Log lines that a process dropped because its stdout accepted none: the reader stopped or closed it, or the disk is full.',
    [['sum by (instance) (increase(sms_log_lines_dropped_total[$__rate_interval]))', '{{instance}}']],
    { unit: 'short' },
  ),
  bars(
    'Scrapes without Redis',
    'Scrapes without figures from Redis in time. Above zero: Redis was down or slow.',
    [['sum by (instance, source) (increase(sms_scrape_errors_total[$__rate_interval]))', '{{instance}} {{source}}']],
    { unit: 'short' },
  ),
  lines(
    'Redis memory and its limit',
    'Memory used by Redis and its limit (0: none). When it is full, Redis accepts no writes.',
    [
      ['max(sms_redis_memory_used_bytes)', 'used'],
      ['max(sms_redis_memory_max_bytes)', 'limit'],
    ],
    { unit: 'bytes' },
  ),
  lines(
    'Redis keys evicted',
    'Keys evicted by Redis since its start. Above zero: each may have been a message.',
    [['max(sms_redis_evicted_keys)', 'evicted']],
    { unit: 'short' },
  ),
  lines(
    'Redis data losses',
    'Losses of confirmed data noticed by processes since their start, by kind. Above zero: investigate.',
    [['max by (kind) (sms_redis_data_loss_total)', '{{kind}}']],
    { unit: 'short' },
  ),
  lines(
    'Jobs added again',
    'Jobs added again because another client removed them from a queue while their alert or message had no outcome.',
    [['sum by (queue) (sms_jobs_requeued_total)', '{{queue}}']],
    { unit: 'short' },
  ),
  lines(
    'Redis durability settings',
    '1: so it is. append_only: every write goes to a file; noeviction: nothing is thrown away; last_write: the disk takes it.',
    [['min by (check) (sms_redis_durable)', '{{check}}']],
    { unit: 'none' },
  ),
  lines('Redis up', 'Uptime of Redis; a drop is a restart.', [['max(sms_redis_uptime_seconds)', 'up']], { unit: 's' }),
];

const rows: Row[] = [
  ['Is it OK?', ok],
  ['Flow', flow],
  ['Providers', providers],
  ['Why not sent', whyNot],
  ['Caps and budget', money],
  ['Receipts', receipts],
  ['Machine', machine],
];

/** Is it OK, what flows, how providers do, why a text was not sent, what is left, what arrived, and the machine below. */
export const overviewBoard = () =>
  buildBoard({
    uid: 'sms-dispatch-overview',
    title: 'sms-dispatch overview',
    description: 'Overview of sms-dispatch: health, throughput, providers, and why messages were not sent.',
    variables: [
      labelVariable('queue', 'Queue', 'sms_queue_jobs'),
      labelVariable('provider', 'Provider', 'sms_provider_requests_total'),
      labelVariable('severity', 'Severity', 'sms_messages_total'),
    ],
    links: [boardLink('One provider', 'sms-dispatch-provider')],
    provider: '$provider',
    rows,
  });
