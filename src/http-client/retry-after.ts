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
