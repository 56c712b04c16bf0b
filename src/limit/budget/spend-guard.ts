import type { E164 } from '../../alert/phone/phone.ts';
import type { BudgetHold, Budgets } from './budget.ts';
import type { Money } from './money.ts';
import { type Billed, chargeOf, costOf } from './price.ts';

/** What the price of a message depends on, and whether it is critical. */
export interface Priced {
  readonly provider: string;
  readonly to: E164;
  readonly segments: number;
  readonly critical: boolean;
}

/** Prices of messages and the budget for them. Amounts in micro-units. */
export interface SpendGuard {
  /** Reserves the expected cost of a message. */
  reserve(token: string, text: Priced): Promise<BudgetHold>;
  /** Whether the budget allows the message now; reserves nothing. */
  look(text: Priced): Promise<BudgetHold>;
  /** Settles the cost of an accepted message. */
  settle(token: string, provider: string, to: E164, billed: Billed): Promise<void>;
  /** Releases the reservation of a message that was certainly not sent. */
  release(token: string): Promise<void>;
  costOf(provider: string, to: E164, billed: Billed): number;
}

/**
 * @param budgets absent: messages have a price and no limit, and Redis is not called
 * @param onForeignPrice called once for a provider that bills in another currency than ours; its prices are ignored
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
