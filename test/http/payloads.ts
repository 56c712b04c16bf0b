/** Payloads as Alertmanager 0.25 and Grafana send them. */

export const w1 = {
  labels: { alertname: 'HighLatency', instance: 'web-1:443', job: 'api', severity: 'critical', which: 'w1' },
  annotations: { summary: 'Latency is high on web-1' },
  startsAt: '2026-11-20T15:38:46.232497503Z',
  fingerprint: '3474199f57c8e03d',
};
export const w2 = {
  labels: { alertname: 'HighLatency', instance: 'web-2:443', job: 'api', severity: 'critical', which: 'w2' },
  annotations: { summary: 'Latency is high on web-2' },
  startsAt: '2026-11-20T15:38:49.118200071Z',
  fingerprint: '9b1c07e2a4f35d68',
};

const generatorURL = 'http://prometheus:9090/graph?g0.expr=up';

export function firing<T extends object>(alert: T) {
  return { status: 'firing', ...alert, endsAt: '0001-01-01T00:00:00Z', generatorURL };
}

export function resolved<T extends object>(alert: T) {
  return { status: 'resolved', ...alert, endsAt: '2026-11-20T15:39:01.000000001Z', generatorURL };
}

const isFiring = (alert: unknown) => (alert as { status?: unknown }).status === 'firing';

export function alertmanagerCall(alerts: readonly unknown[]) {
  return {
    receiver: 'sms',
    status: alerts.some(isFiring) ? 'firing' : 'resolved',
    alerts,
    groupLabels: { alertname: 'HighLatency' },
    commonLabels: { alertname: 'HighLatency', severity: 'critical' },
    commonAnnotations: {},
    externalURL: 'http://vm:9093',
    version: '4',
    groupKey: '{}:{alertname="HighLatency"}',
    truncatedAlerts: 0,
  };
}

export function grafanaCall(alerts: readonly unknown[]) {
  return {
    ...alertmanagerCall(
      alerts.map((alert) => ({
        ...(alert as object),
        silenceURL: 'http://grafana:3000/alerting/silence/new',
        dashboardURL: '',
        panelURL: '',
        values: { B: 22.5, C: 1 },
        valueString: "[ var='B' labels={} value=22.5 ]",
      })),
    ),
    version: '1',
    orgId: 1,
    title: '[FIRING:1] HighLatency',
    state: alerts.some(isFiring) ? 'alerting' : 'ok',
    message: '**Firing**',
  };
}
