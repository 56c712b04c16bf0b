import { z } from 'zod';
import { parseDuration } from './parse-duration.ts';

const EXAMPLE = 'a duration such as 30s, 15m or 1h';

/** Duration in human notation: `30s`, `15m`, `1h`, `1h30m`, or a bare 0. Output in ms. */
export const duration = z
  .union([z.string(), z.number()], { error: ({ input }) => (input === undefined ? `is missing: ${EXAMPLE}` : `must be ${EXAMPLE}`) })
  .transform((written, ctx) => {
    const ms = parseDuration(String(written));
    if (ms !== undefined) return ms;
    ctx.addIssue({ code: 'custom', message: `must be ${EXAMPLE}` });
    return z.NEVER;
  });

/** Duration within bounds, both included. */
export function durationBetween(min: string, max: string) {
  const [minMs, maxMs] = [parseDuration(min) as number, parseDuration(max) as number];
  return duration.refine((ms) => ms >= minMs && ms <= maxMs, { error: `must be a duration from ${min} to ${max}` });
}
