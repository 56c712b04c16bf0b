import type { OurReason, ProviderReason, Reason } from '../alert/reason.ts';
import type { CapSize, MessageState } from '../ledger/history/history.ts';
import type { ClosedAttempt } from '../ledger/ledger.ts';
import { CAP_REASONS } from '../limit/caps/rate-cap.ts';
import type { Accepted, ProviderError, ProviderName, VendorReport } from '../provider/contract/provider.ts';

/** Acceptance by a provider; the segments are its own count, or else ours by its rule. */
export type AcceptedSend = Accepted & { readonly segments: number };

/** `attempt`: the last attempt, to be closed by the step that stores the outcome; absent without a request. */
export type Outcome = {
  readonly attempt?: ClosedAttempt;
} /** `said`: no answer came, and this is what the vendor said of the text when it was asked. */ & (
  | { readonly kind: 'accepted'; readonly provider: ProviderName; readonly accepted: AcceptedSend; readonly said?: VendorReport }
  /** `held`: the limit that held it back, when that is the cause. */
  | { readonly kind: 'suppressed'; readonly reason: OurReason; readonly detail?: string; readonly held?: HeldBack }
  /** `last`: the reason it last waited for. */
  | { readonly kind: 'expired'; readonly last?: WaitReason | undefined }
  /** Resolved or acknowledged before it was sent. */
  | { readonly kind: 'cancelled'; readonly reason: 'resolved' | 'acknowledged' }
  /** `resting`: the providers it waits for, none of which was called. */
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
  /** Another run had ended it: nothing is left to do or count. */
  | { readonly kind: 'settled'; readonly state: MessageState }
  /** Its provider has no free place: it returns to the queue as if it had not been fetched; nothing is stored or counted. */
  | { readonly kind: 'requeued'; readonly until: Date }
  /** Created for simulated providers while only real ones are left, or the reverse: surely not sent. */
  | { readonly kind: 'stranded'; readonly detail: string }
  /** Not created by this system: no ledger entry, or not of the message schema. */
  | { readonly kind: 'malformed'; readonly detail: string }
);

/**
 * `unknown_outcome`: another worker has the attempt open; the message comes back when that lease ends. `escalation`:
 * its step is not due. `digest`: a digest that is still collecting.
 */
export const DEFERRED_REASONS = [...CAP_REASONS, 'budget', 'quiet_hours', 'escalation', 'digest', 'throttled', 'unknown_outcome'] as const;
export type DeferredReason = (typeof DEFERRED_REASONS)[number];

/** Why a message waited: a decision of ours, or a response of its providers. */
export type WaitReason = DeferredReason | ProviderReason;

/** Why a message may not be sent before a certain time; `cap` when a rate cap is full. */
export interface HeldBack {
  readonly reason: OurReason & DeferredReason;
  readonly cap?: CapSize | undefined;
}

/** Next step of the job of a message. */
export type OutcomeMove =
  | { readonly kind: 'complete' }
  | { readonly kind: 'delay'; readonly until: Date }
  /** Moves to the failed set (dead letters), for an operator to check. */
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * Effect on the cap slot. `settle`: it counts, because the message was or may have been sent. `release`: it surely was
 * not. `keep`: the message comes back.
 */
type Slot = 'settle' | 'release' | 'keep';

/** Outcomes that are stored. `settled` was stored by another run; `requeued` is not stored. */
export type Decided = Exclude<Outcome, { kind: 'settled' | 'requeued' }>;

interface OutcomeEffects<O> {
  /** Ledger state. Every state but `deferred` is an end, which is counted once. */
  readonly state: Exclude<MessageState, 'queued' | 'sending' | 'delivered' | 'undelivered'>;
  readonly reason: (outcome: O) => Reason | DeferredReason;
  readonly slot: Slot;
  readonly move: (outcome: O) => OutcomeMove;
}

const complete = (): OutcomeMove => ({ kind: 'complete' });
const delay = ({ until }: { readonly until: Date }): OutcomeMove => ({ kind: 'delay', until });
const dead = (reason: string): OutcomeMove => ({ kind: 'failed', reason });

/** Prefix of the failure reason of jobs whose message or alert has expired. */
export const EXPIRED = 'expired';

/** Effects of each outcome on the ledger, the cap slot and the job. Defined only here. */
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
  /** When the message comes back. */
  readonly until: Date | undefined;
  /** Reason of a deferral; with an open circuit, the provider's own reason. */
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
  // The run that ended it crashed before moving the job.
  return outcome.state === 'failed' || outcome.state === 'expired' ? dead(`${outcome.state} in an earlier run`) : complete();
}

export interface End {
  readonly state: Exclude<Effect['state'], 'deferred'>;
  readonly reason: Reason;
}

/** Returns the end of a message; `undefined` while it is not final. */
export function endOf(outcome: Decided): End | undefined {
  const { state, reason } = effectOf(outcome);
  // Only a deferral has reasons that no end has.
  return state === 'deferred' ? undefined : { state, reason: reason as Reason };
}

/** Whether a message in this state surely was not sent, so that its cap slot is free. */
export function isUnsent(state: MessageState): boolean {
  return Object.values(OUTCOMES).some((row) => row.state === state && row.slot === 'release');
}
