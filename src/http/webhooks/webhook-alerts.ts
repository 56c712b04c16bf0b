import type { AlertInput } from '../../alert/alert.ts';
import { hash } from '../../alert/id.ts';
import { showValue } from '../../alert/parse/describe-issues.ts';
import { parseSeverity, type Severity, type SeverityWords } from '../../alert/severity.ts';
import type { WebhookRefusal } from '../../pipeline/observer.ts';
import type { RejectedAlert } from '../alerts/alert-routes.ts';
import { type Fields, fieldsOf, labelsKey, momentIn, statusIn, textIn, type WebhookEntry, wordsIn } from './webhook-entry.ts';

/** In UTF-16 units: two segments of GSM text, with room for instance and severity in front. */
export const MAX_WEBHOOK_TEXT = 300;
/** Maximum number of alerts per call, so that one call never blocks the process for long. */
const MAX_WEBHOOK_ALERTS = 2000;
const MAX_LABELS = 64;
const MAX_LABEL_NAME = 256;
const MAX_LABEL_VALUE = 1024;
const MAX_NAME = 256;
const MAX_FINGERPRINT = 128;

export interface RefusedEntry extends RejectedAlert {
  readonly reason: WebhookRefusal;
}

export interface WebhookAlerts {
  readonly alerts: readonly { readonly index: number; readonly alert: AlertInput }[];
  /** Entries that cannot be converted into an alert. */
  readonly rejected: readonly RefusedEntry[];
  /** Number of alerts without an entry, because the call had too many. */
  readonly left: { readonly bySender: number; readonly byUs: number };
  /** Number of alerts with an unknown severity word. */
  readonly unknownSeverities: number;
}

interface WebhookCall {
  /** Prefix of every id and dedup key, so that different kinds of senders never share one. */
  readonly sender: string;
  readonly to: readonly string[];
  /** The sender's name for this webhook. */
  readonly receiver: string;
  /** Further values that distinguish two alerts with the same fingerprint. */
  readonly scope?: readonly string[];
  /** Source of every alert; default: the label `job`, else the receiver. */
  readonly source?: string;
  /** Text of alerts without their own text. */
  readonly commonText?: string | undefined;
  /** Number of alerts that the sender reports as left out. */
  readonly truncated: number;
  readonly severityWords?: SeverityWords | undefined;
}

/**
 * Converts each entry of a webhook's `alerts` into an alert. The status of an entry overrides that of the call, because a
 * "firing" call carries resolved alerts too.
 *
 * The id is derived from fingerprint, status and start (for a resolved alert also its end), so that a repeat, a retry and the copy
 * of the other half of an HA pair are the same alert and sent once. A repeat looks exactly like a copy, so there are no
 * reminders: an alert sends again only after it was resolved and fired again. Receiver and recipients are part of the
 * id, so that one alert sent to two groups reaches both. Two independent senders need different receiver names, or a
 * label that distinguishes their alerts.
 */
export function readWebhookAlerts(entries: readonly unknown[], call: WebhookCall, read: (fields: Fields) => WebhookEntry): WebhookAlerts {
  const alerts: { index: number; alert: AlertInput }[] = [];
  const rejected: RefusedEntry[] = [];
  let unknownSeverities = 0;
  for (const [index, raw] of entries.slice(0, MAX_WEBHOOK_ALERTS).entries()) {
    const fields = fieldsOf(raw);
    if (fields === undefined) {
      rejected.push(refuse(index, 'not_an_alert', '', `must be a JSON object with labels and annotations, got ${showValue(raw)}`));
      continue;
    }
    const entry = read(fields);
    const text = textOf(entry, call);
    const names = identify(entry, call);
    // A resolved alert is found by its key and needs no text.
    if (text === undefined && !(entry.status === 'resolved' && names.dedupKey !== undefined)) {
      rejected.push(refuse(index, 'no_text', 'annotations', 'has no text: send annotations.summary, or labels'));
      continue;
    }
    const severity = readSeverity(entry.severity, call.severityWords);
    if (severity.remark !== undefined) unknownSeverities += 1;
    alerts.push({ index, alert: toAlert(entry, { ...call, text, names, severity }) });
  }
  const byUs = Math.max(0, entries.length - MAX_WEBHOOK_ALERTS);
  if (byUs > 0) {
    const message = `${byUs} alerts from here on were not accepted: send at most ${MAX_WEBHOOK_ALERTS} in one call (max_alerts of Alertmanager)`;
    rejected.push(refuse(MAX_WEBHOOK_ALERTS, 'over_limit', '', message));
  }
  return { alerts, rejected, left: { bySender: call.truncated, byUs }, unknownSeverities };
}

function refuse(index: number, reason: WebhookRefusal, path: string, message: string): RefusedEntry {
  return { index, reason, errors: [{ path, message }] };
}

/** Reads an entry in the format that Alertmanager and Grafana share. */
export function readEntry(fields: Fields, callStatus: unknown): WebhookEntry {
  const labels = wordsIn(fields.labels);
  const labelled = labelsKey(fields.labels);
  return {
    ...statusIn(fields.status, callStatus),
    labels,
    annotations: wordsIn(fields.annotations),
    severity: textIn(labels.severity),
    fingerprint: fingerprintIn(fields.fingerprint) ?? (labelled && hash(labelled)),
    startsAt: momentIn(fields.startsAt),
    endsAt: momentIn(fields.endsAt),
  };
}

/** Returns the fingerprint, hashed if it is long: it becomes part of a key. */
export function fingerprintIn(value: unknown): string | undefined {
  const text = typeof value === 'boolean' ? undefined : textIn(value)?.trim();
  return text === undefined || text.length <= MAX_FINGERPRINT ? text : hash('fingerprint', text);
}

/** Reads the severity; a missing or unknown word counts as critical, so that the alert is still sent. */
function readSeverity(word: string | undefined, words: SeverityWords | undefined): { value: Severity; remark?: string } {
  const known = word === undefined ? 'critical' : parseSeverity(word, words);
  if (known !== undefined) return { value: known };
  return {
    value: 'critical',
    remark: `unknown severity ${showValue(word)} treated as critical; map it with severityWords in the config`,
  };
}

type Names = Pick<AlertInput, 'id' | 'dedupKey'>;

interface Parts extends WebhookCall {
  readonly text: string | undefined;
  readonly names: Names;
  readonly severity: { readonly value: Severity; readonly remark?: string };
}

function toAlert({ status, labels, startsAt, remarks }: WebhookEntry, parts: Parts): AlertInput {
  const { to, receiver, source, text, names, severity } = parts;
  const all = [...remarks, ...(severity.remark === undefined ? [] : [severity.remark])];
  return {
    ...names,
    severity: severity.value,
    status,
    // A resolved alert sends nothing; recipients would only be one more thing that can be invalid.
    ...(status === 'resolved' ? {} : { to: [...to] }),
    ...(text === undefined ? {} : { text }),
    ...named('source', source ?? (labels.job || receiver)),
    ...named('instance', labels.instance),
    labels: Object.fromEntries(
      Object.entries(labels)
        .filter(([name]) => name.length <= MAX_LABEL_NAME)
        .slice(0, MAX_LABELS)
        .map(([name, value]) => [name, clip(value, MAX_LABEL_VALUE)]),
    ),
    ...(startsAt?.iso === undefined ? {} : { raisedAt: startsAt.iso }),
    ...(all.length === 0 ? {} : { remarks: all }),
  };
}

/** Derives id and dedup key; without the facts for them, the id is random and the key comes from the alert's content. */
function identify({ fingerprint, status, startsAt, endsAt }: WebhookEntry, { sender, receiver, scope = [], to }: WebhookCall): Names {
  if (fingerprint === undefined) return {};
  const place = JSON.stringify([receiver, ...scope, ...[...to].sort()]);
  const dedupKey = `${sender}/${fingerprint}/${hash(place)}`;
  const moments = status === 'resolved' ? [startsAt, endsAt] : [startsAt];
  const tokens = moments.flatMap((moment) => (moment === undefined ? [] : [moment.token]));
  if (tokens.length < moments.length) return { dedupKey };
  return { dedupKey, id: `${sender}-${hash(place, fingerprint, status, ...tokens)}` };
}

function textOf({ text, annotations, labels }: WebhookEntry, { commonText }: WebhookCall): string | undefined {
  const own = oneLine([text, annotations.summary, annotations.description, annotations.message].find((words) => oneLine(words) !== ''));
  const marked = own === '' ? nameOf(labels) : mark(own, labels, annotations);
  const whole = marked === '' ? oneLine(commonText) : marked;
  return whole === '' ? undefined : shorten(whole, MAX_WEBHOOK_TEXT);
}

const NO_VALUE = ['DatasourceError', 'DatasourceNoData'];
const NO_VALUE_REASONS = ['Error', 'NoData', 'MissingSeries'];

/**
 * Marks alerts about a Grafana rule that could not be evaluated. Grafana gives them the summary of the rule itself, which alone
 * looks like the real alert. https://grafana.com/docs/grafana/latest/alerting/fundamentals/alert-rule-evaluation/nodata-and-error-states/
 */
function mark(
  summary: string,
  { alertname = '', rulename = '' }: WebhookEntry['labels'],
  annotations: WebhookEntry['annotations'],
): string {
  const { grafana_state_reason: reason = '' } = annotations;
  const [what, rule] = NO_VALUE.includes(alertname) ? [alertname, rulename] : NO_VALUE_REASONS.includes(reason) ? [reason, alertname] : [];
  if (what === undefined) return summary;
  return oneLine([what, rule, summary].filter((part) => part !== undefined && part !== '').join(': '));
}

/** Returns a text such as `DiskFull (job=node, team=payments)`, without the severity, the instance and internal labels. */
function nameOf(labels: WebhookEntry['labels']): string {
  const { alertname = '', severity: _severity, instance, ...others } = labels;
  const details = Object.entries(others)
    .filter(([name]) => !name.startsWith('__'))
    .map(([name, value]) => `${name}=${value}`);
  const name = oneLine([alertname || instance, details.length === 0 ? '' : `(${details.join(', ')})`].join(' '));
  return name === ''
    ? oneLine(
        Object.entries(labels)
          .map(([label, value]) => `${label}=${value}`)
          .join(', '),
      )
    : name;
}

/** Collapses line breaks and runs of spaces, which only cost segments, and removes control characters, which phones do not show. */
function oneLine(text: string | undefined): string {
  return (text ?? '').replace(/[\s\p{Cc}]+/gu, ' ').trim();
}

function named<K extends 'source' | 'instance'>(key: K, value: string | undefined): Partial<Record<K, string>> {
  const name = oneLine(value);
  return name === '' ? {} : ({ [key]: clip(name, MAX_NAME) } as Partial<Record<K, string>>);
}

/** Cuts to at most `max` UTF-16 units, never within a surrogate pair. */
export function clip(text: string, max: number): string {
  return text.length <= max ? text : text.slice(0, max).replace(/[\uD800-\uDBFF]$/, '');
}

/** Like {@link clip}, with `...` at the cut: a single `…` would make the whole text UCS-2. */
export function shorten(text: string, max: number): string {
  return text.length <= max ? text : `${clip(text, max - 3).trimEnd()}...`;
}
