import { hash } from '../alert/id.ts';
import { callingCode, type E164 } from '../alert/phone/phone.ts';
import type { ProviderName } from '../provider/contract/provider.ts';

/** One position in a failover order. Adjacent weighted choices share a position: each is first for its share of the messages. */
export type ProviderChoice = ProviderName | { readonly name: ProviderName; readonly weight: number };

export interface ProviderPlan {
  /** In failover order. */
  readonly providers: readonly ProviderChoice[];
  /** Order per calling code; overrides the general order for numbers of that country. */
  readonly countries?: Readonly<Record<string, readonly ProviderChoice[]>>;
}

/**
 * Returns the failover order for one message. It is deterministic per message id, so that a router re-run gets the same
 * order.
 */
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

/** Lists every provider that a plan names, without duplicates. */
export function providersOf({ providers, countries = {} }: ProviderPlan): ProviderName[] {
  return [...new Set([providers, ...Object.values(countries)].flat().map(nameOf))];
}

/** Groups adjacent weighted choices; every other choice is a group of its own. */
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
 * Draws an exponentially distributed value with the weight as its rate. The choice with the lowest value comes first,
 * with a probability proportional to its weight; the same holds among the rest. Adding or removing a provider moves no
 * message between the others.
 */
function drawLot(choice: ProviderChoice, messageId: string): number {
  if (typeof choice === 'string') return 0;
  const even = (Buffer.from(hash('share', messageId, choice.name), 'base64url').readUIntBE(0, 6) + 0.5) / 2 ** 48;
  return -Math.log(even) / choice.weight;
}
