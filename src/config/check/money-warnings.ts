import { providersOf } from '../../policy/provider-order.ts';
import { listNames } from '../../text/suggest.ts';
import type { ConfigFinding } from '../finding.ts';
import type { ParsedConfig } from '../schema/schema.ts';
import { unpricedSimulated } from './simulated-faults.ts';

export function moneyWarnings(file: ParsedConfig): ConfigFinding[] {
  return [...closedBudgets(file), ...guessedPrices(file)];
}

/** Nothing is under a hard limit of 0 but what is free. */
function closedBudgets({ money }: ParsedConfig): ConfigFinding[] {
  return Object.entries(money?.budgets ?? {})
    .filter(([, { hard }]) => hard === 0)
    .map(([period]) => ({
      path: ['money', 'budgets', period, 'hard'],
      message: 'no text that costs anything is ever sent',
      hint: `to have no limit leave ${period} out`,
    }));
}

/** A budget is as good as the prices under it: what has none is counted by a guess, and where nothing has one, as nothing. */
function guessedPrices({ money, providers, routes }: ParsedConfig): ConfigFinding[] {
  if (money === undefined || Object.keys(money.budgets).length === 0) return [];
  const { prices } = money;
  if (Object.values(prices).every((byCode) => Object.keys(byCode).length === 0)) {
    return [
      {
        path: ['money', 'budgets'],
        message: 'are never used up: no text has a price',
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
      message: `no price for some numbers through ${listNames(guessed)}: such a text counts as the dearest that has one`,
      hint: 'other: <price> stands for all countries that are not named',
      hideValue: true,
    },
  ];
}

/** Whether every number that the provider may text has a price. */
function isPriced(byCode: Readonly<Record<string, number>>, countries: readonly string[] | undefined): boolean {
  if (byCode.other !== undefined) return true;
  return countries?.every((code) => byCode[code] !== undefined) ?? false;
}
