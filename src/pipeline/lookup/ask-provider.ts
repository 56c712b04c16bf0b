import type { Clock } from '../../clock.ts';
import type { Histories, MessageHistory, MessageState } from '../../ledger/history/history.ts';
import type { ProviderError, ProviderName, StatusQuery, VendorReport } from '../../provider/contract/provider.ts';
import type { VendorReceipt } from '../../provider/contract/receipt-reader.ts';
import type { DispatcherDeps } from '../sending/dispatcher.ts';
import { askStatus, canBeAsked } from '../sending/reconcile.ts';
import type { SendTarget } from '../sending/send-target.ts';
import { shapeMessage } from '../sending/shape-message.ts';
import { type Lookup, type LookupTarget, lookupTarget, nextLookupAt, pollAfterOf } from './lookup.ts';

/** Next step of a status query. */
type LookedUp = { readonly kind: 'done' } | { readonly kind: 'again'; readonly until: Date };

/** Why a status query ends without a final state. */
export type LookupEnd =
  /** The vendor's records are complete and do not contain the message. */
  | { readonly kind: 'absent' }
  /** The maximum number of queries was reached; with an error when the last query failed. */
  | { readonly kind: 'given_up'; readonly error?: ProviderError };

interface AskProviderDeps {
  readonly histories: Pick<Histories, 'message'>;
  readonly targets: ReadonlyMap<ProviderName, SendTarget>;
  readonly clock: Clock;
  /** Processes the vendor's report like a receipt. */
  readonly report: (provider: ProviderName, receipt: VendorReceipt) => Promise<void>;
  /** Resolves a held message as never sent; false when its outcome stays unknown. */
  readonly disprove: (history: MessageHistory, provider: ProviderName) => Promise<boolean>;
  readonly onNoResult: (provider: ProviderName, messageId: string, why: LookupEnd) => void;
  /** Called for an exception of an adapter, which is a bug in it. */
  readonly onBug: (error: unknown, provider: ProviderName) => void;
}

export type AskProvider = (lookup: Lookup, signal: AbortSignal) => Promise<LookedUp>;

/** States without a receipt. */
const UNSAID: readonly MessageState[] = ['accepted', 'unknown'];

/**
 * Queries the provider for the state of a message, unless a receipt has arrived meanwhile. Vendors limit queries
 * separately from sending, so queries use no pacing slot.
 */
export function createAskProvider({ histories, targets, clock, report, disprove, onNoResult, onBug }: AskProviderDeps): AskProvider {
  return async (lookup, signal) => {
    const { messageId } = lookup;
    const history = await histories.message(messageId);
    const target = history !== undefined && UNSAID.includes(history.state) ? lookupTarget(history) : undefined;
    if (history === undefined || target === undefined) return { kind: 'done' };
    const { provider: name, sentAt } = target;
    const sendTarget = targets.get(name);
    // The config may have changed: queries that it no longer wants are skipped.
    const pollAfterMs = pollAfterOf(sendTarget, history.state === 'unknown');
    if (!canBeAsked(sendTarget?.provider) || pollAfterMs === undefined) return { kind: 'done' };

    const status = await askStatus(sendTarget.provider, queryOf(lookup, target), signal, onBug);
    if (status.kind === 'absent') {
      if (history.state === 'unknown' && (await disprove(history, name))) return { kind: 'done' };
      onNoResult(name, messageId, status);
      return { kind: 'done' };
    }
    // Aborted by ourselves: not a result; the next worker queries again.
    if (status.kind === 'unclear') signal.throwIfAborted();
    // For an unknown outcome, even `pending` is news: the vendor has the message.
    else if (status.kind !== 'pending' || history.state === 'unknown')
      await report(name, receiptOf(status, messageId, target.providerMessageId));
    if (status.kind === 'delivered' || status.kind === 'undelivered') return { kind: 'done' };

    const until = nextLookupAt(sentAt, pollAfterMs, clock.now());
    if (until !== undefined) return { kind: 'again', until };
    onNoResult(name, messageId, { kind: 'given_up', ...(status.kind === 'unclear' ? { error: status.error } : {}) });
    return { kind: 'done' };
  };
}

function queryOf({ messageId, to, text }: Lookup, { sentAt, providerMessageId }: LookupTarget): StatusQuery {
  return {
    id: messageId,
    to,
    sentAt,
    ...(providerMessageId === undefined ? {} : { providerMessageId }),
    ...(text === undefined ? {} : { text }),
  };
}

/** Converts the vendor's report to the receipt that it might have sent. */
function receiptOf(status: VendorReport, messageId: string, knownAs: string | undefined): VendorReceipt {
  const providerMessageId = knownAs ?? status.providerMessageId;
  return {
    messageId,
    ...(providerMessageId === undefined ? {} : { providerMessageId }),
    state: status.kind,
    ...(status.kind === 'delivered' && status.at !== undefined ? { at: status.at } : {}),
    ...(status.kind === 'undelivered' && status.code !== undefined ? { code: status.code } : {}),
    ...(status.kind === 'undelivered' && status.reason !== undefined ? { reason: status.reason } : {}),
  };
}

interface LookupPlanDeps {
  readonly targets: ReadonlyMap<ProviderName, SendTarget>;
  readonly add: (lookup: Lookup, delayMs: number) => Promise<void>;
  /** Processes the vendor's report like a receipt. */
  readonly report: (provider: ProviderName, receipt: VendorReceipt) => Promise<void>;
  /** A query that could not be scheduled is lost; its only cost is the missing report. */
  readonly onError: (error: unknown) => void;
}

/**
 * Schedules a status query when the provider supports it and the config enables it or the outcome is unknown. Skipped
 * when the vendor has just reported the state.
 */
export function createLookupPlan({ targets, add, report, onError }: LookupPlanDeps): DispatcherDeps['onHandedOver'] {
  return async (message, provider, accepted, said) => {
    const { id, to } = message;
    if (said !== undefined && said.kind !== 'pending') return report(provider, receiptOf(said, id, undefined)).catch(onError);
    const sendTarget = targets.get(provider);
    const pollAfterMs = pollAfterOf(sendTarget, accepted === undefined);
    if (sendTarget === undefined || pollAfterMs === undefined) return;
    // Without an id, the message is found by its content.
    const byText = accepted?.providerMessageId === undefined ? { text: shapeMessage(message, sendTarget.provider).text } : {};
    const lookup: Lookup = { messageId: id, to, ...byText };
    await add(lookup, pollAfterMs).catch(onError);
  };
}
