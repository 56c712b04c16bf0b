import { showValue } from '../../alert/describe-issues.ts';
import { readMoment } from '../../alert/read-moment.ts';

/** An alert as a sender's webhook carries it, as far as it can be read; what cannot is left out. */
export interface WebhookEntry {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** What the sender itself makes of the alert; wins over annotations and labels. */
  readonly text?: string | undefined;
  /** The word for its severity, where it has one. */
  readonly severity: string | undefined;
  /** What is the same for every call about this alert; `undefined`: nothing is. */
  readonly fingerprint: string | undefined;
  readonly startsAt: WebhookMoment | undefined;
  readonly endsAt: WebhookMoment | undefined;
  /** What could not be read as it stands, for the history of the alert. */
  readonly remarks: readonly string[];
}

export interface WebhookMoment {
  /** Tells this moment from another one, to the digit that the sender writes. */
  readonly token: string;
  /** Unknown for a time without zone. */
  readonly iso: string | undefined;
}

export type Fields = Readonly<Record<string, unknown>>;

const RESOLVED = new Set(['resolved', 'ok', 'normal', 'recovered', 'restored', 'closed', 'cleared', 'inactive']);
const FIRING = new Set(['firing', 'alerting', 'active', 'pending', 'problem', 'nodata', 'no_data', 'error']);

/** `undefined` for what is no object, and so no alert. */
export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

/** Text, a number or a boolean as text; `undefined` for the rest and for blank text. */
export function textIn(value: unknown): string | undefined {
  const text = isScalar(value) ? String(value) : '';
  return text.trim() === '' ? undefined : text;
}

/** Labels and annotations are text in all formats; what a custom payload makes of them is read where it can be. */
export function wordsIn(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fieldsOf(value) ?? {}).flatMap(([name, word]) => (isScalar(word) ? [[name, String(word)]] : [])),
  );
}

/** Text that tells one set of labels from another, also by values that are left out of the labels; `undefined` for none. */
export function labelsKey(value: unknown): string | undefined {
  const entries = Object.entries(fieldsOf(value) ?? {}).map(([name, word]) => [name, isScalar(word) ? String(word) : JSON.stringify(word)]);
  return entries.length === 0 ? undefined : JSON.stringify(entries.sort(([a = ''], [b = '']) => (a < b ? -1 : 1)));
}

/** By the entry's own status, else by that of the call. Only what is plainly resolved is; the rest is worth a text. */
export function statusIn(own: unknown, ofCall: unknown): { readonly status: WebhookEntry['status']; readonly remarks: readonly string[] } {
  const word = statusWord(own) ?? statusWord(ofCall);
  if (word === undefined || FIRING.has(word)) return { status: 'firing', remarks: [] };
  if (RESOLVED.has(word)) return { status: 'resolved', remarks: [] };
  return { status: 'firing', remarks: [`unknown status ${showValue(word)}: read as firing`] };
}

/** The API of Alertmanager writes `{ "state": "active" }`. */
function statusWord(value: unknown): string | undefined {
  return textIn(fieldsOf(value)?.state ?? value)
    ?.trim()
    .toLowerCase();
}

const WITHOUT_ZONE = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?$/;

/** `undefined` for no moment, such as the year 1 that Go writes for "none", or 0. */
export function momentIn(value: unknown): WebhookMoment | undefined {
  const iso = readMoment(value);
  if (typeof iso === 'string') return { token: typeof value === 'string' ? value.trim() : iso, iso: new Date(iso).toISOString() };
  const text = typeof value === 'string' ? value.trim() : '';
  // In some zone, 1970-01-01 is the zero of a clock.
  return iso === undefined && WITHOUT_ZONE.test(text) && text > '1970-01-03' ? { token: text, iso: undefined } : undefined;
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
}
