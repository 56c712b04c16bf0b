import { setTimeout as pause } from 'node:timers/promises';

/** Polls until `probe` gives a truthy value, which it returns; fails with the last thing seen at the deadline. */
export async function until<T>(probe: () => T | Promise<T>, deadlineMs = 10_000, everyMs = 20): Promise<NonNullable<T>> {
  const end = performance.now() + deadlineMs;
  let last: unknown;
  for (;;) {
    try {
      last = await probe();
      if (last) return last as NonNullable<T>;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) throw new Error(`not so within ${deadlineMs} ms; last seen: ${String(last)}`, { cause: last });
    await pause(everyMs);
  }
}
