import { createDigestDispatch } from '../digest/digest-dispatch.ts';
import { createRoomOf, type DigestDeps } from '../digest/digest-stages.ts';
import { createGatherer, type DigestJobs } from '../digest/gather.ts';
import { createHoldBack, type HoldBack } from '../gates/hold-back.ts';
import { createLedgerGate } from '../gates/ledger-gate.ts';
import { rulesOf } from '../gates/message-caps.ts';
import { createPoisonGate } from '../gates/poison-gate.ts';
import type { Message } from '../message.ts';
import type { Outcome } from '../outcome.ts';
import { createMessageDispatcher, type Dispatch, type DispatcherDeps } from './dispatcher.ts';
import { digestStages, type MessageStageDeps, messageStages } from './message-stages.ts';

export interface MessagePipelineDeps
  extends Omit<MessageStageDeps, 'holdBack'>,
    Pick<DispatcherDeps, 'observer' | 'clock' | 'retryUntilStored' | 'onHandedOver' | 'parked'> {
  /** Jobs of digests. */
  readonly jobs: DigestJobs;
}

export interface MessagePipeline {
  readonly dispatch: Dispatch;
  /**
   * Ends a message whose job crashes worker after worker, or cannot be parsed (`why`). An attempt that may have been
   * sent is held as unknown, whatever its route says: a resend would crash the next worker.
   */
  readonly bury: (message: Message, signal: AbortSignal, why?: string) => Promise<Outcome>;
  /** Adds a message that is held back to its recipient's digest. */
  readonly gather: HoldBack;
}

/** Builds the stages of messages and digests with their dependencies. */
export function createMessagePipeline(deps: MessagePipelineDeps): MessagePipeline {
  const { config, targets, digests, ledger, reservedSlot, observer } = deps;
  const capRulesOf = (message: Message, leavesSlot?: boolean) => rulesOf(message, config, leavesSlot);
  const gatherer = createGatherer({ digests, ledger, jobs: deps.jobs, observer, rulesOf: capRulesOf });
  const stageDeps: MessageStageDeps & DigestDeps = {
    ...deps,
    holdBack: createHoldBack(gatherer.gather),
    reservedSlot,
    open: gatherer.open,
    rulesOf: capRulesOf,
    roomOf: createRoomOf(config, targets),
    timeZoneOf: ({ contact, quietHours }) => config.contacts.get(contact ?? '')?.timeZone ?? quietHours?.timeZone,
  };
  const dispatch = createDigestDispatch({
    dispatch: createMessageDispatcher({ ...deps, stages: messageStages(stageDeps) }),
    dispatchDigest: createMessageDispatcher({ ...deps, stages: digestStages(stageDeps) }),
    digests,
  });
  return {
    dispatch,
    bury: (message, signal, why) => {
      const bare = createMessageDispatcher({ ...deps, stages: [createLedgerGate(deps), createPoisonGate(why)] });
      const end = createDigestDispatch({ dispatch: bare, dispatchDigest: bare, digests });
      return end({ ...message, onUnknown: 'hold' }, true, signal);
    },
    gather: gatherer.gather,
  };
}
