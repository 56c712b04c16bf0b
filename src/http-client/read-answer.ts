/** Upper bound for a wait that a vendor asks for. */
const MAX_WAIT_MS = 24 * 3_600_000;

/**
 * Parses `Retry-After`, in seconds or as an HTTP date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 * A date in the past gives `now`; the result is at most a day ahead. `undefined` for any other value.
 */
export function parseRetryAfter(value: string | undefined, now: Date): Date | undefined {
  const waitMs = waitOf(value?.trim() ?? '', now);
  return waitMs === undefined ? undefined : new Date(now.getTime() + Math.min(Math.max(waitMs, 0), MAX_WAIT_MS));
}

/** Parses a vendor-specific header in milliseconds, capped at a day; `undefined` when the value is not a whole number. */
export function parseRetryAfterMs(value: string | undefined): number | undefined {
  return value !== undefined && /^\d+$/.test(value) ? Math.min(Number(value), MAX_WAIT_MS) : undefined;
}

function waitOf(value: string, now: Date): number | undefined {
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  // Date.parse alone would accept "-5" as a date.
  if (!/^[A-Z][a-z]{2,8}, .+ GMT$/.test(value)) return undefined;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : at - now.getTime();
}

/** Parses a body as JSON; `undefined`, which is not a JSON value, when it is not JSON. */
export function readJson(body: string): unknown {
  try {
    return JSON.parse(withoutBom(body));
  } catch {
    return undefined;
  }
}

/** Removes the byte order mark that some servers put before the body: https://www.rfc-editor.org/rfc/rfc8259#section-8.1 */
export function withoutBom(body: string): string {
  return body.startsWith('\ufeff') ? body.slice(1) : body;
}

/** Converts a string, number or boolean to a string; `undefined` for any other value. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/**
 * Returns a vendor's code when it is safe to show and log: short, plain, and without a run of digits long enough to be
 * a phone number; else `undefined`.
 */
export function safeCode(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const code = String(value);
  return /^[\w.:-]{1,40}$/.test(code) && !/\d{7}/.test(code) ? code : undefined;
}

/** Returns a vendor's message id; `undefined` when it is missing or not a possible id. */
export function readMessageId(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const id = String(value);
  return id.length > 0 && id.length <= 128 ? id : undefined;
}

/** Returns a vendor's segment count, given as a number or in digits; `undefined` when it is missing or 0 (not counted yet). */
export function readSegments(value: unknown): number | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const segments = Number(value);
  return Number.isInteger(segments) && segments > 0 ? segments : undefined;
}

/**
 * Returns a vendor's price for a whole message, such as `"0.040000"` and `"USD"`, in micro-units; `undefined` when
 * amount or currency is missing.
 */
export function readPrice(sum: unknown, currency: unknown): { amount: number; currency: string } | undefined {
  if (typeof sum !== 'string' && typeof sum !== 'number') return undefined;
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency)) return undefined;
  const amount = Math.round(Number(sum) * 1_000_000);
  return String(sum).trim() !== '' && Number.isSafeInteger(amount) && amount >= 0 ? { amount, currency } : undefined;
}
