/**
 * What is thought of a job that was taken over so often. Most of those that go down with a process only happened to be in
 * it, and would go down with every further one that the guilty job ends: a suspect therefore runs with no other suspect
 * beside it, so that it is cleared by ending well, and only the guilty one is counted up to the end.
 */
export type Suspicion = 'none' | 'suspect' | 'poison';

const CHANCE = 2;
const MOST_STALLS = 10;

/** @param stalls how often its worker was gone before it was done with it */
export function judgeStalls(stalls: number): Suspicion {
  if (stalls > MOST_STALLS) return 'poison';
  return stalls > CHANCE ? 'suspect' : 'none';
}

/** As it stands in the failed set. */
export function describePoison(stalls: number): string {
  return `poison: ${stalls} workers died over it`;
}
