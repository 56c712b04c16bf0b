import type { Redis } from '../redis/connect.ts';
import { defineScript } from '../redis/define-script.ts';
import { CIRCUITS_TTL_MS, type Keys } from '../redis/keys.ts';
import { pruneHashLua, scanHash } from '../redis/scan-hash.ts';

/** `paused`: the provider asked to be left alone. `recovering`: it accepted a trial since it opened. */
export type CircuitNoteState = 'half_open' | 'recovering' | 'open' | 'paused';

/** A circuit breaker, or a pause, of one dispatcher that keeps messages from a provider. */
export interface CircuitNote {
  readonly provider: string;
  readonly state: CircuitNoteState;
  /** When it left `closed`, ms. */
  readonly since: number;
  /** When it last changed, ms. */
  readonly at: number;
  /** The vendor's own reason and code. */
  readonly reason: string | null;
  readonly code?: string | null;
  /** Of a pause: until when the vendor asked to wait, ms. */
  readonly until?: number | null;
}

/** The refusal behind a note. */
export interface NoteCause {
  readonly reason: string;
  readonly code?: string | undefined;
  readonly until?: Date | undefined;
}

/** Each dispatcher keeps its own breakers; here it publishes them for people and the overview to read. */
export interface Circuits {
  publish(provider: string, state: CircuitNoteState | 'closed', at: Date, cause?: NoteCause): Promise<void>;
  /** Removes what this dispatcher has published: it leaves. */
  forget(): Promise<void>;
  /** The notes of all dispatchers that still hold. */
  read(now: Date): Promise<CircuitNote[]>;
}

/** A credential or account that is refused explains what follows from it; a network fault in between does not hide it. */
const ACCOUNT_REASONS: readonly string[] = ['auth', 'balance'];

/** How long a pause is believed after its end, so that a provider that asks again and again does not seem to recover in between. */
const PAUSE_GRACE_MS = 60_000;

/** Also removes some of the notes of dispatchers that crashed; answers with the cursor for the next call. */
const publishCircuitScript = defineScript(new URL('publish-circuit.lua', import.meta.url), {
  keys: ['circuits'],
  args: { field: 'string', note: 'string', now: 'number', cursor: 'string' },
  reply: String,
  constants: { CIRCUITS_TTL_MS },
  includes: [pruneHashLua],
});

/** Far more than all dispatchers together have open: beyond them an overview leaves some out. */
export const MOST_NOTES = 2_000;

/** @param dispatcher names this one among the others; no space in it */
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

/** A pause that ended is no part of the next one. */
function currentNote(note: CircuitNote | undefined, now: number): CircuitNote | undefined {
  return note !== undefined && holds(note, now) ? note : undefined;
}

function holds({ state, at, until }: CircuitNote, now: number): boolean {
  if (state === 'paused') return now < (until ?? at) + PAUSE_GRACE_MS;
  return now - at < CIRCUITS_TTL_MS;
}

/** The first reason stays while the circuit opens again and again; only a refused account takes its place. */
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
