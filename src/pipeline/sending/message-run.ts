import type { BeginRequest, ClosedAttempt, Ledger, Move, Opened } from '../../ledger/ledger.ts';
import type { CapRule } from '../../limit/caps/rate-cap.ts';
import { type CapConfig, rulesOf } from '../gates/message-caps.ts';
import type { Message } from '../message.ts';
import type { WaitReason } from '../outcome.ts';

/** Retries a write until Redis accepts it: a provider's response must not be lost in an outage. */
export type RetryUntilStored = <T>(write: () => Promise<T>) => Promise<T>;

export interface LedgerWriter {
  readonly ledger: Ledger;
  readonly retryUntilStored: RetryUntilStored;
}

/**
 * Creates the ledger entry of a message and opens its first attempt, in one step with its slot in the rate caps. Returns
 * `undefined` when no attempt was tried, for example because a cap is full.
 */
export type Begin = (request: Pick<BeginRequest, 'attempt' | 'slot' | 'onOpened'>) => Promise<Opened | undefined>;

/** Steps of the rate caps that are made together with the first attempt. Without caps there are none. */
export type SlotSteps = Pick<BeginRequest, 'slot' | 'onOpened'>;

/** State of a message during one dispatcher run. */
export interface MessageSubject {
  message: Message;
  /** Set until the first attempt of a message that has no ledger entry yet. */
  begin: Begin | undefined;
  /** Steps for {@link begin}. */
  slotSteps: SlotSteps;
  /** Identifies this run in the ledger. */
  readonly run: string;
  /** Another run may have processed it before. */
  readonly rerun: boolean;
  /** The caps it must fit into; empty = none. */
  rules: readonly CapRule[];
  /** Number of attempts, by this run and earlier ones. */
  attempts: number;
  /** Attempts with unknown outcome. */
  unknowns: number;
  unresolvedProvider: string | undefined;
  /** The reason it last waited for, as stored by an earlier run. */
  waitedFor: WaitReason | undefined;
  /** That reason before this run. */
  reportedWait: WaitReason | undefined;
  /** This run reserved a cap slot, and no earlier run had one. */
  tookSlot: boolean;
  /** When the slot was reserved or renewed, by `performance.now()`. */
  slotAt: number;
}

export function newSubject(message: Message, run: string, rerun: boolean, config: CapConfig, begin?: Begin): MessageSubject {
  return {
    message,
    begin,
    slotSteps: {},
    run,
    rerun,
    rules: rulesOf(message, config),
    attempts: 0,
    unknowns: 0,
    unresolvedProvider: undefined,
    waitedFor: undefined,
    reportedWait: undefined,
    tookSlot: false,
    slotAt: 0,
  };
}

/** Identifies the run for the ledger. */
export function stepOf({
  message: { id, alertId, dedupHash },
  run,
}: MessageSubject): Pick<Move, 'messageId' | 'alertId' | 'dedupHash' | 'run'> {
  return { messageId: id, alertId, dedupHash, run };
}

/** Stores the result of an attempt while the message continues. */
export async function closeAttempt(
  { ledger, retryUntilStored }: LedgerWriter,
  subject: MessageSubject,
  attempt: ClosedAttempt,
): Promise<void> {
  await retryUntilStored(() => ledger.move({ ...stepOf(subject), state: 'sending', attempt, events: [] }));
}
