import { setTimeout as pause } from 'node:timers/promises';

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

/**
 * Repeats a write that Redis refuses (full, read-only, loading) until it is taken. What a provider answered lives in
 * this process alone until then, so giving up would turn a known outcome into an unknown one.
 */
export async function persist<T>(write: () => Promise<T>, onRefused: (error: unknown) => void): Promise<T> {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      return await write();
    } catch (error) {
      onRefused(error);
      await pause(wait);
    }
  }
}
