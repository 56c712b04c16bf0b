import { describe, expect, test } from 'vitest';
import { HERTZBEAT, HERTZBEAT_OLD } from '../../src/http/openapi/openapi-parts.ts';
import { repairJson } from '../../src/http/server/json-body.ts';
import { alertsFromHertzBeat } from '../../src/http/webhooks/alerts-from-hertzbeat.ts';
import { openTestServer, problemOf } from './test-server.ts';

const PATH = '/v1/webhooks/hertzbeat';
const TO = '?to=group:oncall';
const to = ['group:oncall'];

const read = (payload: unknown, recipients = to) => alertsFromHertzBeat(payload, { to: recipients });
const only = (payload: unknown, recipients?: string[]) => {
  const { alerts } = read(payload, recipients);
  if (alerts.length !== 1 || alerts[0] === undefined) throw new Error(`${alerts.length} alerts`);
  return alerts[0].alert;
};

/** A group as HertzBeat 1.7 holds it, whole. */
const single = {
  id: 87584674384,
  fingerprint: 'alertname:HighCPUUsage,instance:343483943',
  labels: { alertname: 'HighCPUUsage', severity: 'fatal', instance: 'db-1:5432', instancename: 'orders' },
  annotations: { summary: 'High CPU usage detected' },
  content: 'CPU usage is above 80% on db-1',
  status: 'firing',
  triggerTimes: 1,
  startAt: 1795143600123,
  activeAt: 1795143600123,
  endAt: null,
};
const group = {
  id: 1,
  groupKey: 'HighCPUUsage{alertname="HighCPUUsage"}',
  status: 'firing',
  groupLabels: { alertname: 'HighCPUUsage' },
  commonLabels: { alertname: 'HighCPUUsage', severity: 'fatal' },
  commonAnnotations: {},
  alertFingerprints: [single.fingerprint],
  alerts: [single],
};

/** As the default template of 1.7 renders a firing group without annotations: with a comma too many. */
const rendered = `{
  "title": "🔔 HertzBeat Alert Notification",
  "status": "firing",
  "commonLabels": {
    "severity": "❤️ Critical",
    "alertName": "HighCPUUsage"
  },
  "alerts": [
    {
      "index": 1,
      "labels": {
        "alertname": "HighCPUUsage",
        "instance": "db-1:5432"
      },
      "content": "CPU usage is above 80%, see [ops, }",
      "triggerTimes": 1,
      "startAt": "2026-11-20 11:00:00",
      "activeAt": "2026-11-20 11:00:00",
    }
  ],
  "commonAnnotations": {
  }
}
`;

/** As the default template before 1.7 does, with the grouping of numbers that FreeMarker has by default. */
const renderedOld = `{
  "alarmId": 76,456,
  "target": "udp_port.responseTime",
  "thresholdId": 33,455,
  "priority": 2,
  "content": "udp_port is slow
on line two",
  "status": 0,
  "times": 1,
  "triggerTime": "2022-02-25 13:32:13",
  "tags": {
      "app": "windows",
      "monitorId": "180427708350720",
      "monitorName": "WINDOWS_192.168.124.12",
  }
}`;

describe('a group, as HertzBeat has them since 1.7', () => {
  test('becomes an alert for each of its alerts', () => {
    expect(only(group)).toEqual({
      id: expect.stringMatching(/^hertzbeat-[\w-]{22}$/),
      dedupKey: expect.stringMatching(/^hertzbeat\/alertname:HighCPUUsage,instance:343483943\/[\w-]{22}$/),
      severity: 'critical',
      status: 'firing',
      to,
      text: 'CPU usage is above 80% on db-1',
      source: 'hertzbeat',
      instance: 'db-1:5432',
      labels: single.labels,
      raisedAt: '2026-11-20T03:00:00.123Z',
    });
  });

  test('its default template is read with its comma too many, and without fingerprint, status and severity of the alert', async () => {
    const server = await openTestServer();
    const response = await server.post(PATH + TO, rendered);
    expect([response.status, await response.json()]).toMatchObject([200, { accepted: [{ index: 0 }], rejected: [] }]);
    expect(server.producer.taken).toMatchObject([
      { severity: 'critical', status: 'firing', text: 'CPU usage is above 80%, see [ops, }', instance: 'db-1:5432', source: 'hertzbeat' },
    ]);
    expect(server.producer.taken[0]?.raisedAt).toBeUndefined();
    const end = rendered
      .replace('"firing"', '"resolved"')
      .replace(/"activeAt": ("[^"]+")/, '"activeAt": $1, "endAt": "2026-11-20 11:30:00"');
    expect((await server.post(PATH + TO, end)).status).toBe(200);
    expect(server.producer.taken[1]).toMatchObject({ status: 'resolved', dedupKey: server.producer.taken[0]?.dedupKey });
    expect((await (await server.post(PATH + TO, rendered)).json()) as unknown).toMatchObject({ accepted: [{ duplicate: true }] });
  });

  test.each([
    ['emergency', 'critical'],
    ['fatal', 'critical'],
    ['critical', 'critical'],
    ['warning', 'warning'],
    ['info', 'info'],
  ])('severity %s is %s', (word, severity) => {
    expect(only({ ...group, alerts: [{ ...single, labels: { ...single.labels, severity: word } }] }).severity).toBe(severity);
  });

  test.each([
    ['💛 Warning', 'warning'],
    ['💚 Info', 'info'],
    ['Unknown', 'critical'],
  ])('the severity that all have in common, %s, is that of an alert without its own: %s', (word, severity) => {
    const alert = { ...single, labels: { alertname: 'X' } };
    expect(only({ ...group, commonLabels: { severity: word }, alerts: [alert] })).toMatchObject({ severity });
    expect(only({ ...group, commonLabels: { severity: word }, alerts: [alert] }).remarks).toBeUndefined();
  });

  test('the fingerprint may be of any length; the same one resolves', () => {
    const fingerprint = 'alertname:High CPU,instance:db-1;'.repeat(20).slice(0, 585);
    const before = only({ ...group, alerts: [{ ...single, fingerprint }] });
    const after = only({ ...group, status: 'resolved', alerts: [{ ...single, fingerprint, status: 'resolved', endAt: 1795147200000 }] });
    expect(before.dedupKey?.length).toBeLessThan(100);
    expect(after).toMatchObject({ status: 'resolved', dedupKey: before.dedupKey });
    expect(after.id).not.toBe(before.id);
    expect(only({ ...group, alerts: [{ ...single, fingerprint: `${fingerprint}x` }] }).dedupKey).not.toBe(before.dedupKey);
  });

  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['an empty instance', { labels: { alertname: 'X', instance: '' } }, { instance: undefined }],
    ['only a name of the instance', { labels: { alertname: 'X', instance: '', instancename: 'orders' } }, { instance: 'orders' }],
    ['no content', { content: null }, { text: 'High CPU usage detected' }],
    ['nothing but labels', { content: '', annotations: null }, { text: 'HighCPUUsage (instancename=orders)' }],
    ['labels that are no map', { labels: [] }, { text: single.content, severity: 'critical' }],
    ['times that are none', { startAt: 0, activeAt: 'now', endAt: {} }, { raisedAt: undefined, id: undefined }],
    ['a number as fingerprint', { fingerprint: 17 }, { dedupKey: expect.stringMatching(/^hertzbeat\/17\//) }],
  ])('%s costs no alert', (_name, change, expected) => {
    const alert = only({ ...group, alerts: [{ ...single, ...change }] });
    expect({ id: undefined, instance: undefined, raisedAt: undefined, ...alert }).toMatchObject(expected);
  });

  test('its bad alerts do not take the others with them', () => {
    const { alerts, rejected } = read({ ...group, alerts: ['x', single, null, {}] });
    expect(alerts.map(({ index }) => index)).toEqual([1, 3]);
    expect(rejected.map(({ index, reason }) => [index, reason])).toEqual([
      [0, 'not_an_alert'],
      [2, 'not_an_alert'],
    ]);
  });
});

describe('one alert, as HertzBeat has them before 1.7', () => {
  const old = {
    id: 76456,
    target: 'available',
    alertDefineId: 232,
    priority: 0,
    content: 'Availability alert: UN_CONNECTABLE',
    tag: { monitorId: 3543534545, monitorName: 'API_poetry' },
    status: 0,
    times: 1,
    gmtCreate: '2022-02-25T13:32:13',
    gmtUpdate: '2022-02-25T13:32:13',
  };

  test('is taken', () => {
    expect(only(old)).toEqual({
      id: expect.stringMatching(/^hertzbeat-/),
      dedupKey: expect.stringMatching(/^hertzbeat\//),
      severity: 'critical',
      status: 'firing',
      to,
      text: 'Availability alert: UN_CONNECTABLE',
      source: 'hertzbeat',
      instance: 'API_poetry',
      labels: { monitorId: '3543534545', monitorName: 'API_poetry', target: 'available', instance: 'API_poetry' },
    });
  });

  test('its recovery, under another id, resolves it', () => {
    const end = only({ ...old, id: 76999, status: 2, content: 'Availability recovered', restoreTime: '2022-02-25 14:00:00' });
    expect(end).toMatchObject({ status: 'resolved', dedupKey: only(old).dedupKey });
  });

  test.each([
    [0, 'critical'],
    [1, 'critical'],
    [2, 'warning'],
    ['2', 'warning'],
    ['emergency', 'critical'],
    [null, 'critical'],
  ])('priority %j is %s', (priority, severity) => {
    expect(only({ ...old, priority }).severity).toBe(severity);
  });

  test('two rules and two monitors are two alerts', () => {
    const others = [
      { ...old, alertDefineId: 233 },
      { ...old, tag: { ...old.tag, monitorId: 1 } },
      { ...old, target: 'cpu.usage' },
    ];
    expect(new Set([old, ...others].map((alert) => only(alert).dedupKey)).size).toBe(4);
  });

  test('its default template is read with commas too many, grouped numbers and line breaks within text', async () => {
    const server = await openTestServer();
    expect((await server.post(PATH + TO, renderedOld)).status).toBe(200);
    expect(server.producer.taken).toMatchObject([
      { severity: 'warning', text: 'udp_port is slow on line two', instance: 'WINDOWS_192.168.124.12', labels: { app: 'windows' } },
    ]);
  });
});

describe('the button "Send test"', () => {
  const content = 'test send msg! \\n This is the test data. It is proved that it can be received successfully';
  const alert = (startAt: unknown) => ({
    labels: { instance: '127.0.0.1', alertname: 'CPU Usage Alert' },
    annotations: { suggest: 'Please check the CPU usage of the server' },
    ...{ content, status: 'firing', triggerTimes: 2, startAt, activeAt: startAt, endAt: startAt },
  });
  const press = (at: number) => ({ status: 'firing', commonLabels: { alertname: 'CPU Usage Alert' }, alerts: [alert(at), alert(at + 3)] });

  test('is one message with its text, however often within a minute, and another one later', async () => {
    const server = await openTestServer();
    for (const at of [1_795_143_600_000, 1_795_143_601_000, 1_795_143_700_000]) {
      expect((await server.post(PATH + TO, press(at))).status).toBe(200);
    }
    expect(server.producer.taken).toHaveLength(2);
    expect(server.producer.taken[0]).toMatchObject({
      severity: 'critical',
      status: 'firing',
      text: 'test send msg! This is the test data. It is proved that it can be received successfully',
      instance: '127.0.0.1',
    });
    expect(server.producer.taken[0]?.dedupKey).not.toBe(server.producer.taken[1]?.dedupKey);
  });

  test('is taken in the shape before 1.7 too', () => {
    expect(only({ target: 'http', priority: 0, content, status: 0, tags: {}, triggerTime: '2026-11-20 11:00:00' })).toMatchObject({
      status: 'firing',
      text: expect.stringMatching(/^test send msg!/),
    });
  });
});

test.each([
  ['null', null],
  ['a text', '"x"'],
  ['alerts that are no list', { alerts: {} }],
  ['alerts that are no list beside content', { alerts: 'x', content: 'y' }],
  ['an alert of ours', { severity: 'critical', text: 'x' }],
])('%s is not what HertzBeat posts', async (_name, payload) => {
  const server = await openTestServer();
  const response = await server.post(PATH + TO, payload);
  expect(await problemOf(response)).toMatchObject({ status: 400, kind: 'invalid-request', detail: expect.stringContaining('HertzBeat') });
});

test('the documented examples are read', () => {
  expect(read(HERTZBEAT)).toMatchObject({ alerts: [{}], rejected: [] });
  expect(read(HERTZBEAT_OLD)).toMatchObject({ alerts: [{}], rejected: [] });
});

describe('JSON of a careless template', () => {
  test.each([
    ['{"a":1,}', { a: 1 }],
    ['[1,2 ,\n ]', [1, 2]],
    ['{"a":",}","b":"\\",}",}', { a: ',}', b: '",}' }],
    ['{"a":76,456,"b":-1,234,567}', { a: 76456, b: -1234567 }],
    ['{"a":[1,234]}', { a: [1, 234] }],
    ['{"a":"x\ny\tz"}', { a: 'x\ny\tz' }],
  ])('%j is read', (text, value) => {
    expect(JSON.parse(repairJson(text))).toEqual(value);
  });

  test('stays refused where it cannot be read, in our words', async () => {
    const server = await openTestServer();
    expect(await problemOf(await server.post(PATH + TO, '{"a": "b" "c"}'))).toMatchObject({ status: 400, kind: 'malformed-json' });
    expect(await problemOf(await server.post(`/v1/alerts`, '{"severity":"info",}'))).toMatchObject({ status: 400, kind: 'malformed-json' });
  });

  test('is looked at in the time that its length takes', () => {
    const hostile = ['"'.repeat(500_001), `"${'\\'.repeat(500_001)}`, `:${'1,111'.repeat(100_000)}`, `${', '.repeat(300_000)}`];
    for (const text of hostile) expect(() => repairJson(text)).not.toThrow();
  }, 80_000);
});
