import { setTimeout as pauseFor } from 'node:timers/promises';
import { countSegments } from '../../alert/segments.ts';
import type { HistoryAttempt } from '../../ledger/history/history.ts';
import type { ClosedAttempt } from '../../ledger/ledger.ts';
import {
  type Provider,
  ProviderError,
  type ProviderName,
  type StatusQuery,
  unclear,
  type VendorReport,
  type VendorStatus,
} from '../../provider/contract/provider.ts';
import type { Message } from '../message.ts';
import type { Outcome } from '../outcome.ts';
import type { StageContext } from '../stage.ts';
import type { SendTarget } from './send-target.ts';
import { ruleOf, shapeMessage } from './shape-message.ts';

/** Result of querying the vendor about an attempt with unknown outcome. */
type Reconciled =
  | { readonly kind: 'confirmed_sent'; readonly said: VendorReport }
  | { readonly kind: 'confirmed_not_sent' }
  /** Not conclusive; with an error when a query was possible. */
  | { readonly kind: 'unclear'; readonly error?: ProviderError };

/**
 * Queries once, and again after each pause while the result is not conclusive. Never rejects; ends immediately when
 * `signal` aborts.
 */
export type Reconcile = (
  message: Message,
  attempt: HistoryAttempt,
  signal: AbortSignal,
  pausesMs: readonly number[],
) => Promise<Reconciled>;

/** Right after the attempt, a vendor's records may lag. A critical message waits for them. */
export const PATIENTLY: readonly number[] = [1_000, 3_000];
/** For an earlier attempt, old enough for the vendor's records. */
export const ONCE: readonly number[] = [];

/** Time limit of all queries, pauses included. */
const LONGEST_MS = 6_000;

interface ReconcileDeps {
  readonly targets: ReadonlyMap<ProviderName, SendTarget>;
  /** Called for an exception of an adapter, which is a bug in it. */
  readonly onBug: (error: unknown, provider: ProviderName) => void;
  /** Rejects when the signal aborts. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

const sleep = (ms: number, signal: AbortSignal) => pauseFor(ms, undefined, { signal });

/** Queries the vendor about an attempt, when it supports that. Uses no pacing slot. */
export function createReconcile({ targets, onBug, pause = sleep }: ReconcileDeps): Reconcile {
  return async (message, attempt, signal, pausesMs) => {
    const provider = targets.get(attempt.provider)?.provider;
    if (!canBeAsked(provider)) return { kind: 'unclear' };
    const query: StatusQuery = {
      id: message.id,
      to: message.to,
      sentAt: new Date(attempt.startedAt),
      text: shapeMessage(message, provider).text,
    };
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)]);
    const ask = async () => judgeStatus(await askStatus(provider, query, bounded, onBug));

    let reconciled = await ask();
    for (const ms of pausesMs) {
      if (!mayClearUp(reconciled)) break;
      const isInTime = await pause(ms, bounded).then(
        () => true,
        () => false,
      );
      if (!isInTime) break;
      reconciled = await ask();
    }
    return reconciled;
  };
}

export function judgeStatus(status: VendorStatus): Reconciled {
  switch (status.kind) {
    case 'absent':
      return { kind: 'confirmed_not_sent' };
    case 'unclear':
      return status;
    default:
      return { kind: 'confirmed_sent', said: status };
  }
}

/** Code for a message without an id that the vendor's records can be searched by. */
const WITHOUT_A_KEY = 'NO_VENDOR_ID';

/** Whether another query in a second may help: not when the vendor rejected the query, nor without an id. */
export function mayClearUp(reconciled: Reconciled): boolean {
  if (reconciled.kind !== 'unclear' || reconciled.error === undefined) return false;
  const { reason, code } = reconciled.error;
  return code !== WITHOUT_A_KEY && (reason === 'unknown_outcome' || reason === 'unavailable');
}

/** Adds an event to the trace, unless no query was possible. */
export function noteReconciled(reconciled: Reconciled, provider: ProviderName, note: StageContext['note']): void {
  if (reconciled.kind === 'unclear' && reconciled.error === undefined) return;
  const { kind } = reconciled;
  note({ stage: 'reconcile', verdict: kind, detail: `asked ${provider}${kind === 'unclear' ? codeOf(reconciled.error) : ''}` });
}

function codeOf(error: ProviderError | undefined): string {
  return error?.code === undefined ? '' : `: ${error.code.toLowerCase().replaceAll('_', ' ')}`;
}

/** Returns the attempt with its resolution: the response never arrived, and the vendor reported the outcome later. */
export function settleAttempt(attempt: ClosedAttempt, resolution: 'confirmed_sent' | 'confirmed_not_sent'): ClosedAttempt {
  return { ...attempt, record: { ...attempt.record, resolution } };
}

/** Outcome for an attempt that the vendor confirmed: the message is accepted. */
export function acceptedAs(said: VendorReport, attempt: ClosedAttempt, message: Message, target: SendTarget): Outcome {
  const { provider } = target;
  const { providerMessageId, segments = countSegments(shapeMessage(message, provider).text, ruleOf(provider, message.to)) } = said;
  return {
    kind: 'accepted',
    provider: provider.name,
    accepted: { kind: 'accepted', segments, ...(providerMessageId === undefined ? {} : { providerMessageId }) },
    said,
    attempt: settleAttempt(attempt, 'confirmed_sent'),
  };
}

/** Error for a message that is not in the vendor's records: not a refusal, so it counts as unavailable. */
export const NEVER_TAKEN = new ProviderError('unavailable', { code: 'NOT_IN_RECORDS' });

/** A provider with a status query. */
type WithStatus = Provider & Required<Pick<Provider, 'status'>>;

export function canBeAsked(provider: Provider | undefined): provider is WithStatus {
  return provider?.status !== undefined;
}

/**
 * Queries the state of a message. Never rejects.
 * @param onBug called for an exception of the adapter, which is a bug in it and proves nothing
 */
export async function askStatus(
  provider: WithStatus,
  query: StatusQuery,
  signal: AbortSignal,
  onBug: (error: unknown, provider: ProviderName) => void,
): Promise<VendorStatus> {
  try {
    return await provider.status(query, signal);
  } catch (error) {
    onBug(error, provider.name);
    return unclear('adapter_bug');
  }
}
