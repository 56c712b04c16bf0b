import type { E164 } from '../../alert/phone.ts';
import { callingCode } from '../../alert/phone.ts';
import type { Provider, ProviderName } from '../../provider/contract/provider.ts';

/** A provider with what surrounds a call to it. */
export interface SendTarget {
  readonly provider: Provider;
  /** Bound of one call, connect to last byte. */
  readonly timeoutMs: number;
  /** It reaches no phone. */
  readonly simulated?: true | undefined;
  /** Calling codes it may text; absent = all. */
  readonly countries?: readonly string[] | undefined;
  /** It is asked what became of a text when so long after the attempt no receipt has said so; absent = never. */
  readonly pollAfterMs?: number | undefined;
  /** Waits for a slot that all replicas share, before all that are not urgent when it is, then runs the job. */
  pace<T>(signal: AbortSignal, job: () => Promise<T>, urgent: boolean): Promise<T>;
}

/**
 * The targets for a number in failover order. One whose earlier attempt nobody knows the end of goes last: a resend
 * takes the next one where there is one.
 */
export function orderTargets(
  names: readonly ProviderName[],
  targets: ReadonlyMap<ProviderName, SendTarget>,
  to: E164,
  doubtful?: ProviderName,
): SendTarget[] {
  const able = names
    .map((name) => targets.get(name))
    .filter((target) => target !== undefined)
    .filter(({ countries }) => countries === undefined || countries.includes(callingCode(to) ?? 'none'));
  return [...able.filter(({ provider }) => provider.name !== doubtful), ...able.filter(({ provider }) => provider.name === doubtful)];
}
