import type { OurReason, ProviderReason, Reason } from '../alert/reason.ts';
import type { CapSize, MessageState } from '../ledger/history/trace.ts';
import type { ClosedAttempt } from '../ledger/ledger.ts';
import { CAP_REASONS } from '../limit/caps/rate-cap.ts';
import type { Accepted, ProviderError, ProviderName, VendorReport } from '../provider/contract/provider.ts';

/** What a provider said yes to; the segments are its own count, or else ours by its rule. */
export type AcceptedSend = Accepted & { readonly segments: number };

/** `attempt`: the last one made, still to be closed by the step that writes the outcome; absent where no provider was asked. */
export type Outcome = {
  readonly attempt?: ClosedAttempt;
} /** `said`: no answer came, and this is what the vendor said of the text when it was asked. */ & (
  | { readonly kind: 'accepted'; readonly provider: ProviderName; readonly accepted: AcceptedSend; readonly said?: VendorReport }
  /** `held`: the limit that held it back, where it is given up or gathered for that. */
  | { readonly kind: 'suppressed'; readonly reason: OurReason; readonly detail?: string; readonly held?: HeldBack }
  /** `last`: what it waited for until then, where it waited. */
  | { readonly kind: 'expired'; readonly last?: WaitReason | undefined }
  /** Over, or taken care of, before it was sent. */
  | { readonly kind: 'cancelled'; readonly reason: 'resolved' | 'acknowledged' }
  /** `resting`: the providers that it waits for, none of which was asked. */
  | {
      readonly kind: 'deferred';
      readonly reason: DeferredReason;
      readonly until: Date;
      readonly cap?: CapSize;
      readonly resting?: readonly ProviderName[];
    }
  /** Surely not sent; may succeed later. */
  | {
      readonly kind: 'retry';
      readonly provider: ProviderName;
      readonly error: ProviderError;
      readonly until: Date;
      readonly resting?: readonly ProviderName[];
    }
  /** May have been sent, and is not sent again. */
  | { readonly kind: 'unknown'; readonly provider: ProviderName | undefined }
  | { readonly kind: 'failed'; readonly provider: ProviderName; readonly error: ProviderError }
  /** Another run had ended it: nothing is left to do or to count. */
  | { readonly kind: 'settled'; readonly state: MessageState }
  /** Its provider has no free place: it goes back to the queue as if it had not been fetched, and nothing is written or counted. */
  | { readonly kind: 'requeued'; readonly until: Date }
  /** Made for simulated providers where real ones are left alone, or the other way round: surely not sent. */
  | { readonly kind: 'stranded'; readonly detail: string }
  /** Nothing that we could have written: no ledger entry, or not of our schema. */
  | { readonly kind: 'malformed'; readonly detail: string }
);

/**
 * `unknown_outcome`: another worker has the attempt open; the message comes back when that worker's lease ends.
 * `escalation`: its step of the ladder is not due. `digest`: a digest that gathers what is held back.
 */
export const DEFERRED_REASONS = [...CAP_REASONS, 'budget', 'quiet_hours', 'escalation', 'digest', 'throttled', 'unknown_outcome'] as const;
export type DeferredReason = (typeof DEFERRED_REASONS)[number];

/** Why a message waited: for something of ours, or because of what its providers said. */
export type WaitReason = DeferredReason | ProviderReason;

/** Why a message may not be sent before a certain moment; `cap` where a rate cap is full. */
export interface HeldBack {
  readonly reason: OurReason & DeferredReason;
  readonly cap?: CapSize | undefined;
}

/** Where the job of a message goes. */
export type OutcomeMove =
  | { readonly kind: 'complete' }
  | { readonly kind: 'delay'; readonly until: Date }
  /** To the failed set, where a person must look. */
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * What happens to the cap slot. `settle`: it counts, since the message was or may have been sent. `release`: it surely was
 * not. `keep`: the message comes back.
 */
type Slot = 'settle' | 'release' | 'keep';

/** `settled` is left out: another run wrote its end, and nothing is left to write. Of `requeued` nothing is written. */
export type Decided = Exclude<Outcome, { kind: 'settled' | 'requeued' }>;

interface OutcomeEffects<O> {
  /** In the ledger. A message has ended in any state but `deferred`, and its end is counted once. */
  readonly state: Exclude<MessageState, 'queued' | 'sending' | 'delivered' | 'undelivered'>;
  readonly reason: (outcome: O) => Reason | DeferredReason;
  readonly slot: Slot;
  readonly move: (outcome: O) => OutcomeMove;
}

const complete = (): OutcomeMove => ({ kind: 'complete' });
const delay = ({ until }: { readonly until: Date }): OutcomeMove => ({ kind: 'delay', until });
const dead = (reason: string): OutcomeMove => ({ kind: 'failed', reason });

/** How the reason of a failed job begins whose message, or alert, has expired. */
export const EXPIRED = 'expired';

/** What each outcome does: to the ledger, to the cap slot, to the job. There is no other place that decides it. */
const OUTCOMES: { readonly [K in Decided['kind']]: OutcomeEffects<Extract<Decided, { kind: K }>> } = {
  accepted: { state: 'accepted', reason: () => 'none', slot: 'settle', move: complete },
  unknown: { state: 'unknown', reason: () => 'unknown_outcome', slot: 'settle', move: complete },
  suppressed: { state: 'suppressed', reason: ({ reason }) => reason, slot: 'release', move: complete },
  cancelled: { state: 'cancelled', reason: ({ reason }) => reason, slot: 'release', move: complete },
  expired: {
    state: 'expired',
    reason: () => 'expired',
    slot: 'release',
    move: ({ last }) => dead(last === undefined ? EXPIRED : `${EXPIRED}: ${last}`),
  },
  failed: { state: 'failed', reason: ({ error }) => error.reason, slot: 'release', move: ({ error }) => dead(error.message) },
  stranded: { state: 'failed', reason: () => 'simulated', slot: 'release', move: ({ detail }) => dead(`simulated: ${detail}`) },
  malformed: { state: 'failed', reason: () => 'malformed', slot: 'release', move: ({ detail }) => dead(`malformed: ${detail}`) },
  deferred: { state: 'deferred', reason: ({ reason }) => reason, slot: 'keep', move: delay },
  retry: { state: 'deferred', reason: ({ error }) => error.reason, slot: 'keep', move: delay },
};

export interface Effect {
  readonly state: OutcomeEffects<never>['state'];
  readonly reason: Reason | DeferredReason;
  readonly slot: Slot;
  /** When it comes back. */
  readonly until: Date | undefined;
  /** What a deferred message waits for; where a circuit is open, the provider's own reason. */
  readonly waitsFor: WaitReason | undefined;
}

export function effectOf(outcome: Decided): Effect {
  const row = OUTCOMES[outcome.kind] as OutcomeEffects<Decided>;
  return {
    state: row.state,
    reason: row.reason(outcome),
    slot: row.slot,
    until: 'until' in outcome ? outcome.until : undefined,
    waitsFor: outcome.kind === 'deferred' ? outcome.reason : outcome.kind === 'retry' ? outcome.error.rootReason : undefined,
  };
}

export function moveOfJob(outcome: Outcome): OutcomeMove {
  if (outcome.kind === 'requeued') return delay(outcome);
  if (outcome.kind !== 'settled') return (OUTCOMES[outcome.kind] as OutcomeEffects<Decided>).move(outcome);
  // The run in which it ended crashed before it moved the job.
  return outcome.state === 'failed' || outcome.state === 'expired' ? dead(`${outcome.state} in an earlier run`) : complete();
}

export interface End {
  readonly state: Exclude<Effect['state'], 'deferred'>;
  readonly reason: Reason;
}

/** How a message has ended; `undefined` while it is on its way. */
export function endOf(outcome: Decided): End | undefined {
  const { state, reason } = effectOf(outcome);
  // Only a deferred message has a reason that no end has.
  return state === 'deferred' ? undefined : { state, reason: reason as Reason };
}

/** Whether a message in this state surely was not sent, so that its cap slot is free. */
export function isUnsent(state: MessageState): boolean {
  return Object.values(OUTCOMES).some((row) => row.state === state && row.slot === 'release');
}
