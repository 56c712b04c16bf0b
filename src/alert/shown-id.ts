import { maskNumbers } from './phone.ts';

const OURS = /^(?:a-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|q-[\w-]{22})$/;

/** An alert's id as a log may hold it: callers choose theirs, and some choose a phone number. */
export function shownId(alertId: string): string {
  return OURS.test(alertId) ? alertId : maskNumbers(alertId);
}
