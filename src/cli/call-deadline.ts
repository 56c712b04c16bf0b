/** A provider bounds its own calls by its timeout, and says then what it waited for: ours ends only what outlasts that. */
const LATER_MS = 250;

export function callDeadline(timeoutMs: number): AbortSignal {
  return AbortSignal.timeout(timeoutMs + LATER_MS);
}
