import { boardLink, buildBoard, labelVariable, type Row } from './board.ts';
import { area, badBelow, badFrom, bars, heatmap, lines, type PanelSpec, stat, words } from './panel.ts';
import { providerPanels } from './providers-row.ts';

const severity = 'severity=~"$severity"';
const queue = 'queue=~"$queue"';
const MISSED = 'state=~"failed|expired|unknown"';
const TRIED = 'state=~"accepted|failed|expired|unknown"';
const upOf = (role: string) => [`count(sms_worker_info{role=~"start|${role}"}) or vector(0)`, `${role}s`] as const;
const capLeft = (limit: string) => `max by (cap) (sms_rate_cap_limit{limit="${limit}"}) - max by (cap) (sms_rate_cap_used)`;
const quantile = (q: number) =>
  `histogram_quantile(${q}, sum by (le) (rate(sms_alert_to_accepted_seconds_bucket{${severity}}[$__rate_interval])))`;

const ok: PanelSpec[] = [
  stat(
    'Oldest critical',
    'Age of the oldest critical that waits for a worker. Red means that nobody takes jobs, or not fast enough; deferred texts do not count here.',
    [['max(max by (queue) (sms_oldest_critical_age_seconds{queue=~"sms-alerts|sms-messages"}))', 'age']],
    { unit: 's', decimals: 1, steps: badFrom('SmsOldestCriticalTooOld') },
  ),
  stat(
    'Accepted, 5 min',
    'Texts that a provider accepted in the last five minutes. Zero is right when nobody raised an alert.',
    [[`sum(increase(sms_message_outcomes_total{state="accepted",${severity}}[5m]))`, 'accepted']],
    { unit: 'short', decimals: 0 },
  ),
  stat(
    'Criticals missed, 1 h',
    'Share of the critical texts that we tried to send and that failed, expired or may be lost. Suppressed ones were never tried.',
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
    'Texts of which nobody knows by now whether they went out, and which are not sent again: sms-dispatch unknown list.',
    [['max(sms_messages_unknown)', 'unknown']],
    { unit: 'short', decimals: 0, steps: badFrom('SmsTextsInDoubt') },
  ),
  stat(
    'Suppressed, 1 h',
    "Texts that we decided not to send, in the last hour. The row 'Why not sent' says why.",
    [[`sum(increase(sms_message_outcomes_total{state="suppressed",${severity}}[1h]))`, 'suppressed']],
    { unit: 'short', decimals: 0 },
  ),
  stat(
    'Hour cap left',
    'Texts that the cap over all recipients still leaves in the running hour: to criticals, and to the rest. Empty where there is no such cap.',
    [
      [capLeft('max'), 'criticals'],
      [capLeft('non_critical'), 'the rest'],
    ],
    { unit: 'short', decimals: 0, steps: badBelow('SmsCapExhausted') },
  ),
  stat(
    'Workers up',
    'Processes of each role; one that does everything counts in each.',
    [upOf('receiver'), upOf('router'), upOf('dispatcher')],
    {
      unit: 'short',
      decimals: 0,
      steps: badBelow('SmsDispatcherAbsent'),
    },
  ),
  stat(
    'Configs in force',
    'Different configs that processes run on. More than one: a roll-out under way, or one that stuck.',
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
    'Jobs in the failed set, which wait for a person: sms-dispatch dead list.',
    [[`sum(max by (queue) (sms_queue_jobs{state="failed",${queue}}))`, 'dead']],
    { unit: 'short', decimals: 0, steps: badFrom('SmsDeadLetters') },
  ),
  stat('In flight', 'Texts without an outcome yet, deferred ones included.', [['max(sms_messages_in_flight)', 'in flight']], {
    unit: 'short',
    decimals: 0,
  }),
  stat(
    'Since last accepted',
    "Time since any process had a text accepted. Read it beside 'In flight': long and nothing in flight is quiet, long and something in flight is trouble.",
    [['time() - max(sms_last_accepted_timestamp_seconds > 0)', 'ago']],
    { unit: 's', decimals: 0 },
  ),
  stat(
    'Worst circuit',
    'Of all providers, as the worst off process sees it.',
    [['max(max_over_time(sms_provider_circuit_state[90s]))', 'circuit']],
    { unit: 'none', mappings: words('closed', 'half-open', 'open'), steps: badFrom('SmsCircuitOpen') },
  ),
  stat(
    'Budget used',
    'Share of the hard limit that is spent or reserved, in the period where it is most. Empty where no budget is set.',
    [['max(max by (period) (sms_budget_spent) / max by (period) (sms_budget_limit{limit="hard"}))', 'used']],
    { unit: 'percentunit', decimals: 0, steps: badFrom('SmsBudgetNearlySpent') },
  ),
  stat(
    'Redis keeps all',
    '1 where Redis writes every change to a file, throws nothing away, and its last write worked; 0 where one of these is not so.',
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
    'Share of the memory that Redis may use. Empty where it has no limit of its own.',
    [['max(sms_redis_memory_used_bytes) / max(sms_redis_memory_max_bytes > 0)', 'used']],
    { unit: 'percentunit', decimals: 0, steps: badFrom('SmsRedisMemoryNearlyFull') },
  ),
];

const flow: PanelSpec[] = [
  area(
    'Alerts taken',
    "Alerts taken from the queue, by severity. 'unknown' is a malformed job.",
    [['sum by (severity) (rate(sms_alerts_total{severity=~"$severity|unknown"}[$__rate_interval]))', '{{severity}}']],
    { unit: 'reqps' },
  ),
  area(
    'Messages by outcome',
    'Messages by the first end they reached. Below the axis: what we decided not to send. The line: messages created.',
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
    'Time from receiving the alert to acceptance of the message by a provider. Critical texts are to take less than 60 s.',
    [0.5, 0.95, 0.99].map((q) => [quantile(q), `p${q * 100}`] as const),
    { unit: 's' },
  ),
  heatmap(
    'Alert to accepted, all of them',
    'The same delay as a heat map: a second band is a second cause, such as a cap, a retry or a failover.',
    `sum by (le) (increase(sms_alert_to_accepted_seconds_bucket{${severity}}[$__rate_interval]))`,
    { unit: 's' },
  ),
  lines(
    'Oldest waiting critical',
    'Age of the oldest critical that waits for a worker. Above the line the alert fires.',
    [[`max by (queue) (sms_oldest_critical_age_seconds{${queue}})`, '{{queue}}']],
    { unit: 's', steps: badFrom('SmsOldestCriticalTooOld') },
  ),
  lines(
    'Oldest waiting job by queue',
    'Age of the oldest job that waits for a worker. Above the line the alert fires.',
    [[`max by (queue) (sms_queue_oldest_job_age_seconds{${queue}})`, '{{queue}}']],
    { unit: 's', steps: badFrom('SmsOldestJobTooOld') },
  ),
  lines(
    'Jobs by queue and state',
    'What is in the queues. Delayed jobs are deferred texts and retries that wait for their moment.',
    [[`max by (queue, state) (sms_queue_jobs{${queue}})`, '{{queue}} {{state}}']],
    { unit: 'short' },
  ),
  bars(
    'Notices to channels',
    'What the escalation ladder told chat, e-mail and webhooks. Failed ones are dead: sms-dispatch dead list. Cancelled ones were resolved or acknowledged before their step.',
    [['sum by (channel, result) (increase(sms_notices_total[$__rate_interval]))', '{{channel}} {{result}}']],
    { unit: 'short' },
  ),
  bars(
    'Webhook alerts not taken',
    'Alerts that monitoring systems posted and that are texted to no phone, by reason; the log names each. unknown severity: taken, and read as critical.',
    [
      ['sum by (webhook, reason) (increase(sms_webhook_alerts_refused_total[$__rate_interval]))', '{{webhook}} {{reason}}'],
      ['sum by (webhook) (increase(sms_webhook_unknown_severities_total[$__rate_interval]))', '{{webhook}} unknown severity'],
    ],
    { unit: 'short' },
  ),
  bars(
    'Outgoing events',
    'Events that producers subscribed to, by how they ended. lost: the webhook was away for longer than the journal reaches back.',
    [['sum by (webhook, result) (increase(sms_webhook_events_total[$__rate_interval]))', '{{webhook}} {{result}}']],
    { unit: 'short' },
  ),
];

const drillDown = {
  title: 'This provider',
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
    'Providers of each route that the worst off dispatcher may use now. At 0 the route sends nothing.',
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
    'Alerts that texted nobody, by reason',
    'Alerts that the router suppressed or could not read, and those that came with the id of another alert.',
    [
      ['sum by (outcome, reason) (increase(sms_alert_outcomes_total{outcome!="routed"}[$__rate_interval])) > 0', '{{outcome}}: {{reason}}'],
      ['sum(increase(sms_alert_id_conflicts_total[$__rate_interval])) > 0', 'id reused with other content'],
    ],
    { unit: 'short' },
  ),
  bars(
    'Put off, by reason',
    'Times a text was put off to a later moment, mostly by a cap. It is not lost, and it spends no attempt.',
    [['sum by (reason) (increase(sms_deferred_total[$__rate_interval])) > 0', '{{reason}}']],
    { unit: 'short' },
  ),
  bars(
    'Who sends, and who is held back',
    'Messages accepted, and messages that a cap or a budget held back for the first time, by the source and route of their alerts. It shows who filled a cap.',
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
    'Critical messages that wait because of a cap, a budget or their providers; not those that wait as planned.',
    [['max by (reason) (sms_criticals_held) > 0', '{{reason}}']],
    { unit: 'short' },
  ),
  lines(
    'Longest held critical, by route',
    'How long the critical message that was put off first waits by now.',
    [['max by (route) (sms_critical_held_seconds)', '{{route}}']],
    { unit: 's', steps: badFrom('SmsCriticalsHeld') },
  ),
  lines('Paused queues', '1 while a queue is paused: its workers take nothing.', [['max by (queue) (sms_queue_paused)', '{{queue}}']], {
    unit: 'short',
  }),
  lines(
    'Dead jobs by queue',
    'Jobs in the failed set. A step up is a new one; it goes down when someone replays or discards.',
    [[`max by (queue) (sms_queue_jobs{state="failed",${queue}})`, '{{queue}}']],
    { unit: 'short', steps: badFrom('SmsDeadLetters') },
  ),
  lines(
    'Unknown texts',
    'Texts of which nobody knows whether they went out. It goes down when a receipt, a look-up or a person settles one.',
    [['max(sms_messages_unknown)', 'unknown']],
    { unit: 'short', steps: badFrom('SmsTextsInDoubt') },
  ),
  bars(
    'Acknowledged',
    'Alerts that somebody took care of, by way; what of them still waited was cancelled.',
    [['sum by (by) (increase(sms_acknowledgements_total[$__rate_interval]))', '{{by}}']],
    { unit: 'short' },
  ),
];

const money: PanelSpec[] = [
  lines(
    'Hour cap',
    'What counts in the running hour, beside the limit of criticals (max) and that of the rest (non_critical).',
    [
      ['max by (cap) (sms_rate_cap_used)', '{{cap}} used'],
      ['max by (cap, limit) (sms_rate_cap_limit)', '{{cap}} {{limit}}'],
    ],
    { unit: 'short' },
  ),
  lines(
    'Budgets',
    'Spent, reserved included, and left of the running hour, day and month, beside the limits, in units of money.currency. Empty where no budget is set.',
    [
      ['max by (period) (sms_budget_spent)', '{{period}} spent'],
      ['max by (period) (sms_budget_left)', '{{period}} left'],
      ['max by (period, limit) (sms_budget_limit)', '{{period}} {{limit}}'],
    ],
    { unit: 'short' },
  ),
  lines(
    'Budgets used',
    'Spent share of the hard limit. Above the line the alert fires; at 100 % nothing is sent.',
    [['max by (period) (sms_budget_spent) / max by (period) (sms_budget_limit{limit="hard"})', '{{period}}']],
    { unit: 'percentunit', steps: badFrom('SmsBudgetNearlySpent') },
  ),
  lines(
    'Budgets empty in',
    'Time until nothing is left at the pace of the running period. Shorter than the rest of the period, and texts will wait.',
    [['max by (period) (sms_budget_empty_seconds)', '{{period}}']],
    { unit: 's' },
  ),
  lines(
    'Price of a message, by route',
    'What a message of one segment costs at least, in units of money.currency. Above what is left of a budget, the route sends nothing.',
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
    'Texts from phones',
    'Stop and start, acknowledgements, and what is neither. forged: the signature was wrong.',
    [['sum by (provider, kind) (rate(sms_inbound_total{provider=~"$provider"}[$__rate_interval]))', '{{provider}} {{kind}}']],
    { unit: 'reqps', width: 24 },
  ),
];

const ours = (expr: string) => `${expr} and on (job, instance) sms_worker_info`;
const machine: PanelSpec[] = [
  lines(
    'Processes up',
    'Processes by role and version. Two versions at once is a roll-out under way.',
    [['count by (role, version) (sms_worker_info)', '{{role}} {{version}}']],
    {
      unit: 'short',
    },
  ),
  lines(
    'Event-loop lag p99',
    'How late timers fire. When it nears worker.lock, locks are renewed late and jobs may be taken twice.',
    [[`max by (instance) (${ours('nodejs_eventloop_lag_p99_seconds')})`, '{{instance}}']],
    { unit: 's' },
  ),
  lines(
    'CPU',
    'Cores used by each process. The process is one thread, so 1 is the most.',
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
    'How often each process started anew.',
    [[`sum by (instance) (${ours('changes(process_start_time_seconds[1h])')})`, '{{instance}}']],
    { unit: 'short' },
  ),
  lines(
    'Config',
    '0: the config that was read last was refused and the one before stays in force; the log says why. Age: of the last config that was read and found right.',
    [
      ['min by (instance) (sms_config_last_reload_successful)', '{{instance}} in force'],
      ['count(count_values("hash", sms_config_hash))', 'configs in force'],
      ['(time() - max(sms_config_last_reload_success_timestamp_seconds)) / 86400', 'age, days'],
    ],
    { unit: 'short' },
  ),
  lines(
    'Clock against Redis',
    "How far the clock of each machine is ahead of Redis' clock, and jumps of Redis' own clock. Messages go by Redis' clock.",
    [
      ['max by (instance) (sms_clock_skew_seconds)', '{{instance}} ahead'],
      ['max(increase(sms_clock_jumps_total[$__rate_interval]))', 'jumps of Redis'],
    ],
    { unit: 's' },
  ),
  bars(
    'Log lines dropped',
    'Log lines that a process dropped because its stdout took none: the reader stopped or closed it, or the disk is full.',
    [['sum by (instance) (increase(sms_log_lines_dropped_total[$__rate_interval]))', '{{instance}}']],
    { unit: 'short' },
  ),
  bars(
    'Scrapes without Redis',
    'Scrapes in which Redis gave no figures in time. Anything but zero means that it was away or slow.',
    [['sum by (instance, source) (increase(sms_scrape_errors_total[$__rate_interval]))', '{{instance}} {{source}}']],
    { unit: 'short' },
  ),
  lines(
    'Redis memory and its limit',
    'What Redis uses and may use; a limit of 0 is none. A full one takes no writes.',
    [
      ['max(sms_redis_memory_used_bytes)', 'used'],
      ['max(sms_redis_memory_max_bytes)', 'limit'],
    ],
    { unit: 'bytes' },
  ),
  lines(
    'Redis keys thrown away',
    'Keys that Redis evicted since it started. Anything but zero: each may have been a text.',
    [['max(sms_redis_evicted_keys)', 'evicted']],
    { unit: 'short' },
  ),
  lines(
    'Redis data losses',
    'Losses of confirmed data that processes noticed since they started, by kind. Anything but zero needs a look.',
    [['max by (kind) (sms_redis_data_loss_total)', '{{kind}}']],
    { unit: 'short' },
  ),
  lines(
    'Jobs added again',
    'Jobs that another client removed from a queue while their alert or message had no outcome, and that were added again.',
    [['sum by (queue) (sms_jobs_requeued_total)', '{{queue}}']],
    { unit: 'short' },
  ),
  lines(
    'Redis set up to keep all',
    '1: so it is. append_only: every write goes to a file; noeviction: nothing is thrown away; last_write: the disk takes it.',
    [['min by (check) (sms_redis_durable)', '{{check}}']],
    { unit: 'none' },
  ),
  lines('Redis up', 'Since Redis was started; a drop is a restart.', [['max(sms_redis_uptime_seconds)', 'up']], { unit: 's' }),
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
    description: 'sms-dispatch at a glance: is it OK, what flows, how providers do, why a text was not sent.',
    variables: [
      labelVariable('queue', 'Queue', 'sms_queue_jobs'),
      labelVariable('provider', 'Provider', 'sms_provider_requests_total'),
      labelVariable('severity', 'Severity', 'sms_messages_total'),
    ],
    links: [boardLink('One provider', 'sms-dispatch-provider')],
    provider: '$provider',
    rows,
  });
