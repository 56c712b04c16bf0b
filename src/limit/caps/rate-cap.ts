import type { ScriptStep } from '../../redis/lua-text.ts';

/** The port of the rate caps: exact in every window position, over all replicas. */
export const CAP_REASONS = ['rate_cap_recipient', 'rate_cap_hour', 'rate_cap_source', 'rate_cap_country', 'rate_cap_route'] as const;
export type CapReason = (typeof CAP_REASONS)[number];

/** A maximum in any period of the given length. */
export interface Window {
  readonly max: number;
  readonly perMs: number;
}

/** What a cap counts: messages, or the segments by which they are billed. */
export const CAP_WEIGHTS = ['messages', 'segments'] as const;

export interface Caps {
  readonly weight: (typeof CAP_WEIGHTS)[number];
  /** Windows per recipient, all of which must hold; empty = off. */
  readonly perRecipient: readonly Window[];
  /** Windows per `source` of the alerts. */
  readonly perSource?: readonly Window[];
  /** Windows per calling code. */
  readonly perCountry?: ReadonlyMap<string, readonly Window[]>;
  /** Cap over all recipients; `undefined` = off. */
  readonly perHour: { readonly max: number; readonly criticalReserve: number } | undefined;
}

/** Caps of one route, in addition to the caps of all. */
export interface RouteCaps {
  readonly perRecipient: readonly Window[];
  /** Windows over all recipients of the route. */
  readonly perRoute: readonly Window[];
}

/** One limit that a message must satisfy. */
export interface CapRule {
  /**
   * Name of the counter, such as `r:<phone hash>:<window>` or `hour`; never contains a phone number. A new `max` keeps
   * the messages already counted; a rule with another window needs another key.
   */
  readonly key: string;
  readonly reason: CapReason;
  readonly max: number;
  readonly windowMs: number;
  /** Part of `max` that this message may not use; 0 for a critical. */
  readonly reserve: number;
  /** Part of `max` that this message takes: 1, or its segments. An integer from 1; above `max - reserve` it never fits. */
  readonly weight: number;
}

export type Reservation =
  /**
   * `fresh` is false if the message already held a slot, even in one rule only: retries take no second one. It may also
   * be false if a reply was lost and the call was sent again.
   */
  | { readonly kind: 'held'; readonly fresh: boolean }
  | {
      readonly kind: 'full';
      readonly reason: CapReason;
      /** Key of the rule that is full the longest. */
      readonly key: string;
      /** The first moment, by the clock of this machine, at which the message fits if no other one takes its place. */
      readonly retryAt: Date;
    };

export interface ReserveHint {
  /** False if the message certainly holds no slot, because it was never reserved before. Default true. */
  readonly mayHold: boolean;
}

export interface RateCap {
  /**
   * Takes one slot of the rule's weight in every rule, or in none. `slot` is the message id. A slot that the message
   * already holds keeps its weight, and its time restarts now. Slots that are never settled count for longer than a
   * window, so that the message may be sent some time after this call without being too close to a later one.
   */
  reserve(slot: string, rules: readonly CapRule[], hint?: ReserveHint): Promise<Reservation>;
  /** {@link reserve} for a message that holds no slot, as a step of one call with others; `undefined` without rules. */
  reserveStep(slot: string, rules: readonly CapRule[]): ScriptStep<Reservation> | undefined;
  /**
   * The step for when the provider has answered: from now on the slot counts for exactly one window. Made in one call with the step that
   * stores the answer; `undefined` without rules.
   */
  settleStep(slot: string, rules: readonly CapRule[]): ScriptStep | undefined;
  /** Releases the slot of a message that was certainly never sent. */
  release(slot: string, rules: readonly CapRule[]): Promise<void>;
}
