import type { WebhookReading } from './alerts-from-alertmanager.ts';
import { readEntry, readWebhookAlerts, type WebhookAlerts } from './webhook-alerts.ts';
import { parseEnvelope } from './webhook-envelope.ts';

/**
 * Reads the payload of a Grafana webhook contact point, version "1", a superset of Alertmanager's:
 * https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
 * Fingerprints are made of labels alone, so the organisation keeps apart what two of them call the same.
 * @throws {HttpProblem} `invalid-request` when it is none
 */
export function alertsFromGrafana(payload: unknown, reading: WebhookReading): WebhookAlerts {
  const { alerts, status, orgId, ...call } = parseEnvelope(payload, 'Grafana');
  const whole = { ...reading, ...call, sender: 'grafana', scope: [`org ${orgId}`] };
  return readWebhookAlerts(alerts, whole, (fields) => readEntry(fields, status));
}
