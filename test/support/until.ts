import { setTimeout as pause } from 'node:timers/promises';

/** A machine with other work may be slower than a quiet one by this factor; only a failing test waits that long. */
const PATIENCE = 4;

/**
 * Polls until `probe` gives a truthy value, which it returns; fails with the last thing seen.
 * @param deadlineMs ample on a quiet machine
 */
export async function until<T>(probe: () => T | Promise<T>, deadlineMs = 10_000, everyMs = 20): Promise<NonNullable<T>> {
  const end = performance.now() + deadlineMs * PATIENCE;
  let last: unknown;
  for (;;) {
    try {
      last = await probe();
      if (last) return last as NonNullable<T>;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) throw new Error(`not so within ${deadlineMs * PATIENCE} ms; last seen: ${String(last)}`, { cause: last });
    await pause(everyMs);
  }
}
