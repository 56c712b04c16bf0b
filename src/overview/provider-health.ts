import type { JournalEntry } from '../ledger/journal-entry.ts';
import type { CircuitNote } from './circuits.ts';

/** How a provider does, over all dispatchers. */
export interface ProviderHealth {
  readonly provider: string;
  readonly type: string;
  /** The worst of the dispatchers' circuit breakers. */
  readonly circuit: 'closed' | 'half_open' | 'open';
  /** Since when it is not closed, ISO 8601, and why it opened. */
  readonly since: string | null;
  readonly reason: string | null;
  /** Requests that ended lately, by result. */
  readonly accepted: number;
  readonly refused: number;
  readonly unknown: number;
  /** Of the newest request that was not accepted. */
  readonly lastReason: string | null;
}

const WORST = ['open', 'half_open'] as const;

/**
 * @param providers name → type, in the order of the config
 * @param lately newest first
 */
export function judgeProviders(
  providers: ReadonlyMap<string, string>,
  lately: readonly JournalEntry[],
  circuits: readonly CircuitNote[],
): ProviderHealth[] {
  const attempts = lately.flatMap((entry) => (entry.kind === 'message' && entry.message.attempt !== null ? [entry.message.attempt] : []));
  return [...providers].map(([provider, type]) => {
    const own = attempts.filter((attempt) => attempt.provider === provider);
    const count = (result: string) => own.filter((attempt) => attempt.result === result).length;
    const notes = circuits.filter((note) => note.provider === provider);
    const circuit = WORST.find((state) => notes.some((note) => note.state === state)) ?? 'closed';
    const worst = notes.find(({ state }) => state === circuit);
    return {
      provider,
      type,
      circuit,
      since: worst === undefined ? null : new Date(worst.since).toISOString(),
      reason: worst?.reason ?? null,
      accepted: count('accepted'),
      refused: count('refused'),
      unknown: count('unknown'),
      lastReason: own.find(({ result }) => result !== 'accepted')?.reason ?? null,
    };
  });
}
