import type { Config } from '../../config/config.ts';
import type { Digests } from '../../ledger/digest/digests.ts';
import type { OptOuts } from '../../ledger/opt-out/opt-outs.ts';
import type { CachedRateCap } from '../../limit/caps/cached-rate-cap.ts';
import type { ReservedSlot } from '../../limit/caps/reserved-slot.ts';
import { createDigestCloseStage, createDigestMoneyStage, createDigestReadyStage, type DigestDeps } from '../digest/digest-stages.ts';
import { createEscalationGate } from '../gates/escalation-gate.ts';
import { messageExpiryGate } from '../gates/expiry-gate.ts';
import type { HoldBack } from '../gates/hold-back.ts';
import { createLedgerGate, type LedgerGateDeps } from '../gates/ledger-gate.ts';
import { createOptOutGate } from '../gates/opt-out-gate.ts';
import { createConsentGate, createCountryGate } from '../gates/permission.ts';
import { createQuietHoursStage } from '../gates/quiet-hours-gate.ts';
import { createRateCapGate } from '../gates/rate-cap-gate.ts';
import { laneOf } from '../message.ts';
import { createProviderGate } from '../routing/fit-providers.ts';
import type { Stage } from '../stage.ts';
import type { MessageSubject } from './message-run.ts';
import { createDispatchStage, type DispatchDeps } from './send-stage.ts';

export interface MessageStageDeps extends LedgerGateDeps, Omit<DispatchDeps, 'optOuts' | 'holdBack'> {
  readonly config: Pick<Config, 'contacts' | 'countries' | 'providers' | 'routes' | 'caps'>;
  readonly cap: CachedRateCap;
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
