import { z } from 'zod';
import { clockTime, timeZone } from './clock-time.ts';
import { severitySchema } from './severity-schema.ts';

const off = z.literal(['off', false]).transform(() => 'off' as const);
const EXAMPLE = 'must be such as { from: "22:00", to: "07:00" }, or off';

const ofContact = { from: clockTime, to: clockTime, override: severitySchema.exactOptional() };

const NEVER = {
  error: 'from and to are the same time',
  params: { hint: 'to have none, set quietHours: off' },
};

/** Quiet hours of a contact, in its time zone. */
export const contactHoursSchema = z.union([z.strictObject(ofContact).refine(({ from, to }) => from !== to, NEVER), off], {
  error: EXAMPLE,
});

/** Quiet hours in the time zone of the recipient if known, otherwise in `timeZone`. */
export const quietHoursSchema = z.union(
  [z.strictObject({ ...ofContact, timeZone: timeZone.exactOptional() }).refine(({ from, to }) => from !== to, NEVER), off],
  { error: EXAMPLE },
);
