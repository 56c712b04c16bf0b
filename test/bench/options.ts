import { parseArgs } from 'node:util';

export interface BenchOptions {
  readonly rounds: number;
  /** Alerts or jobs of each scenario, in the order in which a round runs them. */
  readonly counts: Readonly<Record<string, number>>;
  /** Everything raw on stdout instead of the table. */
  readonly json: boolean;
  /** Measures fresh criticals beside so many waiting messages instead; `only` names some of those scenarios. */
  readonly backlog?: { readonly count: number; readonly only: readonly string[] };
}

/** Rounds interleave the scenarios, so that a machine that gets slower slows them all; medians are what counts. */
const FULL = {
  ...{ a: 20_000, b: 12_000, c: 6_000, d: 6_000, e: 12_000, f: 12_000 },
  ...{ 'g kannel': 12_000, 'g ours': 12_000 },
  ...{ h1: 12_000, h2: 12_000, h4: 12_000 },
  ...{ 'latency of bare BullMQ': 1_500, 'latency of ours': 1_500, 'counting one alert': 100_000 },
};
/** For a look at one change: under 90 s on two cores. The scenarios of several processes run only where `--only` names them. */
const QUICK = {
  ...{ a: 10_000, b: 5_000, c: 2_500, d: 2_500, e: 5_000, f: 5_000 },
  ...{ 'g kannel': 2_000, 'g ours': 2_000 },
  ...{ h1: 3_000, h2: 3_000, h4: 3_000 },
  ...{ 'latency of bare BullMQ': 1_000, 'latency of ours': 1_000, 'counting one alert': 50_000 },
};
const NOT_BY_DEFAULT_IN_QUICK: readonly string[] = ['g kannel', 'g ours', 'h1', 'h2', 'h4'];
const FULL_ROUNDS = 3;

/** @throws with what to type instead, when an option has a value that cannot be run */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      backlog: { type: 'string' },
      json: { type: 'boolean', default: false },
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
    },
  });
  const { json, quick } = values;
  const only = values.only?.split(',').map((name) => name.trim());
  const rounds = wholeNumber('--rounds', values.rounds ?? String(quick ? 1 : FULL_ROUNDS));
  if (values.backlog !== undefined) {
    return { rounds, counts: {}, json, backlog: { count: wholeNumber('--backlog', values.backlog), only: only ?? [] } };
  }
  const all: Readonly<Record<string, number>> = quick ? QUICK : FULL;
  const unknown = only?.filter((name) => !Object.hasOwn(all, name) && !Object.hasOwn(GROUPS, name)) ?? [];
  if (unknown.length > 0) {
    throw new Error(
      `--only names no scenario ${unknown.join(', ')}; there are ${[...Object.keys(all), ...Object.keys(GROUPS)].join(', ')}`,
    );
  }
  const named = only?.flatMap((name) => GROUPS[name] ?? [name]);
  const runs = (name: string) => named?.includes(name) ?? !(quick && NOT_BY_DEFAULT_IN_QUICK.includes(name));
  return { rounds, counts: Object.fromEntries(Object.entries(all).filter(([name]) => runs(name))), json };
}

/** One name for scenarios that are compared with each other. */
const GROUPS: Readonly<Record<string, readonly string[]>> = { g: ['g kannel', 'g ours'], h: ['h1', 'h2', 'h4'] };

function wholeNumber(option: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`${option} must be a whole number above 0, not "${text}"`);
  return Number(text);
}
