import { showValue } from '../../alert/parse/describe-issues.ts';
import type { SeverityWords } from '../../alert/severity.ts';
import { HttpProblem } from '../server/problem.ts';
import { readEntry, readWebhookAlerts, type WebhookAlerts } from './webhook-alerts.ts';
import { type Fields, fieldsOf, textIn, wordsIn } from './webhook-entry.ts';

/** The envelope that both formats have around their alerts. Unknown members are ignored: senders add some in every version. */
interface WebhookEnvelope {
  readonly receiver: string;
  readonly alerts: readonly unknown[];
  /** Status of the whole call; unchecked. */
  readonly status: unknown;
  readonly truncated: number;
  readonly orgId: string;
  /** Text that applies to all alerts of the call. */
  readonly commonText: string | undefined;
}

/** @throws {HttpProblem} `invalid-request` when there is no list of alerts, as with a custom payload template. */
export function parseEnvelope(payload: unknown, sender: string): WebhookEnvelope {
  // Prometheus sends a bare list to an Alertmanager.
  const fields: Fields = Array.isArray(payload) ? { alerts: payload } : (fieldsOf(payload) ?? {});
  const { alerts } = fields;
  if (!Array.isArray(alerts)) throw notPayloadOf(sender, alerts);
  return {
    receiver: textIn(fields.receiver) ?? '',
    alerts,
    status: fields.status ?? fields.state,
    truncated: countIn(fields.truncatedAlerts),
    orgId: textIn(fields.orgId) ?? '',
    commonText: commonText(fields),
  };
}

function notPayloadOf(sender: string, alerts: unknown): HttpProblem {
  const message = alerts === undefined ? 'is required: a list of alerts' : `must be a list of alerts, got ${showValue(alerts)}`;
  return new HttpProblem('invalid-request', {
    detail: `This is not the webhook payload of ${sender}; send other formats to POST /v1/alerts.`,
    members: { errors: [{ path: 'alerts', message }] },
  });
}

function commonText({ commonAnnotations, commonLabels, title, message }: Fields): string | undefined {
  const { summary, description } = wordsIn(commonAnnotations);
  const { alertname } = wordsIn(commonLabels);
  return [summary, description, alertname, title, message].map(textIn).find((text) => text !== undefined);
}

/** Upper bound for the number of truncated alerts that a call may claim, to protect the counter. */
const MOST_CUT = 100_000;

function countIn(value: unknown): number {
  const count = Number(textIn(value) ?? 0);
  return Number.isInteger(count) && count > 0 ? Math.min(count, MOST_CUT) : 0;
}

/** Context for reading a webhook call. */
export interface WebhookReading {
  readonly to: readonly string[];
  readonly severityWords?: SeverityWords | undefined;
}

/**
 * Reads the webhook payload of Prometheus Alertmanager, version "4":
 * https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
 * @throws {HttpProblem} `invalid-request` for any other payload
 */
export function alertsFromAlertmanager(payload: unknown, reading: WebhookReading): WebhookAlerts {
  const { alerts, status, ...call } = parseEnvelope(payload, 'Alertmanager');
  return readWebhookAlerts(alerts, { ...reading, ...call, sender: 'alertmanager' }, (fields) => readEntry(fields, status));
}
