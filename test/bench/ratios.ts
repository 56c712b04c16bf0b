import type { Figures } from './scenario.ts';

export type Rounds = Readonly<Record<string, readonly Figures[]>>;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

export function medians(rounds: readonly Figures[]): Figures {
  const names = Object.keys(rounds[0] ?? {}) as (keyof Figures)[];
  return Object.fromEntries(names.map((name) => [name, median(rounds.map((round) => round[name] as number))]));
}

const RATIOS: readonly (readonly [name: string, over: string, under: string, figure: 'rate' | 'cpuMicrosEach' | 'serverMicrosEach'])[] = [
  ['b/a', 'b', 'a', 'rate'],
  ['d/c', 'd', 'c', 'rate'],
  ['d/c by CPU (of c over d)', 'c', 'd', 'cpuMicrosEach'],
  ['e/a', 'e', 'a', 'rate'],
  ['f/b', 'f', 'b', 'rate'],
  ['ours/kannel', 'g ours', 'g kannel', 'rate'],
  ['ours/kannel by CPU (of kannel over ours)', 'g kannel', 'g ours', 'serverMicrosEach'],
  ['h(2)/h(1)', 'h2', 'h1', 'rate'],
  ['h(4)/h(1)', 'h4', 'h1', 'rate'],
];

/** Medians of the rounds' own ratios: both sides of each saw the same machine. Without those of scenarios that did not run. */
export function ratiosOf(rounds: Rounds): Readonly<Record<string, number>> {
  return Object.fromEntries(
    RATIOS.flatMap(([name, over, under, figure]) => {
      const pairs = (rounds[over] ?? []).flatMap((figures, round) => {
        const [one, other] = [figures[figure], rounds[under]?.[round]?.[figure]];
        return one === undefined || other === undefined ? [] : [one / other];
      });
      return pairs.length === 0 ? [] : [[name, median(pairs)] as const];
    }),
  );
}
