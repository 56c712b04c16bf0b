import type { ProviderName } from '../provider/provider.ts';
import type { Carrier } from './carrier.ts';
import type { DispatcherDeps } from './dispatcher.ts';
import type { Lookup } from './lookup.ts';
import { shapeMessage } from './shape-message.ts';

export interface LookupPlanDeps {
  readonly carriers: ReadonlyMap<ProviderName, Carrier>;
  readonly add: (lookup: Lookup, delayMs: number) => Promise<void>;
  /** A look-up that could not be planned is lost, which costs no more than what it would have told. */
  readonly onError: (error: unknown) => void;
}

/** Has a text looked up later where its provider can be asked and the config says so. */
export function createLookupPlan({ carriers, add, onError }: LookupPlanDeps): DispatcherDeps['onHandedOver'] {
  return async (message, provider, accepted) => {
    const carrier = carriers.get(provider);
    if (carrier?.pollAfterMs === undefined || carrier.provider.status === undefined) return;
    const { id, to } = message;
    // Without an id it is found by what the vendor was given to say.
    const said = accepted?.providerMessageId === undefined ? { text: shapeMessage(message, carrier.provider).text } : {};
    const lookup: Lookup = { messageId: id, to, ...said };
    await add(lookup, carrier.pollAfterMs).catch(onError);
  };
}
