import type { JournalEntry } from '../ledger/journal/journal-entry.ts';
import type { CircuitNote } from './circuits.ts';

/** How a provider does, over all dispatchers. */
export interface ProviderHealth {
  readonly provider: string;
  readonly type: string;
  /** The worst of the dispatchers' circuit breakers. */
  readonly circuit: 'closed' | 'half_open' | 'open';
  /** Since when it is not closed, ISO 8601, and why it opened: the vendor's own reason and code. */
  readonly since: string | null;
  readonly reason: string | null;
  readonly code: string | null;
  /** Requests that ended lately, by result. */
  readonly accepted: number;
  readonly refused: number;
  readonly unknown: number;
  /** Of the newest request that was not accepted. */
  readonly lastReason: string | null;
  /** The newest requests of the last hour, at most ten. */
  readonly last: { readonly requests: number; readonly accepted: number; readonly reason: string | null; readonly code: string | null };
  /** Why no message goes out through it now; `null` while it works, as far as is known. */
  readonly down: ProviderDown | null;
}

export interface ProviderDown {
  /** `circuit`: our breaker keeps messages from it. `paused`: it asked to be left alone. `refusing`: it accepts nothing. */
  readonly by: 'circuit' | 'paused' | 'refusing';
  /** The vendor's own reason and code. */
  readonly reason: string;
  readonly code: string | null;
  /** ISO 8601. */
  readonly since: string | null;
  /** Until when it asked to be left alone, ISO 8601. */
  readonly until: string | null;
}

/** So many of the newest requests are looked at, none older than this. */
const LAST = 10;
const LAST_MS = 60 * 60_000;
/** Fewer prove nothing. */
export const MIN_REQUESTS = 5;

/** A provider that accepted something lately may refuse one message, or those to one country, again and again. */
const MIN_MESSAGES = 3;

/** About a number or a text, not about the provider. */
const MESSAGE_REASONS: readonly (string | undefined)[] = ['recipient', 'opted_out', 'content'];

interface Request {
  readonly messageId: string;
  readonly at: Date;
  readonly result: string | undefined;
  readonly reason: string | undefined;
  readonly code: string | undefined;
}

/**
 * @param providers name → type, in the order of the config
 * @param entries of the journal, newest first
 * @param recent how many of them are of the last minutes
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

/** A request that another dispatcher has had accepted since then shows that it works. */
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
