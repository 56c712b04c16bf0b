import type { Purpose } from '../../alert/alert.ts';
import type { Config, Contact } from '../../config/config.ts';
import type { QuietHours } from '../../policy/quiet-hours.ts';
import type { Policy } from '../../policy/route.ts';

/**
 * The quiet hours of one text. A route that has none leaves nobody in peace; else the contact's own count, then the
 * route's, then everybody's, and always by the contact's clock where it is known. A login code is asked for by whoever
 * is awake: it comes at any time, unless its very route has hours.
 * @param contact nothing is known of a bare number
 */
export function quietHoursOf(
  { quietHours: ofRoute }: Pick<Policy, 'quietHours'>,
  purpose: Purpose,
  contact: Pick<Contact, 'timeZone' | 'quietHours'>,
  { quietHours: ofAll }: Pick<Config, 'quietHours'>,
): QuietHours | undefined {
  const own = contact.quietHours;
  if (ofRoute === 'off' || own === 'off') return undefined;
  if (purpose === 'verification' && ofRoute === undefined) return undefined;
  const shared = ofRoute ?? ofAll;
  const timeZone = contact.timeZone ?? shared?.timeZone ?? 'UTC';
  if (own !== undefined) return { override: shared?.override ?? 'critical', ...own, timeZone };
  return shared && { ...shared, timeZone };
}
