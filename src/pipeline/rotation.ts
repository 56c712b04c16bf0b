/** Who is on call when, by the clock of one time zone. */
export interface Rotation {
  /** IANA name, such as Asia/Kuala_Lumpur. */
  readonly timeZone: string;
  /** The week, over and over. No two of them overlap. */
  readonly shifts: readonly Shift[];
  /** Win over the week; of two at the same time the later in the file. */
  readonly overrides: readonly Override[];
}

export interface Shift {
  /** ISO weekdays, 1 = Monday to 7 = Sunday, on which it begins. */
  readonly days: readonly number[];
  /** Minutes after midnight, 0 to 1439; where `to` is not after `from` it ends on the next day. */
  readonly from: number;
  readonly to: number;
  /** Names of contacts. */
  readonly contacts: readonly string[];
}

export interface Override {
  /** ms since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly contacts: readonly string[];
}
