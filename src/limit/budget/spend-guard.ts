import type { E164 } from '../../alert/phone.ts';
import type { BudgetHold, Budgets } from './budget.ts';
import type { Money } from './money.ts';
import { type Billed, chargeOf, costOf } from './price.ts';

/** What the price of a text depends on, and the money that it may use. */
export interface Priced {
  readonly provider: string;
  readonly to: E164;
  readonly segments: number;
  readonly critical: boolean;
}

/** What texts cost, and whether there is money for them. Amounts in micro-units. */
export interface SpendGuard {
  /** Sets aside what a text is expected to cost. */
  reserve(token: string, text: Priced): Promise<BudgetHold>;
  /** Whether there is money for it now; sets nothing aside. */
  look(text: Priced): Promise<BudgetHold>;
  /** The text was taken. */
  settle(token: string, provider: string, to: E164, billed: Billed): Promise<void>;
  /** The text surely was not sent. */
  release(token: string): Promise<void>;
  costOf(provider: string, to: E164, billed: Billed): number;
}

/**
 * @param budgets absent: texts have a price and no limit, and nothing is asked
 * @param onForeignPrice told once a provider that it bills in another currency than ours, so that its figures are left aside
 */
export function createSpendGuard(
  money: Money,
  budgets: Budgets | undefined,
  onForeignPrice: (provider: string, currency: string) => void,
): SpendGuard {
  const foreign = new Set<string>();
  return {
    async reserve(token, { provider, to, segments, critical }) {
      return budgets === undefined ? { kind: 'held' } : budgets.reserve(token, chargeOf(money, provider, to, segments), critical);
    },
    async look({ provider, to, segments, critical }) {
      return budgets === undefined ? { kind: 'held' } : budgets.look(chargeOf(money, provider, to, segments), critical);
    },
    async settle(token, provider, to, billed) {
      await budgets?.settle(token, costOf(money, provider, to, billed));
    },
    async release(token) {
      await budgets?.release(token);
    },
    costOf(provider, to, billed) {
      const { price } = billed;
      if (price !== undefined && price.currency !== money.currency && !foreign.has(provider)) {
        foreign.add(provider);
        onForeignPrice(provider, price.currency);
      }
      return costOf(money, provider, to, billed);
    },
  };
}
