/** The port behind which the rate caps live: exact in every window position, over all replicas. */
export const CAP_REASONS = ['rate_cap_recipient', 'rate_cap_hour', 'rate_cap_source', 'rate_cap_country', 'rate_cap_route'] as const;
export type CapReason = (typeof CAP_REASONS)[number];

/** So many in any stretch of so much time. */
export interface Window {
  readonly max: number;
  readonly perMs: number;
}

/** What a cap counts: texts, or the parts that they are billed by. */
export const CAP_WEIGHTS = ['messages', 'segments'] as const;

export interface Caps {
  readonly weight: (typeof CAP_WEIGHTS)[number];
  /** Every window must hold; empty = off. */
  readonly perRecipient: readonly Window[];
  /** Of the alerts' `source`. */
  readonly perSource?: readonly Window[];
  /** By calling code. */
  readonly perCountry?: ReadonlyMap<string, readonly Window[]>;
  /** All recipients together; `undefined` = off. */
  readonly perHour: { readonly max: number; readonly criticalReserve: number } | undefined;
}

/** What is counted of one route alone, besides the caps of all. */
export interface RouteCaps {
  readonly perRecipient: readonly Window[];
  /** All its recipients together. */
  readonly perRoute: readonly Window[];
}

/** One limit that a text must fit into. */
export interface CapRule {
  /**
   * Names the counter, such as `r:<phone hash>:<window>` or `hour`; never a phone number. What was sent counts on under
   * another `max`; a rule of another window needs another key.
   */
  readonly key: string;
  readonly reason: CapReason;
  readonly max: number;
  readonly windowMs: number;
  /** Of `max`, what this text may not use; 0 for a critical. */
  readonly reserve: number;
  /** How much of `max` this text takes: 1, or its segments. A whole number from 1; above `max - reserve` it never passes. */
  readonly weight: number;
}

export type Reservation =
  /**
   * `fresh` is false when the message held a slot already, be it in one rule only: retries take no second one. It may
   * also be false when a reply got lost and the call was sent again.
   */
  | { readonly kind: 'held'; readonly fresh: boolean }
  | {
      readonly kind: 'full';
      readonly reason: CapReason;
      /** Key of the rule that is full the longest. */
      readonly key: string;
      /** The first moment, by this machine's clock, at which the text fits if no other one takes its place. */
      readonly retryAt: Date;
    };

export interface ReserveHint {
  /** False when the message surely holds no slot, because it was never reserved before. Default true. */
  readonly mayHold: boolean;
}

export interface RateCap {
  /**
   * Takes one slot in every rule, of the rule's weight, or in none. `slot` is the message id. A slot that the message holds already is kept
   * with the weight it had, and counts anew from now. Slots never settled count for longer than a window, so that the text may go out some
   * time after this call without ever being too close to a later one.
   */
  reserve(slot: string, rules: readonly CapRule[], hint?: ReserveHint): Promise<Reservation>;
  /** The provider answered: from now on the slot counts for exactly one window. */
  settle(slot: string, rules: readonly CapRule[]): Promise<void>;
  /** The message surely was never sent: gives the slot back. */
  release(slot: string, rules: readonly CapRule[]): Promise<void>;
}
