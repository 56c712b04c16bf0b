import type { Redis } from '../redis/connect.ts';
import { defineScript } from '../redis/define-script.ts';
import { CIRCUITS_TTL_MS, type Keys } from '../redis/keys.ts';
import { pruneHashLua, scanHash } from '../redis/scan-hash.ts';

/** State of a circuit record. `paused`: the provider asked for a pause. `recovering`: it accepted a trial since it opened. */
export type CircuitNoteState = 'half_open' | 'recovering' | 'open' | 'paused';

/** A circuit breaker or pause of one dispatcher that stops messages to a provider. */
export interface CircuitNote {
  readonly provider: string;
  readonly state: CircuitNoteState;
  /** Time when it left `closed`, in ms. */
  readonly since: number;
  /** Time of its last change, in ms. */
  readonly at: number;
  /** The vendor's own reason and code. */
  readonly reason: string | null;
  readonly code?: string | null;
  /** End of a pause as requested by the vendor, in ms. */
  readonly until?: number | null;
}

/** The refusal that caused the state. */
export interface NoteCause {
  readonly reason: string;
  readonly code?: string | undefined;
  readonly until?: Date | undefined;
}

/** Publishes the circuit breakers of each dispatcher, so that the overview can read them. */
export interface Circuits {
  publish(provider: string, state: CircuitNoteState | 'closed', at: Date, cause?: NoteCause): Promise<void>;
  /** Removes the records of this dispatcher at shutdown. */
  forget(): Promise<void>;
  /** Returns the current records of all dispatchers. */
  read(now: Date): Promise<CircuitNote[]>;
}

/** Reasons that take precedence: a refused credential or account explains the failures that follow, even if a network fault is newer. */
const ACCOUNT_REASONS: readonly string[] = ['auth', 'balance'];

/** Time for which a pause still counts after its end, so that a provider that pauses repeatedly does not seem to recover. */
const PAUSE_GRACE_MS = 60_000;

/** Stores a record, and removes some records of dispatchers that crashed; returns the cursor for the next call. */
const publishCircuitScript = defineScript(new URL('publish-circuit.lua', import.meta.url), {
  keys: ['circuits'],
  args: { field: 'string', note: 'string', now: 'number', cursor: 'string' },
  reply: String,
  constants: { CIRCUITS_TTL_MS },
  includes: [pruneHashLua],
});

/** Maximum number of records read, far more than all dispatchers together have. */
export const MOST_NOTES = 2_000;

/** @param dispatcher unique id of this one, without spaces */
export function createCircuits(redis: Redis, keys: Keys, dispatcher: string): Circuits {
  const notes = new Map<string, CircuitNote>();
  let cursor = '0';
  return {
    async publish(provider, state, at, cause) {
      const name = state === 'paused' ? `${provider} paused` : provider;
      const field = `${dispatcher} ${name}`;
      if (state === 'closed') {
        notes.delete(name);
        await redis.hdel(keys.circuits(), field);
        return;
      }
      const before = currentNote(notes.get(name), at.getTime());
      const note = { provider, state, since: before?.since ?? at.getTime(), at: at.getTime(), ...causeOf(before, cause) };
      notes.set(name, note);
      cursor = await publishCircuitScript(redis, {
        keys: { circuits: keys.circuits() },
        args: { field, note: JSON.stringify(note), now: at.getTime(), cursor },
      });
    },
    async forget() {
      const fields = [...notes.keys()].map((name) => `${dispatcher} ${name}`);
      notes.clear();
      if (fields.length > 0) await redis.hdel(keys.circuits(), ...fields);
    },
    async read(now) {
      const all = (await scanHash(redis, keys.circuits(), MOST_NOTES)).map((line) => JSON.parse(line) as CircuitNote);
      return all.filter((note) => holds(note, now.getTime()));
    },
  };
}

/** Returns the earlier record if it is still valid: a pause that ended is not part of the next one. */
function currentNote(note: CircuitNote | undefined, now: number): CircuitNote | undefined {
  return note !== undefined && holds(note, now) ? note : undefined;
}

function holds({ state, at, until }: CircuitNote, now: number): boolean {
  if (state === 'paused') return now < (until ?? at) + PAUSE_GRACE_MS;
  return now - at < CIRCUITS_TTL_MS;
}

/** Keeps the first reason while the circuit opens repeatedly; only a refused account replaces it. */
function causeOf(before: CircuitNote | undefined, cause: NoteCause | undefined): Pick<CircuitNote, 'reason' | 'code' | 'until'> {
  const until = cause?.until?.getTime() ?? null;
  const isNews =
    cause !== undefined &&
    (before?.reason == null ||
      cause.reason === before.reason ||
      (ACCOUNT_REASONS.includes(cause.reason) && !ACCOUNT_REASONS.includes(before.reason)));
  return isNews
    ? { reason: cause.reason, code: cause.code ?? null, until }
    : { reason: before?.reason ?? null, code: before?.code ?? null, until };
}
