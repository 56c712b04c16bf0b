/** Calls as a reader may copy them. A test sends each to a running door, where it must be taken. */

export const ALERT = {
  id: 'db-1.2026-11-20',
  severity: 'critical',
  to: ['+60123456789'],
  text: 'Database unreachable',
  instance: 'db-1:5432',
};

const { to: _named, id: _own, ...unaddressed } = ALERT;

export const RESOLVE = { dedupKey: 'db-1/unreachable' };

export const ACKNOWLEDGE = { by: 'alice' };

const entry = {
  status: 'firing',
  labels: { alertname: 'HighLatency', instance: 'web-1:443', job: 'api', severity: 'critical' },
  annotations: { summary: 'Latency is high on web-1' },
  startsAt: '2026-11-20T15:38:46.232497503Z',
  endsAt: '0001-01-01T00:00:00Z',
  generatorURL: 'http://prometheus:9090/graph?g0.expr=up',
  fingerprint: '3474199f57c8e03d',
};

const call = {
  receiver: 'sms',
  status: 'firing',
  alerts: [entry],
  groupLabels: { alertname: 'HighLatency' },
  commonLabels: entry.labels,
  commonAnnotations: entry.annotations,
  externalURL: 'http://alertmanager:9093',
  version: '4',
  groupKey: '{}:{alertname="HighLatency"}',
  truncatedAlerts: 0,
};

export const ALERTMANAGER = call;

export const GRAFANA = {
  ...call,
  version: '1',
  orgId: 1,
  title: '[FIRING:1] HighLatency',
  state: 'alerting',
  message: 'Latency is high on web-1',
  alerts: [{ ...entry, values: { B: 22.5, C: 1 }, valueString: "[ var='B' labels={instance=web-1:443} value=22.5 ]" }],
};

/** The default template of HertzBeat 1.7 and later writes less of it. */
export const HERTZBEAT = {
  status: 'firing',
  groupLabels: { alertname: 'HighCPUUsage' },
  commonLabels: { alertname: 'HighCPUUsage', severity: 'emergency' },
  commonAnnotations: {},
  alerts: [
    {
      fingerprint: 'alertname:HighCPUUsage,instance:db-1',
      labels: { alertname: 'HighCPUUsage', severity: 'emergency', instance: 'db-1:5432' },
      annotations: {},
      content: 'CPU usage is above 80% on db-1',
      status: 'firing',
      triggerTimes: 1,
      startAt: 1795143600000,
      activeAt: 1795143600000,
      endAt: null,
    },
  ],
};

/** Before 1.7. */
export const HERTZBEAT_OLD = {
  alarmId: 76456,
  target: 'available',
  thresholdId: 33455,
  priority: 0,
  content: 'udp_port monitoring availability alert, code is FAIL',
  status: 0,
  times: 1,
  triggerTime: '2026-11-20T03:00:00',
  tags: { app: 'windows', monitorId: '180427708350720', monitorName: 'WINDOWS_192.0.2.12' },
};

export const EVENT = {
  specversion: '1.0',
  id: 'A234-1234-1234',
  source: 'https://shop.example.com/checkout',
  type: 'com.example.database.unreachable',
  time: '2026-11-20T03:00:00Z',
  data: unaddressed,
};
