import { setTimeout as pauseFor } from 'node:timers/promises';
import { countSegments } from '../../alert/segments.ts';
import type { TraceAttempt } from '../../ledger/history/trace.ts';
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

/** What asking the vendor about an attempt of unknown outcome came to. */
type Reconciled =
  | { readonly kind: 'confirmed_sent'; readonly said: VendorReport }
  | { readonly kind: 'confirmed_not_sent' }
  /** It does not say; with an error, where it could be asked at all. */
  | { readonly kind: 'unclear'; readonly error?: ProviderError };

/** Asks once, and after each of the pauses again while the vendor does not say. Never rejects; ends at once when `signal` aborts. */
export type Reconcile = (message: Message, attempt: TraceAttempt, signal: AbortSignal, pausesMs: readonly number[]) => Promise<Reconciled>;

/** Right after the attempt, a vendor's list may be a moment behind. A critical text waits for the end of it. */
export const PATIENTLY: readonly number[] = [1_000, 3_000];
/** An earlier attempt, long enough ago for the vendor to know by now. */
export const ONCE: readonly number[] = [];

/** Of all questions together, pauses included. */
const LONGEST_MS = 6_000;

interface ReconcileDeps {
  readonly targets: ReadonlyMap<ProviderName, SendTarget>;
  /** Told of a throw out of an adapter, which is a bug in it. */
  readonly onBug: (error: unknown, provider: ProviderName) => void;
  /** Rejects when the signal aborts. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

const sleep = (ms: number, signal: AbortSignal) => pauseFor(ms, undefined, { signal });

/** Asks the vendor what became of an attempt, where it can be asked. Takes no turn from the pacing of texts. */
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

/** The vendor holds no record that we could ask by, however often we asked. */
const WITHOUT_A_KEY = 'NO_VENDOR_ID';

/** Whether it is worth asking again in a second: not when the vendor would not have it, nor when there is nothing to ask by. */
export function mayClearUp(reconciled: Reconciled): boolean {
  if (reconciled.kind !== 'unclear' || reconciled.error === undefined) return false;
  const { reason, code } = reconciled.error;
  return code !== WITHOUT_A_KEY && (reason === 'unknown_outcome' || reason === 'unavailable');
}

/** A line of the trace; none where there was nobody to ask. */
export function noteReconciled(reconciled: Reconciled, provider: ProviderName, note: StageContext['note']): void {
  if (reconciled.kind === 'unclear' && reconciled.error === undefined) return;
  const { kind } = reconciled;
  note({ stage: 'reconcile', verdict: kind, detail: `asked ${provider}${kind === 'unclear' ? codeOf(reconciled.error) : ''}` });
}

function codeOf(error: ProviderError | undefined): string {
  return error?.code === undefined ? '' : `: ${error.code.toLowerCase().replaceAll('_', ' ')}`;
}

/** The attempt as the trace keeps it: its answer never came, and the vendor said later what had become of it. */
export function settleAttempt(attempt: ClosedAttempt, resolution: 'confirmed_sent' | 'confirmed_not_sent'): ClosedAttempt {
  return { ...attempt, record: { ...attempt.record, resolution } };
}

/** The vendor has the text of this attempt, so the message is accepted. */
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

/** A vendor whose records do not hold the text has not refused it either: as far as the rest goes it could not be reached. */
export const NEVER_TAKEN = new ProviderError('unavailable', { code: 'NOT_IN_RECORDS' });

/** A provider that has a way to be asked. */
type WithStatus = Provider & Required<Pick<Provider, 'status'>>;

export function canBeAsked(provider: Provider | undefined): provider is WithStatus {
  return provider?.status !== undefined;
}

/**
 * What the provider says became of a text. Never rejects.
 * @param onBug told of a throw out of the adapter, which is a bug in it and proves nothing
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
