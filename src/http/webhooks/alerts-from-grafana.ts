import { hash } from '../../alert/id.ts';
import { parseEnvelope, type WebhookReading } from './alerts-from-alertmanager.ts';
import { readEntry, readWebhookAlerts, type WebhookAlerts } from './webhook-alerts.ts';
import { type Fields, fieldsOf, statusIn, textIn, type WebhookEntry, wordsIn } from './webhook-entry.ts';

/**
 * Reads the payload of a Grafana webhook contact point, version "1", a superset of Alertmanager's:
 * https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
 * Fingerprints are made of labels alone, so the organisation keeps apart what two of them call the same. The one alert that
 * legacy alerting posts (Grafana up to 10) is read as well.
 * @throws {HttpProblem} `invalid-request` when it is none
 */
export function alertsFromGrafana(payload: unknown, reading: WebhookReading): WebhookAlerts {
  const legacy = fieldsOf(payload);
  if (legacy !== undefined && legacy.alerts === undefined && textIn(legacy.ruleName) !== undefined) {
    const scope = [`org ${textIn(legacy.orgId) ?? ''}`];
    return readWebhookAlerts([legacy], { ...reading, sender: 'grafana', receiver: '', scope, truncated: 0 }, readLegacy);
  }
  const { alerts, status, orgId, ...call } = parseEnvelope(payload, 'Grafana');
  const whole = { ...reading, ...call, sender: 'grafana', scope: [`org ${orgId}`] };
  return readWebhookAlerts(alerts, whole, (fields) => readEntry(fields, status));
}

/** https://grafana.com/docs/grafana/v8.5/alerting/old-alerting/notifications/#webhook */
function readLegacy(fields: Fields): WebhookEntry {
  const rule = textIn(fields.ruleName) ?? '';
  const tags = wordsIn(fields.tags);
  const said = textIn(fields.message);
  const isNoData = textIn(fields.state)?.trim().toLowerCase() === 'no_data';
  // A message alone may be the same for several rules.
  const parts = [isNoData ? 'NoData' : undefined, said?.includes(rule) ? undefined : rule, said];
  return {
    ...statusIn(fields.state, undefined),
    labels: { ...tags, alertname: rule },
    annotations: {},
    text: parts.filter((part) => part !== undefined).join(': '),
    severity: textIn(tags.severity) ?? textIn(tags.priority),
    fingerprint: `legacy-${hash('grafana legacy', textIn(fields.ruleId) ?? '', rule)}`,
    startsAt: undefined,
    endsAt: undefined,
  };
}
