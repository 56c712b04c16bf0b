import { providersOf } from '../../policy/provider-order.ts';
import { listNames } from '../../text/suggest.ts';
import type { ConfigFinding } from '../finding.ts';
import type { ParsedConfig } from '../schema/schema.ts';
import { unpricedSimulated } from './simulated-faults.ts';

export function moneyWarnings(file: ParsedConfig): ConfigFinding[] {
  return [...closedBudgets(file), ...guessedPrices(file)];
}

/** A hard limit of 0 allows only free messages. */
function closedBudgets({ money }: ParsedConfig): ConfigFinding[] {
  return Object.entries(money?.budgets ?? {})
    .filter(([, { hard }]) => hard === 0)
    .map(([period]) => ({
      path: ['money', 'budgets', period, 'hard'],
      message: 'only free messages are sent',
      hint: `to have no limit, remove ${period}`,
    }));
}

/** A budget needs prices: messages without a price count as the highest known price, or as 0 without any price. */
function guessedPrices({ money, providers, routes }: ParsedConfig): ConfigFinding[] {
  if (money === undefined || Object.keys(money.budgets).length === 0) return [];
  const { prices } = money;
  if (Object.values(prices).every((byCode) => Object.keys(byCode).length === 0)) {
    return [
      {
        path: ['money', 'budgets'],
        message: 'have no effect: no prices configured',
        hint: 'prices: { <provider>: { other: 0.1 } }',
        hideValue: true,
      },
    ];
  }
  const used = new Set(routes.flatMap(providersOf));
  const free = unpricedSimulated(providers, prices);
  const guessed = Object.entries(providers)
    .filter(([name, { countries }]) => used.has(name) && !free.includes(name) && !isPriced(prices[name] ?? {}, countries))
    .map(([name]) => name);
  if (guessed.length === 0) return [];
  return [
    {
      path: ['money', 'prices'],
      message: `no price for some countries through ${listNames(guessed)}: their messages count at the highest configured price`,
      hint: 'other: <price> applies to all countries not listed',
      hideValue: true,
    },
  ];
}

/** Whether every number to which the provider may send has a price. */
function isPriced(byCode: Readonly<Record<string, number>>, countries: readonly string[] | undefined): boolean {
  if (byCode.other !== undefined) return true;
  return countries?.every((code) => byCode[code] !== undefined) ?? false;
}
