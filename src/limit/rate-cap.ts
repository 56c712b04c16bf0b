/** The port behind which the rate caps live: exact in every window position, over all replicas. */
export type CapReason = 'rate_cap_recipient' | 'rate_cap_hour';

/** One limit that a text must fit into. */
export interface CapRule {
  /** Names the counter, such as `r:<phone hash>` or `hour`; never a phone number. */
  readonly key: string;
  readonly reason: CapReason;
  readonly max: number;
  readonly windowMs: number;
  /** Slots of `max` that this text may not use; 0 for a critical. */
  readonly reserve: number;
}

export type Reservation =
  /** `fresh` is false when the slot was this message's already: retries take no second one. */
  { readonly kind: 'held'; readonly fresh: boolean } | { readonly kind: 'full'; readonly reason: CapReason; readonly retryAt: Date };

export interface RateCap {
  /**
   * Takes one slot in every rule, or in none. `slot` is the message id. A slot that the message holds already is kept
   * and counts anew from now.
   */
  reserve(slot: string, rules: readonly CapRule[]): Promise<Reservation>;
  /** The provider answered: from now on the slot counts for exactly one window. */
  settle(slot: string, rules: readonly CapRule[]): Promise<void>;
  /** The message surely was never sent: gives the slot back. */
  release(slot: string, rules: readonly CapRule[]): Promise<void>;
}
