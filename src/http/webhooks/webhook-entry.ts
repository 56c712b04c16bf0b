import { showValue } from '../../alert/parse/describe-issues.ts';
import { readMoment } from '../../alert/parse/read-moment.ts';

/** An alert as read from a sender's webhook; unreadable parts are left out. */
export interface WebhookEntry {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Text from the sender itself; overrides annotations and labels. */
  readonly text?: string | undefined;
  /** The severity word, if any. */
  readonly severity: string | undefined;
  /** Value that is the same in every call about this alert; `undefined`: none. */
  readonly fingerprint: string | undefined;
  readonly startsAt: WebhookMoment | undefined;
  readonly endsAt: WebhookMoment | undefined;
  /** Notes about unreadable fields, for the history of the alert. */
  readonly remarks: readonly string[];
}

export interface WebhookMoment {
  /** Identifies the moment, exactly as the sender writes it. */
  readonly token: string;
  /** `undefined` for a time without a zone. */
  readonly iso: string | undefined;
}

export type Fields = Readonly<Record<string, unknown>>;

const RESOLVED = new Set(['resolved', 'ok', 'normal', 'recovered', 'restored', 'closed', 'cleared', 'inactive']);
const FIRING = new Set(['firing', 'alerting', 'active', 'pending', 'problem', 'nodata', 'no_data', 'error']);

/** Returns the members of an object; `undefined` for any other value. */
export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

/** Returns a string, number or boolean as text; `undefined` for other values and blank text. */
export function textIn(value: unknown): string | undefined {
  const text = isScalar(value) ? String(value) : '';
  return text.trim() === '' ? undefined : text;
}

/** Reads labels or annotations; values other than text, number and boolean are left out. */
export function wordsIn(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fieldsOf(value) ?? {}).flatMap(([name, word]) => (isScalar(word) ? [[name, String(word)]] : [])),
  );
}

/** Returns a text that identifies a set of labels, including values that are left out of the labels; `undefined` for none. */
export function labelsKey(value: unknown): string | undefined {
  const entries = Object.entries(fieldsOf(value) ?? {}).map(([name, word]) => [name, isScalar(word) ? String(word) : JSON.stringify(word)]);
  return entries.length === 0 ? undefined : JSON.stringify(entries.sort(([a = ''], [b = '']) => (a < b ? -1 : 1)));
}

/** Reads the status of the entry, else that of the call. Everything that is not clearly resolved is firing. */
export function statusIn(own: unknown, ofCall: unknown): { readonly status: WebhookEntry['status']; readonly remarks: readonly string[] } {
  const word = statusWord(own) ?? statusWord(ofCall);
  if (word === undefined || FIRING.has(word)) return { status: 'firing', remarks: [] };
  if (RESOLVED.has(word)) return { status: 'resolved', remarks: [] };
  return { status: 'firing', remarks: [`unknown status ${showValue(word)}: treated as firing`] };
}

/** Reads a status, also as the Alertmanager API writes it: `{ "state": "active" }`. */
function statusWord(value: unknown): string | undefined {
  return textIn(fieldsOf(value)?.state ?? value)
    ?.trim()
    .toLowerCase();
}

const WITHOUT_ZONE = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?$/;

/** Reads a time; `undefined` for "none", such as 0 or the year 1 that Go writes. */
export function momentIn(value: unknown): WebhookMoment | undefined {
  const iso = readMoment(value);
  if (typeof iso === 'string') return { token: typeof value === 'string' ? value.trim() : iso, iso: new Date(iso).toISOString() };
  const text = typeof value === 'string' ? value.trim() : '';
  // 1970-01-01 is the zero value of a clock, in some time zone.
  return iso === undefined && WITHOUT_ZONE.test(text) && text > '1970-01-03' ? { token: text, iso: undefined } : undefined;
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
}
