/** No vendor's word puts a message off for longer. */
const MAX_WAIT_MS = 24 * 3_600_000;

/**
 * Reads `Retry-After`, in seconds or as an HTTP date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 * A moment in the past is `now`, one further off than a day is a day away; `undefined` for what is neither form.
 */
export function parseRetryAfter(value: string | undefined, now: Date): Date | undefined {
  const waitMs = waitOf(value?.trim() ?? '', now);
  return waitMs === undefined ? undefined : new Date(now.getTime() + Math.min(Math.max(waitMs, 0), MAX_WAIT_MS));
}

/** Reads a vendor's own header, in milliseconds, up to a day; `undefined` for what is no whole number of them. */
export function parseRetryAfterMs(value: string | undefined): number | undefined {
  return value !== undefined && /^\d+$/.test(value) ? Math.min(Number(value), MAX_WAIT_MS) : undefined;
}

function waitOf(value: string, now: Date): number | undefined {
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  // Date.parse alone would read "-5" as a date.
  if (!/^[A-Z][a-z]{2,8}, .+ GMT$/.test(value)) return undefined;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : at - now.getTime();
}

/** The JSON value of a body; `undefined`, which JSON cannot say, when it is none. */
export function readJson(body: string): unknown {
  try {
    return JSON.parse(withoutBom(body));
  } catch {
    return undefined;
  }
}

/** A body without the byte order mark that some servers put before it: https://www.rfc-editor.org/rfc/rfc8259#section-8.1 */
export function withoutBom(body: string): string {
  return body.startsWith('\ufeff') ? body.slice(1) : body;
}

/** A text, a number, true or false, as text; `undefined` for what has no plain text of its own. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/**
 * A vendor's code, where it may be shown and logged: short, plain, and without a run of digits long enough to be
 * somebody's phone number; else `undefined`.
 */
export function safeCode(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const code = String(value);
  return /^[\w.:-]{1,40}$/.test(code) && !/\d{7}/.test(code) ? code : undefined;
}

/** A vendor's message id; `undefined` when it is missing or no id at all. */
export function readMessageId(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const id = String(value);
  return id.length > 0 && id.length <= 128 ? id : undefined;
}

/** A vendor's count of parts, as a number or in digits; `undefined` for none, and for a 0: then it has not counted. */
export function readSegments(value: unknown): number | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const segments = Number(value);
  return Number.isInteger(segments) && segments > 0 ? segments : undefined;
}

/** A vendor's price of a whole text, such as `"0.040000"` and `"USD"`, in micro-units; `undefined` where either is missing. */
export function readPrice(sum: unknown, currency: unknown): { amount: number; currency: string } | undefined {
  if (typeof sum !== 'string' && typeof sum !== 'number') return undefined;
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency)) return undefined;
  const amount = Math.round(Number(sum) * 1_000_000);
  return String(sum).trim() !== '' && Number.isSafeInteger(amount) && amount >= 0 ? { amount, currency } : undefined;
}
