import { hash } from '../../alert/id.ts';
import { parseEnvelope, type WebhookReading } from './alerts-from-alertmanager.ts';
import { readEntry, readWebhookAlerts, type WebhookAlerts } from './webhook-alerts.ts';
import { type Fields, fieldsOf, statusIn, textIn, type WebhookEntry, wordsIn } from './webhook-entry.ts';

/**
 * Reads the payload of a Grafana webhook contact point, version "1", a superset of Alertmanager's:
 * https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
 * Fingerprints cover labels only, so the organisation id keeps equal alerts of two organisations apart. The single alert of
 * legacy alerting (Grafana up to 10) is accepted too.
 * @throws {HttpProblem} `invalid-request` for any other payload
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
  const message = textIn(fields.message);
  const isNoData = textIn(fields.state)?.trim().toLowerCase() === 'no_data';
  // The message alone may be the same for several rules.
  const parts = [isNoData ? 'NoData' : undefined, message?.includes(rule) ? undefined : rule, message];
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
