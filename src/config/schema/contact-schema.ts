import { z } from 'zod';
import { EXAMPLE_PHONE } from '../../alert/phone/phone-text.ts';
import { isMailAddress } from '../../setting/mail-address.ts';
import { clockTime, timeZone } from './clock-time.ts';
import { contactHoursSchema } from './quiet-hours-schema.ts';

export const languageTag = z.string().regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'must be a language tag such as en, ms or zh-Hans');

export const contactSchema = z.strictObject(
  {
    phone: z.string().min(1),
    email: z.string().refine(isMailAddress, { error: 'must be an e-mail address' }).exactOptional(),
    consent: z.boolean().default(false),
    language: languageTag.exactOptional(),
    timeZone: timeZone.exactOptional(),
    quietHours: contactHoursSchema.exactOptional(),
  },
  { error: ({ code }) => (code === 'invalid_type' ? `must be such as { phone: "${EXAMPLE_PHONE}", consent: true }` : undefined) },
);

/** Checked against known names with the whole file. */
export const groupSchema = z.array(z.string().min(1)).min(1, 'must name at least one contact');

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const contacts = z.array(z.string().min(1)).min(1, 'must name at least one contact');

/** A date and time such as `2026-12-24 18:00`, in the time zone of the rotation. */
const localTime = z.string().regex(/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}$/, 'must be a date and time such as "2026-12-24 18:00"');

export const rotationSchema = z.strictObject({
  timeZone,
  shifts: z
    .array(
      z.strictObject({
        days: z
          .array(z.enum(DAYS))
          .min(1)
          .default([...DAYS]),
        from: clockTime.default(0),
        to: clockTime.default(0),
        contacts,
      }),
    )
    .min(1, 'must have at least one shift'),
  overrides: z.array(z.strictObject({ from: localTime, to: localTime, contacts })).default([]),
});
