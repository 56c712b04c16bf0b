/** Numbers that look like chance and are the same again for the same seed. */
export interface Random {
  /** 0 to 1. */
  next(): number;
  /** A whole number, both ends included. */
  between(least: number, most: number): number;
  pick<T>(list: readonly T[]): T;
  /** A row of numbers of its own: however often this one is asked, the other goes on the same. */
  fork(): Random;
}

/** Mulberry32: 32 bits of state are plenty to choose faults with. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  return {
    next,
    between,
    pick: (list) => list[between(0, list.length - 1)] as never,
    fork: () => createRandom(Math.floor(next() * 2 ** 32)),
  };
}
