import type { SeverityWords } from '../../alert/severity.ts';
import { readEntry, readWebhookAlerts, type WebhookAlerts } from './webhook-alerts.ts';
import { parseEnvelope } from './webhook-envelope.ts';

/** What the place that reads a webhook's call knows beside the call. */
export interface WebhookReading {
  readonly to: readonly string[];
  readonly severityWords?: SeverityWords | undefined;
}

/**
 * Reads the webhook payload of Prometheus Alertmanager, version "4":
 * https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
 * @throws {HttpProblem} `invalid-request` when it is none
 */
export function alertsFromAlertmanager(payload: unknown, reading: WebhookReading): WebhookAlerts {
  const { alerts, status, ...call } = parseEnvelope(payload, 'Alertmanager');
  return readWebhookAlerts(alerts, { ...reading, ...call, sender: 'alertmanager' }, (fields) => readEntry(fields, status));
}
