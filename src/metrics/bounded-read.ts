import { setTimeout as pause } from 'node:timers/promises';

/** An answer, or `undefined` for a read that failed or is not back in time. Never rejects. */
export type BoundedRead<T> = () => Promise<T | undefined>;

/**
 * Puts a bound on a read that may hang, so that a scrape never does. Callers share a read under way instead of starting
 * another: scrapes during an outage must not queue up commands that Redis has to answer once it is back. One that is not
 * back after `lostAfterMs` never will be, and another starts.
 */
export function createBoundedRead<T>(read: () => Promise<T>, boundMs: number, lostAfterMs = 10_000): BoundedRead<T> {
  let current: { readonly startedAt: number; readonly answer: Promise<T | undefined> } | undefined;

  const start = () => {
    const started = {
      startedAt: performance.now(),
      answer: attempt(read).finally(() => {
        if (current === started) current = undefined;
      }),
    };
    return started;
  };

  return async () => {
    if (current === undefined || performance.now() - current.startedAt > lostAfterMs) current = start();
    const over = new AbortController();
    const bound = pause(boundMs, undefined, { signal: over.signal }).catch(() => undefined);
    try {
      return await Promise.race([current.answer, bound]);
    } finally {
      over.abort();
    }
  };
}

/** Also turns a read that throws before it returns a promise into no answer. */
async function attempt<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch {
    return undefined;
  }
}
