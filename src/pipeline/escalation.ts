/** One step of a ladder: who is told when nobody has taken care by then. */
export interface Step {
  /** Since the alert was taken; the first step that is due at 0 is taken at once. */
  readonly afterMs: number;
  /** Names of the config's `channels`. */
  readonly channels: readonly string[];
  /** Texts the alert's recipients. */
  readonly sms: boolean;
}

/** Steps in the order of their time. A route without one texts at once, and that is all. */
export type Ladder = readonly Step[];
