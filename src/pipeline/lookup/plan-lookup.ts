import type { ProviderName } from '../../provider/contract/provider.ts';
import type { VendorReceipt } from '../../provider/contract/receipt-reader.ts';
import type { DispatcherDeps } from '../sending/dispatcher.ts';
import type { Carrier } from '../sending/send-target.ts';
import { shapeMessage } from '../sending/shape-message.ts';
import { receiptOf } from './ask-provider.ts';
import { type Lookup, pollAfterOf } from './lookup.ts';

export interface LookupPlanDeps {
  readonly carriers: ReadonlyMap<ProviderName, Carrier>;
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
export function createLookupPlan({ carriers, add, report, onError }: LookupPlanDeps): DispatcherDeps['onHandedOver'] {
  return async (message, provider, accepted, said) => {
    const { id, to } = message;
    if (said !== undefined && said.kind !== 'pending') return report(provider, receiptOf(said, id, undefined)).catch(onError);
    const carrier = carriers.get(provider);
    const pollAfterMs = pollAfterOf(carrier, accepted === undefined);
    if (carrier === undefined || pollAfterMs === undefined) return;
    // Without an id it is found by what the vendor was given to say.
    const byText = accepted?.providerMessageId === undefined ? { text: shapeMessage(message, carrier.provider).text } : {};
    const lookup: Lookup = { messageId: id, to, ...byText };
    await add(lookup, pollAfterMs).catch(onError);
  };
}
