/** The JSON value of a body; `undefined`, which JSON cannot say, when it is none. */
export function readJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
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
  const segments = Number(value);
  return Number.isInteger(segments) && segments > 0 ? segments : undefined;
}
