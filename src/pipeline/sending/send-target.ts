import type { E164 } from '../../alert/phone/phone.ts';
import { callingCode } from '../../alert/phone/phone.ts';
import type { Provider, ProviderName } from '../../provider/contract/provider.ts';

/** A provider with the settings of its calls. */
export interface SendTarget {
  readonly provider: Provider;
  /** Deadline of one call, from connect to the last byte. */
  readonly timeoutMs: number;
  /** Simulated: it reaches no phone. */
  readonly simulated?: true | undefined;
  /** Allowed calling codes; absent = all. */
  readonly countries?: readonly string[] | undefined;
  /** Delay after the attempt until it is queried for the state, when no receipt has arrived; absent = never. */
  readonly pollAfterMs?: number | undefined;
  /** Its calls may wait for a slot of {@link pace}. */
  readonly paced?: true | undefined;
  /** Waits for a slot shared by all replicas, urgent jobs first, then runs the job. */
  pace<T>(signal: AbortSignal, job: () => Promise<T>, urgent: boolean): Promise<T>;
}

/**
 * Returns the providers for a number in failover order. A provider with an unresolved attempt comes last: a resend uses
 * the next one when there is one.
 */
export function orderTargets(
  names: readonly ProviderName[],
  targets: ReadonlyMap<ProviderName, SendTarget>,
  to: E164,
  unresolvedProvider?: ProviderName,
): SendTarget[] {
  const able = names
    .map((name) => targets.get(name))
    .filter((target) => target !== undefined)
    .filter(({ countries }) => countries === undefined || countries.includes(callingCode(to) ?? 'none'));
  return [
    ...able.filter(({ provider }) => provider.name !== unresolvedProvider),
    ...able.filter(({ provider }) => provider.name === unresolvedProvider),
  ];
}
