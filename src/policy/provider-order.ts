import { hash } from '../alert/id.ts';
import { callingCode, type E164 } from '../alert/phone.ts';
import type { ProviderName } from '../provider/contract/provider.ts';

/** One place in a failover order. Weighted ones that stand side by side share it: each is first for its part of the texts. */
export type ProviderChoice = ProviderName | { readonly name: ProviderName; readonly weight: number };

export interface ProviderPlan {
  /** In failover order. */
  readonly providers: readonly ProviderChoice[];
  /** Calling code → the order for its numbers, in place of the general one. */
  readonly countries?: Readonly<Record<string, readonly ProviderChoice[]>>;
}

/** The failover order for one message: the same whenever it is asked for, so that a router that runs twice changes nothing. */
export function orderProviders({ providers, countries = {} }: ProviderPlan, to: E164, messageId: string): ProviderName[] {
  const code = callingCode(to);
  const own = code !== undefined && Object.hasOwn(countries, code) ? countries[code] : undefined;
  return shares(own ?? providers).flatMap((share) =>
    share
      .map((choice) => ({ name: nameOf(choice), lot: drawLot(choice, messageId) }))
      .sort((a, b) => a.lot - b.lot)
      .map(({ name }) => name),
  );
}

/** Every provider that a plan names, each once. */
export function providersOf({ providers, countries = {} }: ProviderPlan): ProviderName[] {
  return [...new Set([providers, ...Object.values(countries)].flat().map(nameOf))];
}

/** Neighbours with weights together; everything else by itself. */
export function shares(choices: readonly ProviderChoice[]): ProviderChoice[][] {
  return choices.reduce<ProviderChoice[][]>((found, choice, index) => {
    const before = choices[index - 1];
    if (before !== undefined && typeof before !== 'string' && typeof choice !== 'string') found.at(-1)?.push(choice);
    else found.push([choice]);
    return found;
  }, []);
}

function nameOf(choice: ProviderChoice): ProviderName {
  return typeof choice === 'string' ? choice : choice.name;
}

/**
 * Exponentially distributed at the rate of the weight: the lowest of several is each one's with a chance in proportion
 * to its weight, and so on among the rest. A provider that joins or leaves moves no text between the others.
 */
function drawLot(choice: ProviderChoice, messageId: string): number {
  if (typeof choice === 'string') return 0;
  const even = (Buffer.from(hash('share', messageId, choice.name), 'base64url').readUIntBE(0, 6) + 0.5) / 2 ** 48;
  return -Math.log(even) / choice.weight;
}
