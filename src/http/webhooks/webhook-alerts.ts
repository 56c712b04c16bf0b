import type { AlertInput } from '../../alert/alert.ts';
import { showValue } from '../../alert/describe-issues.ts';
import { hash } from '../../alert/id.ts';
import { parseSeverity, type Severity, type SeverityWords } from '../../alert/severity.ts';
import type { WebhookRefusal } from '../../pipeline/observer.ts';
import type { RejectedAlert } from '../alerts/alert-routes.ts';
import { type Fields, fieldsOf, labelsKey, momentIn, statusIn, textIn, type WebhookEntry, wordsIn } from './webhook-entry.ts';

/** In UTF-16 units: two texts of GSM characters, with room for the instance and severity that we put in front. */
export const MAX_WEBHOOK_TEXT = 300;
/** More alerts of one call are not taken, so that a call never blocks the process for long. */
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
  /** Those of which nothing can be made. */
  readonly rejected: readonly RefusedEntry[];
  /** How many alerts came without an entry of their own, because the call held too many. */
  readonly left: { readonly bySender: number; readonly byUs: number };
  /** Alerts whose word for the severity no table knows. */
  readonly unknownSeverities: number;
}

interface WebhookCall {
  /** Starts every id and dedup key, so that two kinds of senders never share one. */
  readonly sender: string;
  readonly to: readonly string[];
  /** The sender's name for where it sends to. */
  readonly receiver: string;
  /** What besides the receiver and the recipients tells apart two alerts of one fingerprint. */
  readonly scope?: readonly string[];
  /** Of every alert; left out: its label `job`, else the receiver. */
  readonly source?: string;
  /** Said where an alert itself has nothing to say. */
  readonly commonText?: string | undefined;
  /** How many alerts the sender says it left out. */
  readonly truncated: number;
  readonly severityWords?: SeverityWords | undefined;
}

/**
 * Each entry of a webhook's `alerts` as an alert of ours. An entry's own status wins over that of the call, because a call
 * that is "firing" carries resolved alerts too.
 *
 * The id is made of fingerprint, status and start (of a resolved one its end too), so a repeat, a retry and the copy of
 * the other half of an HA pair are the same alert and text once. A repeat looks exactly like a copy, so there are no
 * reminders: an alert texts again only after it was resolved and fired again. Receiver and recipients belong to the
 * id, so that one alert sent to two groups reaches both. Two independent senders need different receiver names, or a
 * label that tells their alerts apart.
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
    // What is resolved is found by its key; nothing needs to be said.
    if (text === undefined && !(entry.status === 'resolved' && names.dedupKey !== undefined)) {
      rejected.push(refuse(index, 'no_text', 'annotations', 'has nothing to say: send annotations.summary, or labels'));
      continue;
    }
    const severity = readSeverity(entry.severity, call.severityWords);
    if (severity.remark !== undefined) unknownSeverities += 1;
    alerts.push({ index, alert: toAlert(entry, { ...call, text, names, severity }) });
  }
  const byUs = Math.max(0, entries.length - MAX_WEBHOOK_ALERTS);
  if (byUs > 0) {
    const message = `${byUs} alerts from here on were not taken: send at most ${MAX_WEBHOOK_ALERTS} in one call (max_alerts of Alertmanager)`;
    rejected.push(refuse(MAX_WEBHOOK_ALERTS, 'over_limit', '', message));
  }
  return { alerts, rejected, left: { bySender: call.truncated, byUs }, unknownSeverities };
}

function refuse(index: number, reason: WebhookRefusal, path: string, message: string): RefusedEntry {
  return { index, reason, errors: [{ path, message }] };
}

/** An entry in the form that Alertmanager and Grafana share. */
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

/** A long one by its hash: it becomes part of a key. */
export function fingerprintIn(value: unknown): string | undefined {
  const text = typeof value === 'boolean' ? undefined : textIn(value)?.trim();
  return text === undefined || text.length <= MAX_FINGERPRINT ? text : hash('fingerprint', text);
}

/** A word that no table knows, or none, is no reason to keep an alert from the phone that it was routed to. */
function readSeverity(word: string | undefined, words: SeverityWords | undefined): { value: Severity; remark?: string } {
  const known = word === undefined ? 'critical' : parseSeverity(word, words);
  if (known !== undefined) return { value: known };
  return {
    value: 'critical',
    remark: `unknown severity ${showValue(word)}: read as critical; severityWords in the config can give it a meaning`,
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
    // Nobody is texted about a resolved one; recipients would only be one more thing to be refused for.
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

/** Without the facts that make them, the id is left to chance and the key to the alert's own words. */
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
  const said = oneLine([text, annotations.summary, annotations.description, annotations.message].find((words) => oneLine(words) !== ''));
  const marked = said === '' ? nameOf(labels) : mark(said, labels, annotations);
  const whole = marked === '' ? oneLine(commonText) : marked;
  return whole === '' ? undefined : shorten(whole, MAX_WEBHOOK_TEXT);
}

const NO_VALUE = ['DatasourceError', 'DatasourceNoData'];
const NO_VALUE_REASONS = ['Error', 'NoData', 'MissingSeries'];

/**
 * Grafana raises alerts about a rule that it could not evaluate with the summary of that very rule: by its words alone, such
 * an alert cannot be told from the real one. https://grafana.com/docs/grafana/latest/alerting/fundamentals/alert-rule-evaluation/nodata-and-error-states/
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

/** `DiskFull (job=node, team=payments)`; what the text says elsewhere and a sender's internal labels are left out. */
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

/** Line breaks and runs of spaces cost segments and carry nothing; no phone shows control characters. */
function oneLine(text: string | undefined): string {
  return (text ?? '').replace(/[\s\p{Cc}]+/gu, ' ').trim();
}

function named<K extends 'source' | 'instance'>(key: K, value: string | undefined): Partial<Record<K, string>> {
  const name = oneLine(value);
  return name === '' ? {} : ({ [key]: clip(name, MAX_NAME) } as Partial<Record<K, string>>);
}

/** At most `max` UTF-16 units, never half of a surrogate pair. */
export function clip(text: string, max: number): string {
  return text.length <= max ? text : text.slice(0, max).replace(/[\uD800-\uDBFF]$/, '');
}

/** Like {@link clip}, with `...` where something is gone: the one character `…` would turn the whole text into UCS-2. */
export function shorten(text: string, max: number): string {
  return text.length <= max ? text : `${clip(text, max - 3).trimEnd()}...`;
}
