import { readWebhookAlerts, type WebhookAlerts } from './webhook-alerts.ts';
import { parseEnvelope } from './webhook-envelope.ts';

/**
 * Reads the webhook payload of Prometheus Alertmanager, version "4":
 * https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
 * @throws {HttpProblem} `invalid-request` when it is none
 */
export function alertsFromAlertmanager(payload: unknown, { to }: { readonly to: readonly string[] }): WebhookAlerts {
  const { receiver, alerts, truncatedAlerts } = parseEnvelope(payload, 'Alertmanager');
  return readWebhookAlerts(alerts, { sender: 'alertmanager', receiver, to }, truncatedAlerts);
}
