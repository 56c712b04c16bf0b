import { percentile } from './scenario.ts';

/**
 * The first second from which no later one has a p99 of more than twice that of the second half.
 * @param took ms, in the order in which they began
 */
export function secondsUntilSteady(took: readonly number[], perSecond: number): number {
  const usual = percentile(took.slice(Math.floor(took.length / 2)), 0.99);
  const seconds = Array.from({ length: Math.ceil(took.length / perSecond) }, (_, second) =>
    percentile(took.slice(second * perSecond, (second + 1) * perSecond), 0.99),
  );
  return seconds.findLastIndex((p99) => p99 > 2 * usual) + 1;
}
