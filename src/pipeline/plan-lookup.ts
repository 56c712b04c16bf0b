import type { ProviderName } from '../provider/provider.ts';
import type { Carrier } from './carrier.ts';
import type { DispatcherDeps } from './dispatcher.ts';
import type { Lookup } from './lookup.ts';

export interface LookupPlanDeps {
  readonly carriers: ReadonlyMap<ProviderName, Carrier>;
  readonly add: (lookup: Lookup, delayMs: number) => Promise<void>;
  /** A look-up that could not be planned is lost, which costs no more than what it would have told. */
  readonly onError: (error: unknown) => void;
}

/** Has a text looked up later where its provider can be asked and the config says so. */
export function createLookupPlan({ carriers, add, onError }: LookupPlanDeps): DispatcherDeps['onHandedOver'] {
  return async ({ id, to, text }, provider, accepted) => {
    const carrier = carriers.get(provider);
    if (carrier?.pollAfterMs === undefined || carrier.provider.status === undefined) return;
    const lookup: Lookup = { messageId: id, to, ...(accepted?.providerMessageId === undefined ? { text } : {}) };
    await add(lookup, carrier.pollAfterMs).catch(onError);
  };
}
