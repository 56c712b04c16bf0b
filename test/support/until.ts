import { setTimeout as pause } from 'node:timers/promises';

/** A machine with other work may be slower than a quiet one by this factor; only a failing test waits that long. */
const PATIENCE = 4;

/** Pauses between polls grow with the time waited: a poll that asks a process costs both sides more than what it waits for. */
const SHORTEST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 100;
const PART_OF_WAIT = 0.1;

/**
 * Polls until `probe` gives a truthy value, which it returns; fails with the last thing seen.
 * @param deadlineMs ample on a quiet machine
 * @param everyMs fixed pause between polls, for what must be seen at the moment it happens
 */
export async function until<T>(probe: () => T | Promise<T>, deadlineMs = 10_000, everyMs?: number): Promise<NonNullable<T>> {
  const begun = performance.now();
  const end = begun + deadlineMs * PATIENCE;
  let last: unknown;
  for (;;) {
    try {
      last = await probe();
      if (last) return last as NonNullable<T>;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) throw new Error(`not so within ${deadlineMs * PATIENCE} ms; last seen: ${String(last)}`, { cause: last });
    await pause(everyMs ?? pauseAfter(performance.now() - begun));
  }
}

function pauseAfter(waitedMs: number): number {
  return Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, waitedMs * PART_OF_WAIT));
}
