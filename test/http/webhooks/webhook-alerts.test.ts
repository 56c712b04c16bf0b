import { describe, expect, test } from 'vitest';
import { alertSchema } from '../../../src/alert/alert.ts';
import { alertsFromAlertmanager } from '../../../src/http/webhooks/alerts-from-alertmanager.ts';
import { alertsFromGrafana } from '../../../src/http/webhooks/alerts-from-grafana.ts';
import { MAX_WEBHOOK_TEXT } from '../../../src/http/webhooks/webhook-alerts.ts';
import { alertmanagerCall, firing, grafanaCall, resolved, w1, w2 } from '../payloads.ts';

const to = ['group:oncall'];
const read = (entry: unknown, receiver = 'sms', recipients = to) =>
  alertsFromAlertmanager({ ...alertmanagerCall([]), receiver, alerts: [entry] }, { to: recipients });
const only = (entry: unknown, receiver?: string, recipients?: string[]) => {
  const [first] = read(entry, receiver, recipients).alerts;
  if (first === undefined) throw new Error('nothing was made of it');
  return first.alert;
};

test('an alert of Alertmanager becomes one of ours', () => {
  const { alerts, rejected, left } = alertsFromAlertmanager(alertmanagerCall([firing(w1)]), { to });
  expect({ rejected, left }).toEqual({ rejected: [], left: { bySender: 0, byUs: 0 } });
  expect(alerts).toEqual([
    {
      index: 0,
      alert: {
        id: expect.stringMatching(/^alertmanager-[\w-]{22}$/),
        dedupKey: expect.stringMatching(/^alertmanager\/3474199f57c8e03d\/[\w-]{22}$/),
        severity: 'critical',
        status: 'firing',
        to,
        text: 'Latency is high on web-1',
        source: 'api',
        instance: 'web-1:443',
        labels: w1.labels,
        raisedAt: '2026-11-20T15:38:46.232Z',
      },
    },
  ]);
  expect(alertSchema.parse(alerts[0]?.alert)).toBeDefined();
});

test('a resolved alert needs no recipient, and has the key of its firing but not its id', () => {
  const before = only(firing(w1));
  const after = only(resolved(w1));
  expect(after.status).toBe('resolved');
  expect(after.to).toBeUndefined();
  expect(after.dedupKey).toBe(before.dedupKey);
  expect(after.id).not.toBe(before.id);
  expect(alertSchema.parse(after)).toBeDefined();
});

describe('the sequence captured from a live Alertmanager', () => {
  const calls = [[firing(w1)], [firing(w1), firing(w2)], [firing(w1), firing(w2)], [resolved(w1), firing(w2)]];
  const seen = calls.map((alerts) => alertsFromAlertmanager(alertmanagerCall(alerts), { to }).alerts.map(({ alert }) => alert));

  test('has three alerts in its seven entries: w1, w2 and the end of w1', () => {
    const ids = seen.map((alerts) => alerts.map(({ id }) => id));
    const [[a] = [], [, b] = [], , [end] = []] = ids;
    expect(ids).toEqual([[a], [a, b], [a, b], [end, b]]);
    expect(new Set([a, b, end]).size).toBe(3);
  });

  test('is read per alert: the last call is "firing" and resolves w1', () => {
    expect(alertmanagerCall(calls[3] ?? []).status).toBe('firing');
    expect(seen.map((alerts) => alerts.map(({ status }) => status))).toEqual([
      ['firing'],
      ['firing', 'firing'],
      ['firing', 'firing'],
      ['resolved', 'firing'],
    ]);
  });
});

describe('the id', () => {
  const id = only(firing(w1)).id;

  test.each([
    ['annotations', { annotations: { summary: 'Something else' } }],
    ['an end while it fires, as Prometheus extends it', { endsAt: '2026-11-20T15:50:00Z' }],
    ['the URL of the other half of the pair', { generatorURL: 'http://prometheus-2:9090/graph' }],
  ])('stays the same with other %s', (_name, change) => {
    expect(only({ ...firing(w1), ...change }).id).toBe(id);
  });

  test.each([
    ['fingerprint', () => only({ ...firing(w1), fingerprint: 'ffff' }).id],
    ['start, even by a nanosecond', () => only({ ...firing(w1), startsAt: '2026-11-20T15:38:46.232497504Z' }).id],
    ['receiver', () => only(firing(w1), 'managers').id],
    ['recipients', () => only(firing(w1), 'sms', ['group:managers']).id],
  ])('is another with another %s', (_name, other) => {
    expect(other()).not.toBe(id);
  });

  test('of a resolved alert is another with another end', () => {
    expect(only({ ...resolved(w1), endsAt: '2026-11-20T16:00:00Z' }).id).not.toBe(only(resolved(w1)).id);
  });

  test('does not depend on the order of the recipients', () => {
    expect(only(firing(w1), 'sms', ['contact:a', 'contact:b'])).toMatchObject({
      id: only(firing(w1), 'sms', ['contact:b', 'contact:a']).id as string,
    });
  });

  test('is random without a start time, because a second firing could not be distinguished from the first', () => {
    const alert = only({ ...firing(w1), startsAt: undefined });
    expect(alert.id).toBeUndefined();
    expect(alert.dedupKey).toBe(only(firing(w1)).dedupKey);
  });

  test('is made of the labels where there is no fingerprint, in any order', () => {
    const { fingerprint: _none, ...plain } = firing(w1);
    const turned = { ...plain, labels: Object.fromEntries(Object.entries(plain.labels).reverse()) };
    expect(only(plain).id).toBe(only(turned).id);
    expect(only(plain).id).not.toBe(only({ ...plain, labels: { ...plain.labels, job: 'other' } }).id);
  });

  test('and key hold no phone number', () => {
    const alert = only(firing(w1), 'sms', ['+60123456789']);
    expect(`${alert.id} ${alert.dedupKey}`).not.toContain('60123456789');
  });

  test('of the most unusual alert is still one', () => {
    const alert = only({ ...firing(w1), fingerprint: 'é/:'.repeat(40) }, 'é \u0000');
    expect(alertSchema.parse(alert)).toMatchObject({ id: alert.id });
  });
});

describe('the severity', () => {
  test.each([
    ['critical', 'critical'],
    ['page', 'critical'],
    ['Warning', 'warning'],
    ['none', 'info'],
    ['error', 'error'],
    ['P1', 'critical'],
    ['disaster', 'critical'],
    ['informational', 'info'],
    ['Average', 'warning'],
    ['scary', 'critical'],
    ['', 'critical'],
    [undefined, 'critical'],
  ])('label %j is %s: an unknown word must not prevent a message', (label, expected) => {
    expect(only({ ...firing(w1), labels: { alertname: 'X', ...(label === undefined ? {} : { severity: label }) } }).severity).toBe(
      expected,
    );
  });
});

describe('the text', () => {
  const textOf = (annotations: Record<string, string> | null, labels: Record<string, string> = w1.labels) =>
    only({ ...firing(w1), annotations, labels }).text;

  test.each([
    ['the summary first', { summary: 'S', description: 'D', message: 'M' }, 'S'],
    ['then the description', { summary: ' ', description: 'D', message: 'M' }, 'D'],
    ['then the message', { message: 'M' }, 'M'],
    ['on one line', { summary: 'VALUE = 12\n  LABELS = a' }, 'VALUE = 12 LABELS = a'],
    ['else name and labels', {}, 'HighLatency (job=api, which=w1)'],
  ])('is %s', (_name, annotations, expected) => {
    expect(textOf(annotations)).toBe(expected);
  });

  test('without annotations and a name is what there is', () => {
    expect(textOf(null, { severity: 'critical', instance: 'web-1', __alert_rule_uid__: 'x' })).toBe('web-1');
    expect(textOf(null, { team: 'payments' })).toBe('(team=payments)');
  });

  test('is cut to what fits two parts, between characters, without a character that makes all of it UCS-2', () => {
    const text = textOf({ summary: '\u{1f600}'.repeat(400) }) as string;
    expect(text.length).toBeLessThanOrEqual(MAX_WEBHOOK_TEXT);
    expect(text).toMatch(/^\u{1f600}+\.\.\.$/u);
  });
});

describe('what is out of the ordinary', () => {
  test('labels and names are bounded, and the alert is still valid', () => {
    const labels = {
      ...Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`label_${n}`, 'x'.repeat(5000)])),
      ['k'.repeat(300)]: 'v',
    };
    const alert = only({ ...firing(w1), labels: { alertname: 'A', instance: 'i'.repeat(999), job: 'j'.repeat(999), ...labels } });
    expect(Object.keys(alert.labels ?? {})).toHaveLength(64);
    expect(Math.max(...Object.values(alert.labels ?? {}).map((value) => value.length))).toBe(1024);
    expect(alertSchema.parse(alert)).toMatchObject({ instance: 'i'.repeat(256), source: 'j'.repeat(256) });
  });

  test.each([
    ['the year 1', '0001-01-01T00:00:00Z', undefined],
    ['words', 'yesterday', undefined],
    ['nothing', null, undefined],
    ['another zone', '2026-11-20T23:38:46.5+08:00', '2026-11-20T15:38:46.500Z'],
  ])('a start of %s makes raisedAt %s', (_name, startsAt, raisedAt) => {
    expect(only({ ...firing(w1), startsAt }).raisedAt).toBe(raisedAt);
  });

  test('the receiver is the source where there is no job, and neither is needed', () => {
    expect(only({ labels: { alertname: 'X' } }).source).toBe('sms');
    expect(alertSchema.parse(only({ labels: { alertname: 'X' } }, '')).source).toBeUndefined();
  });

  test('one bad entry does not take the others with it, and keeps its position', () => {
    const entries = [
      firing(w1),
      'x',
      { ...firing(w2), status: 'strange' },
      { status: 'firing' },
      { ...firing(w2), labels: [] },
      firing(w2),
    ];
    const { alerts, rejected } = alertsFromAlertmanager(alertmanagerCall(entries), { to });
    expect(alerts.map(({ index }) => index)).toEqual([0, 2, 3, 4, 5]);
    expect(rejected).toEqual([
      { index: 1, reason: 'not_an_alert', errors: [{ path: '', message: 'must be a JSON object with labels and annotations, got "x"' }] },
    ]);
  });

  test.each([1e9, 1e308, '60198765432'])('a count of %s left out is no more than one call can have left out', (truncatedAlerts) => {
    expect(alertsFromAlertmanager({ ...alertmanagerCall([firing(w1)]), truncatedAlerts }, { to }).left.bySender).toBe(100_000);
  });

  test('omitted values are reported', () => {
    expect(alertsFromAlertmanager({ ...alertmanagerCall([firing(w1)]), truncatedAlerts: 3 }, { to }).left.bySender).toBe(3);
  });

  test.each([
    ['null', null],
    ['no alerts', { status: 'firing' }],
    ['alerts that are no list', { alerts: {} }],
  ])('%s is no payload at all', (_name, payload) => {
    expect(() => alertsFromAlertmanager(payload, { to })).toThrow('not the webhook payload of Alertmanager');
    expect(() => alertsFromGrafana(payload, { to })).toThrow('not the webhook payload of Grafana');
  });
});

describe('Grafana', () => {
  test('alerts are read like those of Alertmanager, under ids of their own', () => {
    const [first] = alertsFromGrafana(grafanaCall([firing(w1)]), { to }).alerts;
    expect(first?.alert).toMatchObject({ status: 'firing', severity: 'critical', text: 'Latency is high on web-1', to });
    expect(first?.alert.id).toMatch(/^grafana-/);
    expect(first?.alert.dedupKey).toMatch(/^grafana\/3474199f57c8e03d\//);
  });

  test.each([
    ['alerting', 'firing'],
    ['ok', 'resolved'],
    ['Normal', 'resolved'],
  ])('status %s is %s', (status, expected) => {
    expect(alertsFromGrafana(grafanaCall([{ ...firing(w1), status }]), { to }).alerts[0]?.alert.status).toBe(expected);
  });

  test('two organisations do not share alerts', () => {
    const id = (orgId: number) => alertsFromGrafana({ ...grafanaCall([firing(w1)]), orgId }, { to }).alerts[0]?.alert;
    expect(id(1)?.id).not.toBe(id(2)?.id);
    expect(id(1)?.dedupKey).not.toBe(id(2)?.dedupKey);
  });

  test('numbers among labels are read as text, and unknown fields are ignored', () => {
    const odd = { ...firing(w1), labels: { alertname: 'X', shard: 3, nested: {} }, annotations: null, values: { B: 22.5 }, orgId: 1 };
    const [first] = alertsFromGrafana(grafanaCall([odd]), { to }).alerts;
    expect(first?.alert).toMatchObject({ labels: { alertname: 'X', shard: '3' }, text: 'X (shard=3)' });
  });
});

describe('the one alert of legacy alerting of Grafana', () => {
  const legacy = {
    dashboardId: 1,
    evalMatches: [{ value: 100, metric: 'High value', tags: null }],
    imageUrl: 'https://grafana.com/assets/img/blog/mixed_styles.png',
    message: 'Notification Message',
    orgId: 1,
    panelId: 2,
    ruleId: 7,
    ruleName: 'Panel Title alert',
    ruleUrl: 'http://localhost:3000/d/hZ7BuVbWz?tab=alert',
    state: 'alerting',
    tags: { severity: 'P1' },
    title: '[Alerting] Panel Title alert',
  };
  const read = (over: object = {}) => alertsFromGrafana({ ...legacy, ...over }, { to }).alerts[0]?.alert;

  test('is read, and its recovery resolves it', () => {
    expect(alertSchema.safeParse(read())).toMatchObject({ success: true });
    expect(read()).toMatchObject({ status: 'firing', severity: 'critical', to, text: 'Panel Title alert: Notification Message' });
    expect(read({ state: 'ok', message: '' })).toMatchObject({ status: 'resolved', dedupKey: read()?.dedupKey });
    expect(read({ state: 'pending', message: 'changed' })?.dedupKey).toBe(read()?.dedupKey);
  });

  test.each([
    [{ message: '' }, 'Panel Title alert'],
    [{ message: null }, 'Panel Title alert'],
    [{ message: 'Panel Title alert: too hot' }, 'Panel Title alert: too hot'],
    [{ state: 'no_data' }, 'NoData: Panel Title alert: Notification Message'],
    [{ state: 'no_data', message: '' }, 'NoData: Panel Title alert'],
    [{ tags: [] }, 'Panel Title alert: Notification Message'],
  ])('with %j returns %j', (over, text) => {
    expect(read(over)).toMatchObject({ status: 'firing', severity: 'critical', text });
  });

  test.each([{ ruleId: 8 }, { ruleName: 'Other alert' }, { orgId: 2 }])('is another one with %j', (over) => {
    expect(read(over)?.dedupKey).not.toBe(read()?.dedupKey);
  });

  test.each([{ ruleName: '' }, { ruleName: null }])('with %j is no payload of Grafana', (over) => {
    expect(() => read(over)).toThrow('This is not the webhook payload of Grafana');
  });
});

describe('a side field that cannot be read is left out, and costs no alert', () => {
  const without = ({ alert: { remarks: _remarks, ...alert } }: { alert: object & { remarks?: unknown } }) => alert;

  test.each<[name: string, change: Record<string, unknown>, expected: Record<string, unknown>]>([
    ['an empty fingerprint', { fingerprint: '' }, { dedupKey: expect.stringMatching(/^alertmanager\/[\w-]{22}\//) }],
    ['a number as fingerprint', { fingerprint: 12345 }, { dedupKey: expect.stringMatching(/^alertmanager\/12345\//) }],
    ['a list as fingerprint', { fingerprint: ['a'] }, { dedupKey: expect.stringMatching(/^alertmanager\/[\w-]{22}\//) }],
    ['a fingerprint of 585 characters', { fingerprint: 'a=b,'.repeat(147) }, { dedupKey: expect.stringMatching(/^.{20,100}$/) }],
    ['a start in seconds', { startsAt: 1_795_143_600 }, { raisedAt: '2026-11-20T03:00:00.000Z' }],
    ['a start in milliseconds', { startsAt: 1_795_143_600_500 }, { raisedAt: '2026-11-20T03:00:00.500Z' }],
    ['a start in milliseconds as text', { startsAt: '1795143600500' }, { raisedAt: '2026-11-20T03:00:00.500Z' }],
    ['a start in lower case', { startsAt: '2026-11-20t03:00:00z' }, { raisedAt: '2026-11-20T03:00:00.000Z' }],
    ['a start in the year 1', { startsAt: '0001-01-01T00:00:00Z' }, { raisedAt: undefined, id: undefined }],
    ['a start of no form', { startsAt: { a: 1 } }, { raisedAt: undefined, id: undefined }],
    ['an end of no form', { endsAt: 'soon' }, { raisedAt: '2026-11-20T15:38:46.232Z' }],
    ['a status of null', { status: null }, { status: 'firing' }],
    ['an empty status', { status: '' }, { status: 'firing' }],
    ['a status of no form', { status: ['resolved'] }, { status: 'firing' }],
    ['a status in capitals', { status: 'FIRING ' }, { status: 'firing' }],
    ['a status of the API', { status: { state: 'active', silencedBy: [] } }, { status: 'firing' }],
    ['labels in a list', { labels: [] }, { labels: {}, text: 'Latency is high on web-1' }],
    ['labels of null', { labels: null }, { labels: {} }],
    [
      'numbers, booleans and more among labels',
      { labels: { a: 1, b: true, c: null, d: { e: 1 }, f: [1] } },
      { labels: { a: '1', b: 'true' } },
    ],
    ['annotations in a list', { annotations: [] }, { text: 'HighLatency (job=api, which=w1)' }],
    ['a number as summary', { annotations: { summary: 503 } }, { text: '503' }],
    ['a summary of what no phone shows', { annotations: { summary: '\u0000\u0007' } }, { text: 'HighLatency (job=api, which=w1)' }],
    ['nothing but a severity', { labels: { severity: 'warning' }, annotations: {} }, { text: 'severity=warning', severity: 'warning' }],
  ])('%s', (_name, change, expected) => {
    const call = { ...alertmanagerCall([]), status: 'firing', alerts: [{ ...firing(w1), ...change }] };
    const { alerts, rejected } = alertsFromAlertmanager(call, { to });
    expect(rejected).toEqual([]);
    expect({ id: undefined, raisedAt: undefined, ...without(alerts[0] as never) }).toMatchObject(expected);
    expect(alertSchema.safeParse(alerts[0]?.alert).error).toBeUndefined();
  });

  test('two alerts whose labels differ in what is left out stay two', () => {
    const { fingerprint: _none, ...plain } = firing(w1);
    const of = (pod: unknown) => only({ ...plain, labels: { ...plain.labels, pod } });
    expect(of({ name: 'a' }).id).not.toBe(of({ name: 'b' }).id);
    expect(of({ name: 'a' }).labels).toEqual(of({ name: 'b' }).labels);
  });

  test('an unknown status is a remark in the history', () => {
    expect(only({ ...firing(w1), status: 'strange' })).toMatchObject({
      status: 'firing',
      remarks: ['unknown status "strange": treated as firing'],
    });
  });

  test('a resolved alert needs nothing to say, only its key', () => {
    expect(only({ status: 'resolved', fingerprint: 'abc' })).toMatchObject({
      status: 'resolved',
      dedupKey: expect.stringMatching(/^alertmanager\/abc/),
    });
    expect(alertsFromAlertmanager({ alerts: [{ status: 'resolved' }] }, { to }).rejected).toMatchObject([{ reason: 'no_text' }]);
  });

  test('values of the call apply to alerts without their own', () => {
    const call = { ...alertmanagerCall([{ fingerprint: 'a' }]), commonAnnotations: { summary: 'Disk full' } };
    expect(alertsFromAlertmanager(call, { to }).alerts[0]?.alert.text).toBe('Disk full');
  });
});

describe('the status of the call', () => {
  const statusOf = (call: unknown, entry: object) =>
    alertsFromAlertmanager({ ...alertmanagerCall([]), status: call, alerts: [{ ...w1, ...entry }] }, { to }).alerts[0]?.alert.status;

  test.each<[call: unknown, entry: object, status: string]>([
    ['resolved', {}, 'resolved'],
    ['resolved', { status: null }, 'resolved'],
    ['resolved', { status: '' }, 'resolved'],
    ['RESOLVED', {}, 'resolved'],
    ['ok', {}, 'resolved'],
    ['resolved', { status: 'firing' }, 'firing'],
    ['resolved', { status: 'strange' }, 'firing'],
    ['firing', { status: 'resolved' }, 'resolved'],
    ['firing', {}, 'firing'],
    [undefined, {}, 'firing'],
    [7, {}, 'firing'],
  ])('%j with an entry of %j: %s', (call, entry, status) => {
    expect(statusOf(call, entry)).toBe(status);
  });

  test('may be called state, as Grafana does', () => {
    expect(alertsFromGrafana({ state: 'ok', alerts: [w1] }, { to }).alerts[0]?.alert.status).toBe('resolved');
  });
});

describe('an alert about a rule that gave no value does not read like the alert of the rule', () => {
  const summary = 'CPU above 90 % on web-1';
  const textOf = (labels: Record<string, string>, annotations: Record<string, string> = { summary }) =>
    [alertsFromGrafana, alertsFromAlertmanager].map(
      (reader) => reader({ alerts: [{ ...firing(w1), labels, annotations }] }, { to }).alerts[0]?.alert.text,
    );

  test.each<[labels: Record<string, string>, annotations: Record<string, string> | undefined, text: string]>([
    [{ alertname: 'DatasourceError', rulename: 'HighCPU' }, undefined, `DatasourceError: HighCPU: ${summary}`],
    [{ alertname: 'DatasourceNoData', rulename: 'HighCPU' }, undefined, `DatasourceNoData: HighCPU: ${summary}`],
    [{ alertname: 'DatasourceNoData' }, undefined, `DatasourceNoData: ${summary}`],
    [{ alertname: 'DatasourceError', rulename: 'HighCPU' }, { description: 'D' }, 'DatasourceError: HighCPU: D'],
    [{ alertname: 'HighCPU' }, { summary, grafana_state_reason: 'NoData' }, `NoData: HighCPU: ${summary}`],
    [{ alertname: 'HighCPU' }, { summary, grafana_state_reason: 'Error' }, `Error: HighCPU: ${summary}`],
    [{ alertname: 'HighCPU' }, { summary, grafana_state_reason: 'Updated' }, summary],
    [{ alertname: 'HighCPU' }, undefined, summary],
  ])('%j %j', (labels, annotations, text) => {
    expect(textOf(labels, annotations)).toEqual([text, text]);
  });
});
