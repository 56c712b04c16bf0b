import { callingCode, type E164 } from '../../alert/phone/phone.ts';
import type { Money } from './money.ts';

/** Price of a provider for this number of segments to a number, micro-units; `undefined`: no configured price applies. */
export function priceOf({ prices }: Money, provider: string, to: E164, segments: number): number | undefined {
  const byCode = prices.get(provider) ?? {};
  const code = callingCode(to);
  const price = (code !== undefined && Object.hasOwn(byCode, code) ? byCode[code] : undefined) ?? byCode.other;
  return price === undefined ? undefined : price * segments;
}

/**
 * Amount reserved for a message before it is billed. Without a price of its own it counts as the most expensive
 * destination of this provider, or of any: destinations without a configured price tend to be expensive, and a budget
 * that counted them as free would not limit them.
 */
export function chargeOf(money: Money, provider: string, to: E164, segments: number): number {
  return priceOf(money, provider, to, segments) ?? segments * dearest(money, provider);
}

function dearest({ prices }: Money, provider: string): number {
  const own = Object.values(prices.get(provider) ?? {});
  const known = own.length > 0 ? own : [...prices.values()].flatMap((byCode) => Object.values(byCode));
  return Math.max(0, ...known);
}

/**
 * Price range of a message of one segment: `cheapest` to any of these countries through any of these providers, and
 * `dearest` to the country whose cheapest provider is the most expensive.
 * @param countries calling codes; `null` = all others
 */
export function priceRange(
  money: Money,
  providers: readonly string[],
  countries: readonly string[] | null,
): { readonly cheapest: number; readonly dearest: number } | undefined {
  const named = providers.flatMap((provider) => Object.keys(money.prices.get(provider) ?? {}));
  const codes = countries ?? [...new Set([...named, 'other'])];
  const perCountry = codes.map((code) =>
    Math.min(
      ...providers.map((provider) => money.prices.get(provider)?.[code] ?? money.prices.get(provider)?.other ?? dearest(money, provider)),
    ),
  );
  if (providers.length === 0 || perCountry.length === 0) return undefined;
  return { cheapest: Math.min(...perCountry), dearest: Math.max(...perCountry) };
}

/** Billing of an accepted message: the segments, and the vendor's own price in micro-units if it reports one. */
export interface Billed {
  readonly segments: number;
  readonly price?: { readonly amount: number; readonly currency: string };
}

/** Cost of an accepted message: the vendor's price if it is in our currency, else by its segments. */
export function costOf(money: Money, provider: string, to: E164, { segments, price }: Billed): number {
  return price?.currency === money.currency ? price.amount : chargeOf(money, provider, to, segments);
}
