import type { Config } from '../../config/config.ts';
import type { Digests } from '../../ledger/digest/digests.ts';
import type { OptOuts } from '../../ledger/opt-out/opt-outs.ts';
import type { ReservedSlot } from '../../limit/caps/reserved-slot.ts';
import { createDigestDispatch } from '../digest/digest-dispatch.ts';
import {
  createDigestCloseStage,
  createDigestMoneyStage,
  createDigestReadyStage,
  createRoomOf,
  type DigestDeps,
} from '../digest/digest-stages.ts';
import { createGatherer, type DigestJobs } from '../digest/gather.ts';
import { createEscalationGate } from '../gates/escalation-gate.ts';
import { createHoldBack, type HoldBack } from '../gates/hold-back.ts';
import { rulesOf } from '../gates/message-caps.ts';
import { createOptOutGate } from '../gates/opt-out-gate.ts';
import { createConsentGate, createCountryGate } from '../gates/permission.ts';
import { createPoisonGate } from '../gates/poison-gate.ts';
import { createQuietHoursStage } from '../gates/quiet-hours-gate.ts';
import { createRateCapGate } from '../gates/rate-cap-gate.ts';
import { laneOf, type Message } from '../message.ts';
import type { Outcome } from '../outcome.ts';
import { createProviderGate } from '../routing/fit-providers.ts';
import type { Stage } from '../stage.ts';
import { createMessageDispatcher, type Dispatch, type DispatcherDeps } from './dispatcher.ts';
import { createLedgerGate, type LedgerGateDeps, type MessageSubject, messageExpiryGate } from './message-stages.ts';
import { createDispatchStage, type DispatchDeps } from './send-stage.ts';

export interface MessageStageDeps extends LedgerGateDeps, Omit<DispatchDeps, 'optOuts' | 'holdBack'> {
  readonly config: Pick<Config, 'contacts' | 'countries' | 'providers' | 'routes' | 'caps'>;
  readonly optOuts: OptOuts;
  readonly digests: Digests;
  readonly reservedSlot: ReservedSlot;
  readonly holdBack: HoldBack;
}

/** Stages of every message in this order, in production and in tests; the first verdict other than `pass` is its outcome. */
export const messageStages = (deps: MessageStageDeps): readonly Stage<MessageSubject>[] => [
  createLedgerGate(deps),
  createProviderGate(deps.config),
  ...gates(deps),
  createDispatchStage(deps),
];

/** Stages of a digest: it is composed when it may be sent, and checks its providers again when its content is final. */
export const digestStages = (deps: MessageStageDeps & DigestDeps): readonly Stage<MessageSubject>[] => [
  createLedgerGate(deps),
  createDigestReadyStage(deps),
  createProviderGate(deps.config),
  ...gates(deps),
  createDigestMoneyStage(deps),
  createDigestCloseStage(deps),
  createProviderGate(deps.config),
  createDispatchStage(deps),
];

/** Gates that decide whether a message may be sent now. */
const gates = ({ config, ledger, optOuts, holdBack, cap, reservedSlot, digests }: MessageStageDeps): readonly Stage<MessageSubject>[] => [
  messageExpiryGate,
  createEscalationGate(ledger),
  createOptOutGate(optOuts),
  createConsentGate(config.contacts),
  createCountryGate(config.countries),
  createQuietHoursStage(holdBack),
  createRateCapGate(cap, { holdBack, reservedSlot, digestWaits: (message) => digests.isWaiting(laneOf(message)) }),
];

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
