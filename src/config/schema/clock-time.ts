import { z } from 'zod';
import { faultOfTimeZone } from './time-zone-name.ts';

const EXAMPLE = 'a time of day in quotes such as "22:00"';

/** A time of day as people write it, `22:00`. Output in minutes after midnight; `24:00` is midnight, 0. */
export const clockTime = z
  .string({ error: ({ input }) => (input === undefined ? `is missing: ${EXAMPLE}` : `must be ${EXAMPLE}`) })
  .transform((written, ctx) => {
    const [, hours, minutes] = /^(\d{1,2}):(\d{2})$/.exec(written.trim()) ?? [];
    const time = Number(hours) * 60 + Number(minutes);
    if (Number(minutes) < 60 && time <= 1440) return time % 1440;
    ctx.addIssue({ code: 'custom', message: `must be ${EXAMPLE}` });
    return z.NEVER;
  });

/** The name of an IANA time zone that this machine knows. */
export const timeZone = z.string().superRefine((name, ctx) => {
  const fault = faultOfTimeZone(name);
  if (fault !== undefined) ctx.addIssue({ code: 'custom', message: fault.message, params: { hint: fault.hint } });
});
