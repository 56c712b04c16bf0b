import { describe, expect, test } from 'vitest';
import { RedisUnavailableError } from '../../../src/redis/unavailable.ts';
import { Secret } from '../../../src/setting/secret.ts';
import { until } from '../../support/until.ts';
import { alertmanagerCall, firing, grafanaCall, resolved, w1, w2 } from '../payloads.ts';
import { openTestServer, problemOf } from '../test-server.ts';

const ALERTMANAGER = '/v1/webhooks/alertmanager';
const GRAFANA = '/v1/webhooks/grafana';
const TO = '?to=group:oncall';

test('the sequence captured from a live Alertmanager, posted by both halves of a pair, is three alerts', async () => {
  const server = await openTestServer();
  const calls = [[firing(w1)], [firing(w1), firing(w2)], [firing(w1), firing(w2)], [resolved(w1), firing(w2)]];
  const duplicates: boolean[][] = [];
  for (const call of calls) {
    for (const peer of ['http://vm-1:9093', 'http://vm-2:9093']) {
      const response = await server.post(ALERTMANAGER + TO, { ...alertmanagerCall(call), externalURL: peer });
      expect(response.status).toBe(200);
      const { accepted, rejected } = (await response.json()) as { accepted: { duplicate: boolean }[]; rejected: unknown[] };
      expect(rejected).toEqual([]);
      duplicates.push(accepted.map(({ duplicate }) => duplicate));
    }
  }
  const same = true;
  expect(duplicates).toEqual([[false], [same], [same, false], [same, same], [same, same], [same, same], [false, same], [same, same]]);
  const [first, second, end] = server.producer.taken;
  expect(server.producer.taken.map(({ status, text, to }) => [status, text, to])).toEqual([
    ['firing', 'Latency is high on web-1', ['group:oncall']],
    ['firing', 'Latency is high on web-2', ['group:oncall']],
    ['resolved', 'Latency is high on web-1', undefined],
  ]);
  expect(end?.dedupKey).toBe(first?.dedupKey);
  expect(second?.dedupKey).not.toBe(first?.dedupKey);
});

describe('Grafana', () => {
  test('firing, repeated with other values, joined by a second and resolved, is two alerts and their ends', async () => {
    const server = await openTestServer();
    const measured = (alert: object, value: number) => ({ ...alert, values: { B: value }, valueString: `[ var='B' value=${value} ]` });
    const calls = [
      [firing(w1)],
      [measured(firing(w1), 91)],
      [firing(w1), firing(w2)],
      [resolved(w1), firing(w2)],
      [resolved(w1), resolved(w2)],
    ];
    for (const call of calls) {
      const response = await server.post(GRAFANA + TO, grafanaCall(call));
      expect([response.status, await response.json()]).toMatchObject([200, { rejected: [] }]);
    }
    const [first, second, end, lastEnd] = server.producer.taken;
    expect(server.producer.taken.map(({ status, to }) => [status, to])).toEqual([
      ['firing', ['group:oncall']],
      ['firing', ['group:oncall']],
      ['resolved', undefined],
      ['resolved', undefined],
    ]);
    expect([end?.dedupKey, lastEnd?.dedupKey]).toEqual([first?.dedupKey, second?.dedupKey]);
  });

  test('is read by its alerts, not by the state of the call', async () => {
    const server = await openTestServer();
    await server.post(GRAFANA + TO, { ...grafanaCall([firing(w1)]), state: 'ok', status: 'resolved', title: '[RESOLVED]' });
    expect(server.producer.taken).toMatchObject([{ status: 'firing' }]);
  });

  test('is understood when a rule has no data, no annotations, and a template of ours leaves the rest out', async () => {
    const server = await openTestServer();
    const noData = {
      status: 'firing',
      labels: { alertname: 'DatasourceNoData', grafana_folder: 'Ops', rulename: 'Latency', datasource_uid: 'x', ref_id: 'A' },
      annotations: {},
      startsAt: '2026-11-20T15:38:40Z',
      endsAt: '0001-01-01T00:00:00Z',
      fingerprint: '3d1b7f6b2f0c9a11',
      silenceURL: '',
      dashboardURL: '',
      panelURL: '',
      imageURL: '',
      values: null,
      valueString: '',
      orgId: 1,
    };
    expect((await server.post(GRAFANA + TO, { alerts: [noData] })).status).toBe(200);
    expect((await server.post(GRAFANA + TO, { alerts: [{ labels: { alertname: 'Latency' } }], state: null, orgId: null })).status).toBe(
      200,
    );
    expect(server.producer.taken.map(({ text, severity, source }) => [text, severity, source])).toEqual([
      ['DatasourceNoData (grafana_folder=Ops, rulename=Latency, datasource_uid=x, ref_id=A)', 'critical', undefined],
      ['Latency', 'critical', undefined],
    ]);
  });

  test('is answered in the same way as Alertmanager', async () => {
    const server = await openTestServer();
    const response = await server.post(GRAFANA + TO, grafanaCall([firing(w1), resolved(w2)]));
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ accepted: [{ index: 0 }, { index: 1 }], rejected: [] });
    expect(server.producer.taken.map(({ status }) => status)).toEqual(['firing', 'resolved']);
  });
});

describe('recipients', () => {
  test.each([
    ['one', '?to=contact:alice', ['contact:alice']],
    ['several', '?to=contact:alice&to=group:oncall', ['contact:alice', 'group:oncall']],
    ['a number', '?to=%2B60123456789', ['+60123456789']],
    ['a number whose plus sign was not escaped', '?to=+60123456789', ['+60123456789']],
    ['none, so those of the config', '', ['group:oncall']],
    ['an empty one, so those of the config', '?to=', ['group:oncall']],
    ['some in the spelling of PHP', '?to[]=contact:alice&to[1]=%2B60123456789', ['contact:alice', '+60123456789']],
    ['one, whatever the case', '?To=contact:alice', ['contact:alice']],
    ['one with blanks around it', '?to=%20contact:alice%20', ['contact:alice']],
    ['those of the config beside a parameter of a proxy', '?code=abc', ['group:oncall']],
  ])('are %s', async (_name, query, to) => {
    const server = await openTestServer({ http: { webhookTo: ['group:oncall'] } });
    expect((await server.post(ALERTMANAGER + query, alertmanagerCall([firing(w1)]))).status).toBe(200);
    expect(server.producer.taken).toMatchObject([{ to }]);
  });

  test.each([
    ['missing everywhere', '', 'or set webhooks.to in the config'],
    ['unknown', '?to=contact:alice&to=group:nobody', 'to[1]: no group named "nobody" in the config'],
    ['no number', '?to=12', 'to[0]: '],
    ['named by another parameter', '?recipient=contact:alice', 'recipient: unknown parameter: specify recipients with ?to='],
    ['named by several of them', '?groups[]=oncall&to=contact:alice', 'groups[]: unknown parameter: specify recipients with ?to='],
  ])('that are %s are 400 for the whole call, and an error in our log', async (_name, query, words) => {
    const server = await openTestServer();
    const response = await server.post(ALERTMANAGER + query, alertmanagerCall([firing(w1), resolved(w2)]));
    expect(response.status).toBe(400);
    expect((await problemOf(response)).detail).toContain(words);
    expect(server.producer.taken).toEqual([]);
    const line = await until(() => server.lines.find(({ level }) => level === 50));
    expect(line).toMatchObject({ route: ALERTMANAGER, status: 400, detail: expect.stringContaining(words.slice(0, 6)) });
  });

  test('are another alert for another group, so that both are notified', async () => {
    const server = await openTestServer();
    await server.post(`${ALERTMANAGER}?to=group:oncall`, alertmanagerCall([firing(w1)]));
    await server.post(`${ALERTMANAGER}?to=contact:alice`, alertmanagerCall([firing(w1)]));
    expect(server.producer.taken.map(({ to }) => to)).toEqual([['group:oncall'], ['contact:alice']]);
    expect(new Set(server.producer.taken.map(({ dedupKey }) => dedupKey)).size).toBe(2);
  });
});

describe('bad alerts', () => {
  test('one in ten: nine are accepted, the call is answered 200, the invalid one is reported and logged', async () => {
    const server = await openTestServer();
    const alerts = Array.from({ length: 10 }, (_, n) => (n === 4 ? null : firing({ ...w1, fingerprint: `f${n}` })));
    const response = await server.post(ALERTMANAGER + TO, alertmanagerCall(alerts));
    expect(response.status).toBe(200);
    const { accepted, rejected } = (await response.json()) as { accepted: { index: number }[]; rejected: unknown };
    expect(accepted.map(({ index }) => index)).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9]);
    expect(rejected).toEqual([
      { index: 4, errors: [{ path: '', message: 'must be a JSON object with labels and annotations, got null' }] },
    ]);
    expect(server.producer.taken).toHaveLength(9);
    expect(await until(() => server.lines.find(({ level }) => level === 40))).toMatchObject({
      msg: 'webhook alerts rejected',
      accepted: 9,
      rejected: [{ index: 4, errors: [': must be a JSON object with labels and annotations, got null'] }],
    });
  });

  test('what the producer refuses keeps its position in the call', async () => {
    const server = await openTestServer();
    const { enqueueMany } = server.producer;
    server.producer.enqueueMany = async (alerts) => {
      const results = await enqueueMany.call(server.producer, alerts);
      return results.map((result, n) => (n === 1 ? { ok: false, issues: [{ path: 'text', message: 'never to 60123456789' }] } : result));
    };
    const response = await server.post(ALERTMANAGER + TO, alertmanagerCall(['x', firing(w1), firing(w2)]));
    expect(await response.json()).toMatchObject({
      accepted: [{ index: 1 }],
      rejected: [{ index: 0 }, { index: 2, errors: [{ path: 'text' }] }],
    });
    const line = await until(() => server.lines.find(({ msg }) => msg === 'webhook alerts rejected'));
    expect(line.rejected).toMatchObject([{}, { index: 2, errors: ['text: never to +60*******789'] }]);
  });

  test('nothing but bad ones is 400, so that the sender counts a failure and tries again before its repeat interval', async () => {
    const server = await openTestServer();
    const response = await server.post(ALERTMANAGER + TO, alertmanagerCall(['x', 7]));
    expect(response.status).toBe(400);
    expect(await problemOf(response)).toMatchObject({ kind: 'all-rejected', accepted: [], rejected: [{ index: 0 }, { index: 1 }] });
    expect(await until(() => server.lines.find(({ msg }) => String(msg).startsWith('webhook call rejected')))).toMatchObject({
      level: 50,
      status: 400,
    });
  });

  test('a call without any alert is answered 200, and one that is no payload 400', async () => {
    const server = await openTestServer();
    expect((await server.post(ALERTMANAGER + TO, alertmanagerCall([]))).status).toBe(200);
    const response = await server.post(GRAFANA + TO, { text: 'my own template' });
    expect(response.status).toBe(400);
    expect(await problemOf(response)).toMatchObject({
      kind: 'invalid-request',
      errors: [{ path: 'alerts', message: 'is required: a list of alerts' }],
    });
  });

  test('alerts that the sender left out are warned of', async () => {
    const server = await openTestServer();
    await server.post(ALERTMANAGER + TO, { ...alertmanagerCall([firing(w1)]), truncatedAlerts: 2 });
    expect(await until(() => server.lines.find(({ level }) => level === 40))).toMatchObject({ truncated: 2, route: ALERTMANAGER });
  });
});

test('back-pressure is 503 with Retry-After, and the same call again is taken', async () => {
  const server = await openTestServer();
  server.producer.before = async () => {
    throw new RedisUnavailableError('down');
  };
  const call = () => server.post(ALERTMANAGER + TO, alertmanagerCall([firing(w1)]));
  const refused = await call();
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
  server.producer.before = async () => undefined;
  expect(await (await call()).json()).toMatchObject({ accepted: [{ index: 0, duplicate: false }] });
});

test('is answered only once the alerts are stored', async () => {
  const server = await openTestServer();
  let store = () => {};
  const stored = new Promise<void>((resolve) => {
    store = resolve;
  });
  let asked = false;
  server.producer.before = () => {
    asked = true;
    return stored;
  };
  let answered = false;
  const call = server.post(ALERTMANAGER + TO, alertmanagerCall([firing(w1)])).finally(() => {
    answered = true;
  });
  await until(() => asked);
  await server.get('/healthz');
  expect(answered).toBe(false);
  store();
  expect((await call).status).toBe(200);
});

test('needs a token like the rest of the API, and a refusal is an error in our log', async () => {
  const server = await openTestServer({ http: { tokens: [new Secret('sesame-sesame')] } });
  expect((await server.post(ALERTMANAGER + TO, alertmanagerCall([firing(w1)]))).status).toBe(401);
  expect(await until(() => server.lines.find(({ level }) => level === 50))).toMatchObject({ status: 401, problem: 'unauthorized' });
  const response = await server.post(ALERTMANAGER + TO, alertmanagerCall([firing(w1)]), { authorization: 'Bearer sesame-sesame' });
  expect(response.status).toBe(200);
});

test('no number that a webhook names is ever logged', async () => {
  const server = await openTestServer();
  await server.post(`${ALERTMANAGER}?to=contact:60123456789`, alertmanagerCall([firing(w1)]));
  await server.post(
    `${ALERTMANAGER}?to=%2B60123456789`,
    alertmanagerCall([firing({ ...w1, annotations: { summary: 'call 60123456789' } }), 'x']),
  );
  await until(() => server.lines.length >= 3);
  expect(JSON.stringify(server.lines)).not.toContain('23456');
});

describe('a large call', () => {
  /** As kube-prometheus writes them, about 1.3 KB each. */
  const usual = (n: number) =>
    firing({
      labels: {
        ...{ alertname: 'KubePodCrashLooping', container: 'app', endpoint: 'http', job: 'kube-state-metrics', namespace: `shop-${n % 40}` },
        ...{ pod: `checkout-7d9c5b8f6d-${n}`, prometheus: 'monitoring/k8s', reason: 'CrashLoopBackOff', service: 'kube-state-metrics' },
        ...{ severity: 'critical', uid: `5f1d4a3e-0000-4000-8000-${String(n).padStart(12, '0')}` },
      },
      annotations: {
        description: `Pod shop-${n % 40}/checkout-7d9c5b8f6d-${n} (app) is in waiting state (reason: "CrashLoopBackOff"). ${'x'.repeat(650)}`,
        runbook_url: 'https://runbooks.prometheus-operator.dev/runbooks/kubernetes/kubepodcrashlooping',
        summary: `Pod ${n} is crash looping.`,
      },
      startsAt: '2026-11-20T15:38:46.232497503Z',
      fingerprint: n.toString(16).padStart(16, '0'),
    });
  const counting = () => {
    const counted: (readonly [webhook: string, reason: string, count: number])[] = [];
    const refused = (webhook: string, reason: string, count: number) => void (count > 0 && counted.push([webhook, reason, count]));
    return { counted, webhookCounts: { refused, unknownSeverities: () => undefined } };
  };

  test.each([ALERTMANAGER, GRAFANA])('of 1,000 usual alerts of Kubernetes is taken whole by %s', async (path) => {
    const server = await openTestServer();
    const body = JSON.stringify(alertmanagerCall(Array.from({ length: 1000 }, (_, n) => usual(n))));
    expect(body.length).toBeGreaterThan(1.2 * 1024 * 1024);
    const response = await server.post(path + TO, body);
    expect(response.status).toBe(200);
    expect(((await response.json()) as { accepted: unknown[] }).accepted).toHaveLength(1000);
    expect(server.producer.taken).toHaveLength(1000);
  });

  test('of more than 2,000 alerts: the first 2,000 are taken, the rest is named, counted and logged', async () => {
    const { counted, webhookCounts } = counting();
    const server = await openTestServer({ webhookCounts });
    const response = await server.post(ALERTMANAGER + TO, {
      ...alertmanagerCall(Array.from({ length: 2003 }, (_, n) => usual(n))),
      truncatedAlerts: 7,
    });
    expect(response.status).toBe(200);
    const { accepted, rejected } = (await response.json()) as { accepted: unknown[]; rejected: unknown[] };
    expect(accepted).toHaveLength(2000);
    expect(rejected).toEqual([
      { index: 2000, errors: [{ path: '', message: expect.stringMatching(/^3 alerts from here on .*max_alerts/) }] },
    ]);
    expect(counted).toEqual([
      ['alertmanager', 'truncated', 7],
      ['alertmanager', 'over_limit', 3],
    ]);
    expect(await until(() => server.lines.find(({ msg }) => msg === 'webhook alerts rejected'))).toMatchObject({ level: 40, refused: 1 });
  });

  test('of more than 16 MiB is 413 and counted; other routes keep 1 MiB', async () => {
    const { counted, webhookCounts } = counting();
    const server = await openTestServer({ webhookCounts });
    const response = await server.post(ALERTMANAGER + TO, 'x'.repeat(16 * 1024 * 1024 + 1));
    expect(await problemOf(response)).toMatchObject({
      status: 413,
      detail: 'At most 16777216 bytes; split the request into several calls.',
    });
    expect(await problemOf(await server.post('/v1/alerts', 'x'.repeat(1024 * 1024 + 1)))).toMatchObject({
      status: 413,
      detail: 'At most 1048576 bytes; split the request into several calls.',
    });
    await until(() => counted.length > 0);
    expect(counted).toEqual([['alertmanager', 'call', 1]]);
  });

  test('each alert that is not taken is counted by its reason, and each unknown word for a severity', async () => {
    const counted: unknown[] = [];
    const note = (...facts: unknown[]) => void (facts.at(-1) !== 0 && counted.push(facts));
    const server = await openTestServer({ webhookCounts: { refused: note, unknownSeverities: note } });
    const scary = firing({ ...w2, labels: { ...w2.labels, severity: 'scary' } });
    expect((await server.post(ALERTMANAGER + TO, { alerts: ['x', {}, firing(w1), scary] })).status).toBe(200);
    expect(counted).toEqual([
      ['alertmanager', 1],
      ['alertmanager', 'not_an_alert', 1],
      ['alertmanager', 'no_text', 1],
    ]);
    expect(server.producer.taken[1]).toMatchObject({
      severity: 'critical',
      remarks: ['unknown severity "scary" treated as critical; map it with severityWords in the config'],
    });
    counted.length = 0;
    await server.post(`${GRAFANA}?to=contact:nobody`, grafanaCall([firing(w1)]));
    await server.post(GRAFANA + TO, '{');
    await until(() => counted.length > 1);
    expect(counted).toEqual([
      ['grafana', 'call', 1],
      ['grafana', 'call', 1],
    ]);
  });
});
