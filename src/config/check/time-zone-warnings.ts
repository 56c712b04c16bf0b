import type { Finding } from '../finding.ts';
import type { ParsedConfig } from '../schema/schema.ts';

/** Quiet hours go by a clock; where none is named that is UTC, by which few people sleep. */
export function timeZoneWarnings({ quietHours, routes, contacts }: ParsedConfig): Finding[] {
  if (isTimed(quietHours) && quietHours.timeZone !== undefined) return [];
  const ofContacts = Object.entries(contacts).map(([name, { quietHours: hours, timeZone }]) => ({
    path: ['contacts', name, 'quietHours'],
    isUnplaced: isTimed(hours) && timeZone === undefined,
  }));
  const others = [
    { path: ['quietHours'], hours: quietHours },
    ...routes.map((route, index) => ({ path: ['routes', index, 'quietHours'], hours: route.quietHours })),
  ].map(({ path, hours }) => ({ path, isUnplaced: isTimed(hours) && hours.timeZone === undefined }));
  return [...others, ...ofContacts]
    .filter(({ isUnplaced }) => isUnplaced)
    .map(({ path }) => ({
      path,
      message: 'go by UTC for whoever has no timeZone',
      hint: 'timeZone: Europe/Berlin, of the contact or in quietHours of the file',
      hideValue: true,
    }));
}

function isTimed<Hours extends object>(hours: Hours | 'off' | undefined): hours is Hours {
  return hours !== undefined && hours !== 'off';
}
