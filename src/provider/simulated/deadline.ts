import { setMaxListeners } from 'node:events';

export interface Deadline {
  /** Waits for `work`, but no longer than the deadline: then it gives the code of what ended the wait. */
  within<T>(work: Promise<T>): Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false; readonly code: string }>;
  clear(): void;
}

/** One call's end: the caller's signal or its time, whichever is first. */
export function startDeadline(signal: AbortSignal, timeoutMs: number): Deadline {
  let expire: (code: string) => void = () => undefined;
  const expired = new Promise<{ ok: false; code: string }>((resolve) => {
    expire = (code) => resolve({ ok: false, code });
  });
  const onAbort = () => expire('ABORTED');
  const timer = setTimeout(() => expire('TIMEOUT'), timeoutMs);
  // Many calls may share one signal; Node would warn of a leak at the eleventh.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  return {
    within: (work) => Promise.race([work.then((value) => ({ ok: true as const, value })), expired]),
    clear: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    },
  };
}
