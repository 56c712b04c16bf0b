export const CHECK_SUBJECTS = ['connection', 'credentials', 'account', 'balance', 'sender', 'template', 'clock'] as const;
export type CheckSubject = (typeof CHECK_SUBJECTS)[number];

/** One thing that `providers check` looked at. */
export interface Check {
  readonly subject: CheckSubject;
  /** `unchecked`: the vendor gives no way to learn it without sending a text. */
  readonly verdict: 'ok' | 'warning' | 'failed' | 'unchecked';
  /** For a person: what was found, and what to do. Without secrets and phone numbers. */
  readonly detail: string;
}

/** Vendors refuse signatures that are older, or from further in the future, than five minutes and more. */
const SKEW_WARNING_MS = 60_000;
const SKEW_FAILURE_MS = 4 * 60_000;

/** Compares our clock with the `Date` header of an answer: https://www.rfc-editor.org/rfc/rfc9110#field.date */
export function checkClock(dateHeader: string | undefined, now: Date): Check {
  const theirs = dateHeader === undefined ? Number.NaN : Date.parse(dateHeader);
  if (Number.isNaN(theirs)) return { subject: 'clock', verdict: 'unchecked', detail: 'the answer carries no date' };
  const skewMs = now.getTime() - theirs;
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const words = `this clock is ${seconds} s ${skewMs < 0 ? 'behind' : 'ahead of'} the vendor's`;
  if (Math.abs(skewMs) >= SKEW_FAILURE_MS)
    return { subject: 'clock', verdict: 'failed', detail: `${words}: signatures will be refused; set it right, best by NTP` };
  if (Math.abs(skewMs) >= SKEW_WARNING_MS) return { subject: 'clock', verdict: 'warning', detail: `${words}: set it right, best by NTP` };
  return { subject: 'clock', verdict: 'ok', detail: seconds === 0 ? 'agrees with the vendor' : words };
}
