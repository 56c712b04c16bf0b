import type { Clock } from '../../clock.ts';
import type { MessageState, MessageTrace, Traces } from '../../ledger/history/trace.ts';
import type { ProviderError, ProviderName, StatusQuery, VendorReport } from '../../provider/contract/provider.ts';
import type { VendorReceipt } from '../../provider/contract/receipt-reader.ts';
import type { DispatcherDeps } from '../sending/dispatcher.ts';
import { askStatus, canBeAsked } from '../sending/reconcile.ts';
import type { SendTarget } from '../sending/send-target.ts';
import { shapeMessage } from '../sending/shape-message.ts';
import { type Lookup, type LookupTarget, lookupTarget, nextLookupAt, pollAfterOf } from './lookup.ts';

/** Where a look-up goes now. */
type LookedUp = { readonly kind: 'done' } | { readonly kind: 'again'; readonly until: Date };

/** Why a look-up ends without a last word. */
export type InVain =
  /** The vendor's records are complete and do not hold the text. */
  | { readonly kind: 'absent' }
  /** It was asked as often as it is worth it; with an error when it did not even say that it does not know. */
  | { readonly kind: 'given_up'; readonly error?: ProviderError };

interface AskProviderDeps {
  readonly traces: Pick<Traces, 'message'>;
  readonly targets: ReadonlyMap<ProviderName, SendTarget>;
  readonly clock: Clock;
  /** Takes what the vendor said as a receipt is taken. */
  readonly report: (provider: ProviderName, receipt: VendorReceipt) => Promise<void>;
  /** Takes it that a held text never was sent; false when that leaves it as unknown as it was. */
  readonly refute: (trace: MessageTrace, provider: ProviderName) => Promise<boolean>;
  readonly onInVain: (provider: ProviderName, messageId: string, why: InVain) => void;
  /** Told of a throw out of an adapter, which is a bug in it. */
  readonly onBug: (error: unknown, provider: ProviderName) => void;
}

export type AskProvider = (lookup: Lookup, signal: AbortSignal) => Promise<LookedUp>;

/** No receipt has said what became of it. */
const UNSAID: readonly MessageState[] = ['accepted', 'unknown'];

/**
 * Asks a text's provider what became of it, unless a receipt has said so meanwhile. Vendors limit asking apart from
 * sending, so that it takes no turn from the pacing of texts.
 */
export function createAskProvider({ traces, targets, clock, report, refute, onInVain, onBug }: AskProviderDeps): AskProvider {
  return async (lookup, signal) => {
    const { messageId } = lookup;
    const trace = await traces.message(messageId);
    const target = trace !== undefined && UNSAID.includes(trace.state) ? lookupTarget(trace) : undefined;
    if (trace === undefined || target === undefined) return { kind: 'done' };
    const { provider: name, sentAt } = target;
    const sendTarget = targets.get(name);
    // The config may have changed since; what is no longer to be asked is not.
    const pollAfterMs = pollAfterOf(sendTarget, trace.state === 'unknown');
    if (!canBeAsked(sendTarget?.provider) || pollAfterMs === undefined) return { kind: 'done' };

    const status = await askStatus(sendTarget.provider, queryOf(lookup, target), signal, onBug);
    if (status.kind === 'absent') {
      if (trace.state === 'unknown' && (await refute(trace, name))) return { kind: 'done' };
      onInVain(name, messageId, status);
      return { kind: 'done' };
    }
    // Cut short by ourselves: that was no answer, and whoever takes the job next asks anew.
    if (status.kind === 'unclear') signal.throwIfAborted();
    // That the vendor has it at all is news where nobody knew even that.
    else if (status.kind !== 'pending' || trace.state === 'unknown')
      await report(name, receiptOf(status, messageId, target.providerMessageId));
    if (status.kind === 'delivered' || status.kind === 'undelivered') return { kind: 'done' };

    const until = nextLookupAt(sentAt, pollAfterMs, clock.now());
    if (until !== undefined) return { kind: 'again', until };
    onInVain(name, messageId, { kind: 'given_up', ...(status.kind === 'unclear' ? { error: status.error } : {}) });
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

/** What a vendor said when it was asked, in the form of the receipt that it might have sent. */
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
  /** Takes what the vendor said as a receipt is taken. */
  readonly report: (provider: ProviderName, receipt: VendorReceipt) => Promise<void>;
  /** A look-up that could not be planned is lost, which costs no more than what it would have told. */
  readonly onError: (error: unknown) => void;
}

/**
 * Has a text looked up later where its provider can be asked, and the config says so or nobody knows whether it was sent.
 * What the vendor has just said need not be asked again.
 */
export function createLookupPlan({ targets, add, report, onError }: LookupPlanDeps): DispatcherDeps['onHandedOver'] {
  return async (message, provider, accepted, said) => {
    const { id, to } = message;
    if (said !== undefined && said.kind !== 'pending') return report(provider, receiptOf(said, id, undefined)).catch(onError);
    const sendTarget = targets.get(provider);
    const pollAfterMs = pollAfterOf(sendTarget, accepted === undefined);
    if (sendTarget === undefined || pollAfterMs === undefined) return;
    // Without an id it is found by what the vendor was given to say.
    const byText = accepted?.providerMessageId === undefined ? { text: shapeMessage(message, sendTarget.provider).text } : {};
    const lookup: Lookup = { messageId: id, to, ...byText };
    await add(lookup, pollAfterMs).catch(onError);
  };
}
