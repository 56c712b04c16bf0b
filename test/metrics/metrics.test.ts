import { Registry } from 'prom-client';
import { beforeEach, describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../src/metrics/catalogue.ts';
import { createMetrics, type Metrics } from '../../src/metrics/metrics.ts';
import type { Sources } from '../../src/metrics/series.ts';
import { samples, types } from './samples.ts';
import { findTool, run } from './tools.ts';

const PROVIDERS = ['twilio-main', 'sns'];
const QUEUES = ['sms-alerts', 'sms-messages', 'sms-receipts'];
const idle = { waiting: 0, prioritized: 0, active: 0, delayed: 0, 'waiting-children': 0, failed: 0 };
const sources = {
  inFlight: async () => 0,
  queues: async () => QUEUES.map((queue) => ({ queue, counts: idle, oldestAgeSeconds: 0, oldestCriticalSeconds: 0, paused: false })),
  unknown: async () => 0,
  caps: async () => [{ cap: 'per_hour', used: 0, max: 100, criticalReserve: 20 }],
  redis: async () => ({
    version: '7.0.15',
    uptimeSeconds: 60,
    usedMemoryBytes: 1_000,
    maxMemoryBytes: 0,
    maxMemoryPolicy: 'noeviction',
    evictedKeys: 0,
    appendOnly: true,
    lastWriteOk: true,
  }),
  budgets: async () => [
    { period: 'hour', spent: 1_000_000, reserved: 0, budget: { soft: 5_000_000, hard: 10_000_000 }, sinceMs: 60_000, leftMs: 3_540_000 },
  ],
} satisfies Sources;

let metrics: Metrics;
beforeEach(() => {
  metrics = createMetrics({ providers: PROVIDERS, version: '0.1.0', role: 'dispatcher', sources });
});

/** Series whose value differs between two scrapes, our own only. */
async function changedBy(what: () => void): Promise<Record<string, number>> {
  const before = samples(await metrics.text());
  what();
  const after = samples(await metrics.text());
  const changed = [...after].filter(([series, value]) => series.startsWith('sms_') && before.get(series) !== value);
  return Object.fromEntries(changed);
}

describe('the public names', () => {
  // Typed out from the contract on purpose: renaming one must fail here.
  it.each([
    ['sms_alerts_total', 'counter', 'severity,purpose'],
    ['sms_alert_outcomes_total', 'counter', 'outcome,reason'],
    ['sms_alert_id_conflicts_total', 'counter', ''],
    ['sms_messages_total', 'counter', 'severity'],
    ['sms_message_outcomes_total', 'counter', 'state,reason,severity'],
    ['sms_messages_in_flight', 'gauge', ''],
    ['sms_deferred_total', 'counter', 'reason'],
    ['sms_provider_requests_total', 'counter', 'provider,result,reason'],
    ['sms_provider_request_duration_seconds', 'histogram', 'provider'],
    ['sms_provider_unlisted_codes_total', 'counter', 'provider'],
    ['sms_provider_circuit_state', 'gauge', 'provider'],
    ['sms_retries_total', 'counter', 'provider,reason'],
    ['sms_failovers_total', 'counter', 'from,to'],
    ['sms_unknown_outcomes_total', 'counter', 'provider,resolution'],
    ['sms_segments_total', 'counter', 'provider'],
    ['sms_cost_total', 'counter', 'provider'],
    ['sms_budget_spent', 'gauge', 'period'],
    ['sms_budget_limit', 'gauge', 'period,limit'],
    ['sms_budget_left', 'gauge', 'period'],
    ['sms_budget_empty_seconds', 'gauge', 'period'],
    ['sms_receipts_total', 'counter', 'provider,state'],
    ['sms_acknowledgements_total', 'counter', 'by'],
    ['sms_inbound_total', 'counter', 'provider,kind'],
    ['sms_alert_to_accepted_seconds', 'histogram', 'severity'],
    ['sms_accepted_to_delivered_seconds', 'histogram', 'provider'],
    ['sms_queue_jobs', 'gauge', 'queue,state'],
    ['sms_queue_oldest_job_age_seconds', 'gauge', 'queue'],
    ['sms_last_accepted_timestamp_seconds', 'gauge', ''],
    ['sms_config_last_reload_successful', 'gauge', ''],
    ['sms_config_last_reload_success_timestamp_seconds', 'gauge', ''],
    ['sms_config_hash', 'gauge', ''],
    ['sms_oldest_critical_age_seconds', 'gauge', 'queue'],
    ['sms_messages_unknown', 'gauge', ''],
    ['sms_rate_cap_used', 'gauge', 'cap'],
    ['sms_rate_cap_limit', 'gauge', 'cap,limit'],
    ['sms_jobs_requeued_total', 'counter', 'queue'],
    ['sms_redis_data_loss_total', 'counter', 'kind'],
    ['sms_redis_evicted_keys', 'gauge', ''],
    ['sms_redis_durable', 'gauge', 'check'],
    ['sms_redis_memory_used_bytes', 'gauge', ''],
    ['sms_redis_memory_max_bytes', 'gauge', ''],
    ['sms_redis_uptime_seconds', 'gauge', ''],
  ])('%s is a %s with labels {%s}', async (name, type, labels) => {
    const text = await metrics.text();
    expect(types(text).get(name)).toBe(type);
    const sample = [...samples(text).keys()].find((series) => new RegExp(`^${name}(_bucket)?(\\{|$)`).test(series));
    const found = [...(sample ?? 'absent').matchAll(/(\w+)="/g)].map(([, label]) => label).filter((label) => label !== 'le');
    expect(sample).toBeDefined();
    expect(found.sort().join()).toBe(labels.split(',').sort().join());
  });

  it('are all in the catalogue, and the catalogue is all that is registered', async () => {
    const ours = [...types(await metrics.text()).keys()].filter((name) => name.startsWith('sms_'));
    expect(ours.sort()).toEqual(
      Object.values(CATALOGUE)
        .map(({ name }) => name)
        .sort(),
    );
  });

  it('stand beside the usual ones of a Node process', async () => {
    const names = [...types(await metrics.text()).keys()];
    expect(names).toEqual(
      expect.arrayContaining([
        'process_cpu_seconds_total',
        'process_resident_memory_bytes',
        'nodejs_eventloop_lag_p99_seconds',
        'nodejs_heap_size_used_bytes',
      ]),
    );
  });
});

describe('series', () => {
  it('exist at 0 before anything has happened', async () => {
    const all = samples(await metrics.text());
    const born = [
      'sms_alerts_total{severity="unknown",purpose="unknown"}',
      'sms_alerts_total{severity="info",purpose="verification"}',
      'sms_alert_outcomes_total{outcome="routed",reason="none"}',
      'sms_alert_outcomes_total{outcome="suppressed",reason="below_severity"}',
      'sms_alert_outcomes_total{outcome="malformed",reason="malformed"}',
      'sms_message_outcomes_total{state="accepted",reason="none",severity="critical"}',
      'sms_message_outcomes_total{state="suppressed",reason="rate_cap_recipient",severity="critical"}',
      'sms_message_outcomes_total{state="unknown",reason="unknown_outcome",severity="error"}',
      'sms_message_outcomes_total{state="failed",reason="recipient",severity="info"}',
      'sms_message_outcomes_total{state="failed",reason="malformed",severity="info"}',
      'sms_message_outcomes_total{state="expired",reason="expired",severity="info"}',
      'sms_message_outcomes_total{state="cancelled",reason="resolved",severity="info"}',
      'sms_deferred_total{reason="rate_cap_hour"}',
      'sms_provider_requests_total{provider="sns",result="refused",reason="balance"}',
      'sms_provider_requests_total{provider="sns",result="unknown",reason="unknown_outcome"}',
      'sms_provider_request_duration_seconds_count{provider="twilio-main"}',
      'sms_provider_circuit_state{provider="sns"}',
      'sms_retries_total{provider="sns",reason="unavailable"}',
      'sms_failovers_total{from="sns",to="twilio-main"}',
      'sms_unknown_outcomes_total{provider="sns",resolution="resent"}',
      'sms_segments_total{provider="sns"}',
      'sms_provider_unlisted_codes_total{provider="sns"}',
      ...['forged', 'unreadable', 'early', 'late', 'duplicate', 'reordered'].map(
        (state) => `sms_receipts_total{provider="sns",state="${state}"}`,
      ),
      ...['stop', 'start', 'acknowledged', 'unmatched', 'duplicate', 'forged', 'unreadable'].map(
        (kind) => `sms_inbound_total{provider="sns",kind="${kind}"}`,
      ),
      'sms_acknowledgements_total{by="http"}',
      'sms_message_outcomes_total{state="cancelled",reason="acknowledged",severity="critical"}',
      'sms_alert_to_accepted_seconds_count{severity="warning"}',
      'sms_accepted_to_delivered_seconds_sum{provider="sns"}',
      'sms_messages_in_flight',
      'sms_queue_jobs{queue="sms-messages",state="delayed"}',
      'sms_queue_oldest_job_age_seconds{queue="sms-alerts"}',
      'sms_last_accepted_timestamp_seconds',
      'sms_scrape_errors_total{source="queues"}',
      'sms_scrape_errors_total{source="redis"}',
      'sms_oldest_critical_age_seconds{queue="sms-messages"}',
      'sms_messages_unknown',
      'sms_rate_cap_used{cap="per_hour"}',
    ];
    expect(Object.fromEntries(born.map((series) => [series, all.get(series)]))).toEqual(
      Object.fromEntries(born.map((series) => [series, 0])),
    );
    // Those of a budget, a cap and Redis are what Redis and the config say.
    const notZero = [...all].filter(([series, value]) => /^sms_(?!budget_|rate_cap_limit|redis_)/.test(series) && value !== 0);
    expect(notZero).toEqual([['sms_worker_info{version="0.1.0",role="dispatcher"}', 1]]);
  });

  it('have 10 s and 60 s among the bounds of every duration, because those are the targets', async () => {
    const text = await metrics.text();
    const histograms = [...types(text)].filter(([name, type]) => name.startsWith('sms_') && type === 'histogram');
    expect(histograms).toHaveLength(3);
    for (const [name] of histograms) {
      for (const bound of ['10', '60']) expect(text).toMatch(new RegExp(`^${name}_bucket\\{le="${bound}"`, 'm'));
    }
  });
});

describe('what happens is counted', () => {
  it.each<[string, (m: Metrics) => void, Record<string, number>]>([
    [
      'an alert received',
      (m) => m.alertReceived({ severity: 'critical', purpose: 'alert' }),
      { 'sms_alerts_total{severity="critical",purpose="alert"}': 1 },
    ],
    [
      'an alert suppressed',
      (m) => m.alertSettled({ outcome: 'suppressed', reason: 'duplicate' }),
      { 'sms_alert_outcomes_total{outcome="suppressed",reason="duplicate"}': 1 },
    ],
    ['messages created', (m) => m.messagesCreated('error', 7), { 'sms_messages_total{severity="error"}': 7 }],
    [
      'a message settled',
      (m) => m.messageSettled({ state: 'failed', reason: 'auth', severity: 'info' }),
      { 'sms_message_outcomes_total{state="failed",reason="auth",severity="info"}': 1 },
    ],
    ['a message deferred', (m) => m.deferred('throttled'), { 'sms_deferred_total{reason="throttled"}': 1 }],
    ['a retry', (m) => m.retried('sns', 'throttled'), { 'sms_retries_total{provider="sns",reason="throttled"}': 1 }],
    ['a failover', (m) => m.failedOver('twilio-main', 'sns'), { 'sms_failovers_total{from="twilio-main",to="sns"}': 1 }],
    [
      'an unknown outcome resolved',
      (m) => m.unknownResolved('sns', 'held'),
      { 'sms_unknown_outcomes_total{provider="sns",resolution="held"}': 1 },
    ],
    ['a receipt', (m) => m.receipt('sns', 'delivered'), { 'sms_receipts_total{provider="sns",state="delivered"}': 1 }],
    ['an acknowledgement', (m) => m.acknowledged('reply'), { 'sms_acknowledgements_total{by="reply"}': 1 }],
    ['an inbound text', (m) => m.inbound('sns', 'stop'), { 'sms_inbound_total{provider="sns",kind="stop"}': 1 }],
    ['a code that is in no table', (m) => m.unlistedCode('sns'), { 'sms_provider_unlisted_codes_total{provider="sns"}': 1 }],
    ['an open circuit', (m) => m.circuit('sns', 'open'), { 'sms_provider_circuit_state{provider="sns"}': 2 }],
  ])('%s', async (_name, act, expected) => {
    expect(await changedBy(() => act(metrics))).toEqual(expected);
  });

  it('a request, in its bucket', async () => {
    const changed = await changedBy(() =>
      metrics.providerRequest({ provider: 'sns', result: 'refused', reason: 'throttled', seconds: 12 }),
    );
    expect(changed).toEqual({
      'sms_provider_requests_total{provider="sns",result="refused",reason="throttled"}': 1,
      'sms_provider_request_duration_seconds_bucket{le="15",provider="sns"}': 1,
      'sms_provider_request_duration_seconds_bucket{le="30",provider="sns"}': 1,
      'sms_provider_request_duration_seconds_bucket{le="60",provider="sns"}': 1,
      'sms_provider_request_duration_seconds_bucket{le="+Inf",provider="sns"}': 1,
      'sms_provider_request_duration_seconds_sum{provider="sns"}': 12,
      'sms_provider_request_duration_seconds_count{provider="sns"}': 1,
    });
  });

  it('a request whose worker crashed: counted, but without a duration', async () => {
    const changed = await changedBy(() => metrics.providerRequest({ provider: 'sns', result: 'unknown', reason: 'unknown_outcome' }));
    expect(changed).toEqual({ 'sms_provider_requests_total{provider="sns",result="unknown",reason="unknown_outcome"}': 1 });
  });

  it('an accepted text: its segments, its cost, its delay, and the time of the latest one', async () => {
    const text = (at: string) =>
      ({ provider: 'sns', severity: 'critical', segments: 2, seconds: 3000, at: new Date(at), cost: 0.0125 }) as const;
    const changed = await changedBy(() => {
      metrics.accepted(text('2026-11-20T03:00:10Z'));
      metrics.accepted(text('2026-11-20T03:00:00Z'));
    });
    expect(changed).toEqual({
      'sms_segments_total{provider="sns"}': 4,
      'sms_cost_total{provider="sns"}': 0.025,
      'sms_alert_to_accepted_seconds_bucket{le="3600",severity="critical"}': 2,
      'sms_alert_to_accepted_seconds_bucket{le="+Inf",severity="critical"}': 2,
      'sms_alert_to_accepted_seconds_sum{severity="critical"}': 6000,
      'sms_alert_to_accepted_seconds_count{severity="critical"}': 2,
      sms_last_accepted_timestamp_seconds: Date.parse('2026-11-20T03:00:10Z') / 1000,
    });
  });

  it('a provider that the config no longer names, under "other", so that no caller can add labels', async () => {
    const changed = await changedBy(() => {
      metrics.receipt('+60123456789', 'unmatched');
      metrics.retried('gone', 'unavailable');
    });
    expect(changed).toEqual({
      'sms_receipts_total{provider="other",state="unmatched"}': 1,
      'sms_retries_total{provider="other",reason="unavailable"}': 1,
    });
  });

  it('never throws and never spoils a sum when clocks or vendors give nonsense', async () => {
    const changed = await changedBy(() => {
      metrics.accepted({ provider: 'sns', severity: 'info', segments: Number.NaN, seconds: Number.NaN, at: new Date('nonsense') });
      metrics.delivered('sns', -3);
      metrics.delivered('twilio-main', Number.POSITIVE_INFINITY);
    });
    expect(changed['sms_accepted_to_delivered_seconds_count{provider="sns"}']).toBe(1);
    expect(Object.values(changed).every(Number.isFinite)).toBe(true);
    expect(Object.keys(changed).every((series) => series.includes('sms_accepted_to_delivered_seconds') && series.includes('sns'))).toBe(
      true,
    );
  });
});

describe('a new config', () => {
  it('brings providers whose series are born at 0, and takes nothing from those that were there', async () => {
    metrics.providerRequest({ provider: 'sns', result: 'accepted', reason: 'none', seconds: 1 });
    metrics.receipt('newcomer', 'delivered');
    metrics.learn(['sns', 'newcomer']);
    metrics.receipt('newcomer', 'pending');
    const all = samples(await metrics.text());
    expect(all.get('sms_provider_request_duration_seconds_count{provider="sns"}')).toBe(1);
    expect(all.get('sms_provider_request_duration_seconds_count{provider="newcomer"}')).toBe(0);
    expect(all.get('sms_failovers_total{from="twilio-main",to="newcomer"}')).toBe(0);
    expect(all.get('sms_receipts_total{provider="other",state="delivered"}')).toBe(1);
    expect(all.get('sms_receipts_total{provider="newcomer",state="pending"}')).toBe(1);
  });

  it('begins with every circuit closed, and without those of providers that it lacks', async () => {
    metrics.circuit('sns', 'open');
    metrics.learn(['sns', 'newcomer']);
    metrics.circuitsOf(['sns', 'newcomer']);
    const circuits = [...samples(await metrics.text())].filter(([series]) => series.startsWith('sms_provider_circuit_state'));
    expect(circuits).toEqual([
      ['sms_provider_circuit_state{provider="sns"}', 0],
      ['sms_provider_circuit_state{provider="newcomer"}', 0],
    ]);
  });

  it('shows whether it holds, since when, and its hash; one that is refused changes but the first', async () => {
    metrics.configActivated('0000000000ff', new Date('2026-11-20T03:00:00Z'));
    metrics.configRejected();
    const config = [...samples(await metrics.text())].filter(([series]) => series.startsWith('sms_config'));
    expect(Object.fromEntries(config)).toEqual({
      sms_config_last_reload_successful: 0,
      sms_config_last_reload_success_timestamp_seconds: Date.parse('2026-11-20T03:00:00Z') / 1000,
      sms_config_hash: 255,
    });
  });
});

it('shares a registry that has process metrics already', async () => {
  const registry = new Registry();
  createMetrics({ providers: [], version: '1', role: 'router', registry });
  for (const { name } of Object.values(CATALOGUE)) registry.removeSingleMetric(name);
  const second = createMetrics({ providers: ['sns'], version: '1', role: 'router', registry });
  expect(samples(await second.text()).get('sms_segments_total{provider="sns"}')).toBe(0);
  expect(second.contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
});

const promtool = findTool('promtool');
it.skipIf(promtool === undefined)('promtool has nothing to say about it', async () => {
  metrics.accepted({ provider: 'sns', severity: 'critical', segments: 1, seconds: 1, at: new Date() });
  expect(run(promtool as string, ['check', 'metrics'], await metrics.text())).toEqual({ code: 0, output: '' });
});

it('costs a text little: the whole of its counting stays under 10 µs of processor time', () => {
  const at = new Date();
  const count = () => {
    metrics.alertReceived({ severity: 'critical', purpose: 'alert' });
    metrics.alertSettled({ outcome: 'routed', reason: 'none' });
    metrics.messagesCreated('critical', 1);
    metrics.providerRequest({ provider: 'sns', result: 'accepted', reason: 'none', seconds: 0.2 });
    metrics.accepted({ provider: 'sns', severity: 'critical', segments: 1, seconds: 0.3, at });
    metrics.messageSettled({ state: 'accepted', reason: 'none', severity: 'critical' });
  };
  const rounds = Array.from({ length: 4 }, () => {
    const before = process.cpuUsage();
    for (let i = 0; i < 20_000; i++) count();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 20_000;
  });
  expect(Math.min(...rounds)).toBeLessThan(10);
});
