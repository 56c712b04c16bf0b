import { callingCode, type E164 } from '../../alert/phone.ts';
import type { Money } from './money.ts';

/** What a provider charges for so many segments to a number, micro-units; `undefined`: no price of ours covers it. */
export function priceOf({ prices }: Money, provider: string, to: E164, segments: number): number | undefined {
  const byCode = prices.get(provider) ?? {};
  const code = callingCode(to);
  const price = (code !== undefined && Object.hasOwn(byCode, code) ? byCode[code] : undefined) ?? byCode.other;
  return price === undefined ? undefined : price * segments;
}

/**
 * What a text counts for before anybody has billed it. Without a price of its own it counts as the dearest that we know
 * of this provider, or of any: the destinations that nobody thought of are the dear ones, and a budget that let them
 * pass for nothing would be no limit.
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
 * What a message of one segment may count for: `cheapest` to any of these countries through any of these providers, and
 * `dearest` to the country whose cheapest provider is the dearest.
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

/** A text that a vendor took: the segments that it bills, and its own figure in micro-units where it says one. */
export interface Billed {
  readonly segments: number;
  readonly price?: { readonly amount: number; readonly currency: string };
}

/** What a text that was taken did cost: the vendor's own figure where it is in our currency, else by its segments. */
export function costOf(money: Money, provider: string, to: E164, { segments, price }: Billed): number {
  return price?.currency === money.currency ? price.amount : chargeOf(money, provider, to, segments);
}
