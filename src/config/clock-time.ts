import { z } from 'zod';

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

/** An IANA time zone, as this machine knows it. */
export const timeZone = z.string().refine(isTimeZone, {
  error: 'no time zone of that name',
  params: { hint: 'an IANA name, such as Asia/Kuala_Lumpur, Europe/Berlin or UTC' },
});

function isTimeZone(name: string): boolean {
  // A bare offset is known to Intl as well, and knows no summer time.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
