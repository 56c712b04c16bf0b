import type { Severity } from '../alert/severity.ts';

/** A part of each day in which nobody is woken, by the clock of one time zone. */
export interface QuietHours {
  /** Minutes after midnight, 0 to 1439. Where `to` is not after `from` they last over midnight. */
  readonly from: number;
  readonly to: number;
  /** IANA name, such as Asia/Kuala_Lumpur. */
  readonly timeZone: string;
  /** So grave, or graver, texts go out all the same. */
  readonly override: Severity;
}
