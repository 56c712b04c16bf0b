import type { JournalEntry } from '../ledger/journal/journal-entry.ts';
import type { CircuitNote } from './circuits.ts';

/** State of a provider over all dispatchers. */
export interface ProviderHealth {
  readonly provider: string;
  readonly type: string;
  /** The worst state among the dispatchers' circuit breakers. */
  readonly circuit: 'closed' | 'half_open' | 'open';
  /** Time since which it is not closed, ISO 8601, and the vendor's reason and code. */
  readonly since: string | null;
  readonly reason: string | null;
  readonly code: string | null;
  /** Recently ended requests, by result. */
  readonly accepted: number;
  readonly refused: number;
  readonly unknown: number;
  /** Reason of the newest request that was not accepted. */
  readonly lastReason: string | null;
  /** The newest requests of the last hour, at most ten. */
  readonly last: { readonly requests: number; readonly accepted: number; readonly reason: string | null; readonly code: string | null };
  /** Why no message can be sent through it now; `null` while it works, as far as known. */
  readonly down: ProviderDown | null;
}

export interface ProviderDown {
  /** `circuit`: our breaker is open. `paused`: it asked for a pause. `refusing`: it accepts nothing. */
  readonly by: 'circuit' | 'paused' | 'refusing';
  /** The vendor's reason and code. */
  readonly reason: string;
  readonly code: string | null;
  /** ISO 8601. */
  readonly since: string | null;
  /** End of the requested pause, ISO 8601. */
  readonly until: string | null;
}

/** Number and maximum age of the newest requests that are considered. */
const LAST = 10;
const LAST_MS = 60 * 60_000;
/** Minimum number of requests for a verdict. */
export const MIN_REQUESTS = 5;

/** Minimum number of refused messages after an acceptance: one message, or one country, may be refused repeatedly. */
const MIN_MESSAGES = 3;

/** Reasons that concern a message, not the provider. */
const MESSAGE_REASONS: readonly (string | undefined)[] = ['recipient', 'opted_out', 'content'];

interface Request {
  readonly messageId: string;
  readonly at: Date;
  readonly result: string | undefined;
  readonly reason: string | undefined;
  readonly code: string | undefined;
}

/**
 * Judges each provider by circuit records and recent requests.
 * @param providers name → type, in the order of the config
 * @param entries of the journal, newest first
 * @param recent how many of them are from the last minutes
 */
export function judgeProviders(
  providers: ReadonlyMap<string, string>,
  entries: readonly JournalEntry[],
  recent: number,
  circuits: readonly CircuitNote[],
  now: Date,
): ProviderHealth[] {
  return [...providers].map(([provider, type]) => {
    const ofProvider = (some: readonly JournalEntry[]) => some.flatMap((entry) => requestOf(entry, provider));
    const lately = ofProvider(entries.slice(0, recent));
    const all = ofProvider(entries);
    const count = (result: string) => lately.filter((request) => request.result === result).length;
    const notes = circuits.filter((note) => note.provider === provider);
    const worst = worstOf(notes);
    const last = all.filter(({ at }) => now.getTime() - at.getTime() < LAST_MS).slice(0, LAST);
    const newest = last.find(({ result }) => result !== 'accepted');
    return {
      provider,
      type,
      circuit: worst === undefined ? 'closed' : worst.state === 'open' ? 'open' : 'half_open',
      since: worst === undefined ? null : isoOf(worst.since),
      reason: worst?.reason ?? null,
      code: worst?.code ?? null,
      accepted: count('accepted'),
      refused: count('refused'),
      unknown: count('unknown'),
      lastReason: lately.find(({ result }) => result !== 'accepted')?.reason ?? null,
      last: {
        requests: last.length,
        accepted: last.filter(({ result }) => result === 'accepted').length,
        reason: newest?.reason ?? null,
        code: newest?.code ?? null,
      },
      down: downOf(
        notes,
        last,
        all.find(({ result }) => result === 'accepted'),
      ),
    };
  });
}

function requestOf(entry: JournalEntry, provider: string): Request[] {
  if (entry.kind !== 'message' || entry.message.attempt?.provider !== provider) return [];
  const { result, reason, code } = entry.message.attempt;
  return [{ messageId: entry.message.id, at: entry.at, result, reason, code }];
}

const WORST = ['open', 'half_open', 'recovering'] as const;

function worstOf(notes: readonly CircuitNote[]): CircuitNote | undefined {
  return WORST.flatMap((state) => notes.filter((note) => note.state === state))[0];
}

/** Returns why the provider is down. A request accepted since then, by any dispatcher, shows that it works. */
function downOf(notes: readonly CircuitNote[], last: readonly Request[], accepted: Request | undefined): ProviderDown | null {
  const standing = notes.filter(({ at }) => accepted === undefined || accepted.at.getTime() <= at);
  const circuit = worstOf(standing.filter(({ state }) => state !== 'recovering'));
  if (circuit !== undefined) {
    return { by: 'circuit', reason: circuit.reason ?? 'unavailable', code: circuit.code ?? null, since: isoOf(circuit.since), until: null };
  }
  const pause = standing.find(({ state }) => state === 'paused');
  if (pause !== undefined) {
    const until = pause.until == null ? null : isoOf(pause.until);
    return { by: 'paused', reason: pause.reason ?? 'throttled', code: pause.code ?? null, since: isoOf(pause.since), until };
  }
  const lastAccepted = last.findIndex(({ result }) => result === 'accepted');
  const streak = lastAccepted === -1 ? last : last.slice(0, lastAccepted);
  const own = streak.filter(({ reason }) => !MESSAGE_REASONS.includes(reason));
  const [newest] = own;
  const isFew = new Set(own.map(({ messageId }) => messageId)).size < MIN_MESSAGES;
  if (lastAccepted !== -1 && isFew) return null;
  if (streak.length < MIN_REQUESTS || own.length <= streak.length / 2 || newest === undefined) return null;
  return {
    by: 'refusing',
    reason: newest.reason ?? 'unknown_outcome',
    code: newest.code ?? null,
    since: streak.at(-1)?.at.toISOString() ?? null,
    until: null,
  };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
