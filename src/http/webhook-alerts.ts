import { z } from 'zod';
import type { AlertInput } from '../alert/alert.ts';
import { hash } from '../alert/id.ts';
import { formatPath } from '../alert/parse-alert.ts';
import { parseSeverity } from '../alert/severity.ts';
import { clip, shorten } from './shorten.ts';
import type { RejectedAlert } from './verdicts.ts';

/** In UTF-16 units: two texts of GSM characters, with room for the instance and severity that we put in front. */
export const MAX_WEBHOOK_TEXT = 300;
const MAX_LABELS = 64;
const MAX_LABEL_NAME = 256;
const MAX_LABEL_VALUE = 1024;
const MAX_NAME = 256;

const FIRING = ['firing', 'alerting'];
const RESOLVED = ['resolved', 'ok', 'normal'];

export interface WebhookAlerts {
  readonly alerts: readonly { readonly index: number; readonly alert: AlertInput }[];
  /** Those of which nothing can be made. */
  readonly rejected: readonly RejectedAlert[];
  /** How many the sender says it left out. */
  readonly truncated: number;
}

export interface WebhookCall {
  /** Starts every id and dedup key, so that two kinds of senders never share one. */
  readonly sender: string;
  readonly to: readonly string[];
  /** The sender's name for where it sends to. */
  readonly receiver: string;
  /** What besides the receiver and the recipients tells apart two alerts of one fingerprint. */
  readonly scope?: readonly string[];
}

/** Labels and annotations are text in both formats; what a custom payload makes of them is read where it can be. */
const words = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((record) =>
    Object.fromEntries(
      Object.entries(record ?? {}).flatMap(([name, value]) =>
        ['string', 'number', 'boolean'].includes(typeof value) ? [[name, String(value)] as const] : [],
      ),
    ),
  );

const entrySchema = z.object({
  status: z
    .string()
    .toLowerCase()
    .pipe(z.enum([...FIRING, ...RESOLVED], { error: 'status is neither firing nor resolved' }))
    .default('firing'),
  labels: words,
  annotations: words,
  startsAt: z.string().nullish(),
  endsAt: z.string().nullish(),
  fingerprint: z.string().min(1).max(128).nullish(),
});
type Entry = z.output<typeof entrySchema>;

/**
 * Each entry of a webhook's `alerts` as an alert of ours; the status of the call as a whole is never looked at, because
 * a call that is "firing" carries resolved alerts too.
 *
 * The id is made of fingerprint, status and start (of a resolved one its end too), so a repeat, a retry and the copy of
 * the other half of an HA pair are the same alert and text once. A repeat looks exactly like a copy, so there are no
 * reminders: an alert texts again only after it was resolved and fired anew. Receiver and recipients belong to the
 * id, so that one alert sent to two groups reaches both. Two independent senders need different receiver names, or a
 * label that tells their alerts apart.
 */
export function readWebhookAlerts(entries: readonly unknown[], call: WebhookCall, truncated: number): WebhookAlerts {
  const alerts: { index: number; alert: AlertInput }[] = [];
  const rejected: RejectedAlert[] = [];
  for (const [index, entry] of entries.entries()) {
    const parsed = entrySchema.safeParse(entry);
    const text = parsed.success ? textOf(parsed.data) : undefined;
    if (!parsed.success) {
      rejected.push({ index, errors: parsed.error.issues.map(({ path, message }) => ({ path: formatPath(path), message })) });
    } else if (text === undefined) {
      rejected.push({ index, errors: [{ path: 'annotations', message: 'neither annotations nor labels: there is nothing to say' }] });
    } else {
      alerts.push({ index, alert: toAlert(parsed.data, text, call) });
    }
  }
  return { alerts, rejected, truncated };
}

function toAlert(entry: Entry, text: string, call: WebhookCall): AlertInput {
  const { labels } = entry;
  const resolved = RESOLVED.includes(entry.status);
  const raisedAt = isoTime(entry.startsAt);
  return {
    ...identify(entry, resolved, call),
    // A word that we do not know, or none, is no reason to keep an alert from the phone that it was routed to.
    severity: parseSeverity(labels.severity ?? '') ?? 'critical',
    status: resolved ? 'resolved' : 'firing',
    // Nobody is texted about a resolved one; recipients would only be one more thing to be refused for.
    ...(resolved ? {} : { to: [...call.to] }),
    text,
    ...named('source', labels.job || call.receiver),
    ...named('instance', labels.instance),
    labels: Object.fromEntries(
      Object.entries(labels)
        .filter(([name]) => name.length <= MAX_LABEL_NAME)
        .slice(0, MAX_LABELS)
        .map(([name, value]) => [name, clip(value, MAX_LABEL_VALUE)]),
    ),
    ...(raisedAt === undefined ? {} : { raisedAt }),
  };
}

/** Without the facts that make them, the id is left to chance and the key to the alert's own words. */
function identify(entry: Entry, resolved: boolean, { sender, receiver, scope = [], to }: WebhookCall): Pick<AlertInput, 'id' | 'dedupKey'> {
  const fingerprint = entry.fingerprint ?? (Object.keys(entry.labels).length === 0 ? undefined : hash(sortedLabels(entry)));
  if (fingerprint === undefined) return {};
  const place = JSON.stringify([receiver, ...scope, ...[...to].sort()]);
  const dedupKey = `${sender}/${fingerprint}/${hash(place)}`;
  const moments = resolved ? [entry.startsAt, entry.endsAt] : [entry.startsAt];
  if (moments.some((moment) => !moment)) return { dedupKey };
  return { dedupKey, id: `${sender}-${hash(place, fingerprint, resolved ? 'resolved' : 'firing', ...(moments as string[]))}` };
}

function sortedLabels({ labels }: Entry): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function textOf({ annotations, labels }: Entry): string | undefined {
  const said = [annotations.summary, annotations.description, annotations.message].map(oneLine).find((text) => text !== '');
  const text = said ?? nameOf(labels);
  return text === '' ? undefined : shorten(text, MAX_WEBHOOK_TEXT);
}

/** `DiskFull (job=node, team=payments)`; what the text says elsewhere and a sender's internal labels are left out. */
function nameOf({ alertname = '', severity: _severity, instance, ...others }: Entry['labels']): string {
  const details = Object.entries(others)
    .filter(([name]) => !name.startsWith('__'))
    .map(([name, value]) => `${name}=${value}`);
  return oneLine([alertname || instance, details.length === 0 ? '' : `(${details.join(', ')})`].join(' '));
}

/** Line breaks and runs of spaces cost segments and carry nothing. */
function oneLine(text: string | undefined): string {
  return (text ?? '').replace(/\s+/g, ' ').trim();
}

function named<K extends 'source' | 'instance'>(key: K, value: string | undefined): Partial<Record<K, string>> {
  const name = oneLine(value);
  return name === '' ? {} : ({ [key]: clip(name, MAX_NAME) } as Partial<Record<K, string>>);
}

/** To the millisecond; `undefined` for what is no moment, such as the year 1 that Go writes for "none". */
function isoTime(text: string | null | undefined): string | undefined {
  const ms = Date.parse(text ?? '');
  return ms > 0 && ms < Date.UTC(10_000, 0) ? new Date(ms).toISOString() : undefined;
}
