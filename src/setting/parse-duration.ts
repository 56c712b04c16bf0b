const UNITS_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Parses a duration into whole ms; `undefined` when the text is not a duration. */
export function parseDuration(text: string): number | undefined {
  if (text.trim() === '0') return 0;
  if (!/^\s*(\d+(\.\d+)?(ms|s|m|h|d)\s*)+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  return Math.round(parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNITS_MS[unit as keyof typeof UNITS_MS], 0));
}

/**
 * Parses a point in time: ISO 8601 such as `2026-11-20T03:00:00Z`, or a duration before `now` such as `2h`. `undefined`
 * for anything else.
 */
export function parseSince(text: string, now: Date): Date | undefined {
  const ago = parseDuration(text);
  if (ago !== undefined) return new Date(now.getTime() - ago);
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : new Date(at);
}
