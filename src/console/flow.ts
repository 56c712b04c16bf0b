import type { ShownEntry } from '../http/console/api.ts';

/** Categories of the graph; `not`: suppressed. */
export const FATES = ['accepted', 'held', 'not', 'failed'] as const;
export type Fate = (typeof FATES)[number];
export type Bar = Readonly<Record<Fate, number>>;

/** Recent entries and counts, as known to the page. */
export interface Flow {
  /** Newest first, at most {@link KEPT}. */
  readonly entries: readonly ShownEntry[];
  /** Start of a bar in ms → counts within it. */
  readonly bars: ReadonlyMap<number, Bar>;
  /** `seq` of the newest dropped entry: entries up to it have been counted. */
  readonly letGo: string | undefined;
}

export const EMPTY: Flow = { entries: [], bars: new Map(), letGo: undefined };
export const BAR_MS = 15_000;
/** Ten minutes. */
export const BARS = 40;
const KEPT = 500;
const NOTHING: Bar = { accepted: 0, held: 0, not: 0, failed: 0 };

/** Adds entries in any order; some may be repeated, as after a lost connection. */
export function takeIn(flow: Flow, incoming: readonly ShownEntry[]): Flow {
  const known = new Set(flow.entries.map(({ seq }) => seq));
  const fresh = incoming.filter(({ seq }) => !known.has(seq) && (flow.letGo === undefined || isAfter(seq, flow.letGo)));
  if (fresh.length === 0) return flow;
  const all = [...fresh, ...flow.entries].sort((a, b) => (isAfter(a.seq, b.seq) ? -1 : 1));
  return { entries: all.slice(0, KEPT), bars: addTo(flow.bars, fresh), letGo: all[KEPT]?.seq ?? flow.letGo };
}

function addTo(bars: Flow['bars'], fresh: readonly ShownEntry[]): Flow['bars'] {
  const next = new Map(bars);
  for (const entry of fresh) {
    const fate = fateOf(entry);
    if (fate === undefined) continue;
    const start = barOf(Date.parse(entry.at));
    const bar = next.get(start) ?? NOTHING;
    next.set(start, { ...bar, [fate]: bar[fate] + 1 });
  }
  const newest = Math.max(...next.keys());
  for (const start of next.keys()) if (start <= newest - BARS * BAR_MS) next.delete(start);
  return next;
}

const FATE_OF_STATE: Readonly<Partial<Record<string, Fate>>> = {
  accepted: 'accepted',
  deferred: 'held',
  suppressed: 'not',
  cancelled: 'not',
  expired: 'failed',
  failed: 'failed',
  unknown: 'failed',
};

/** Returns the category of an entry; `undefined` for entries that the graph does not show. */
export function fateOf(entry: ShownEntry): Fate | undefined {
  if (entry.kind === 'message') return FATE_OF_STATE[entry.message.state];
  const { outcome } = entry.alert;
  return outcome === 'suppressed' ? 'not' : outcome === 'malformed' ? 'failed' : undefined;
}

/** Returns the last bars, oldest first, up to the current one. */
export function lastBars({ bars }: Flow, now: number): { readonly start: number; readonly bar: Bar }[] {
  const last = barOf(now);
  return Array.from({ length: BARS }, (_, index) => {
    const start = last - (BARS - 1 - index) * BAR_MS;
    return { start, bar: bars.get(start) ?? NOTHING };
  });
}

function barOf(ms: number): number {
  return Math.floor(ms / BAR_MS) * BAR_MS;
}

/** Compares ids of a Redis stream: milliseconds, then a number. */
export function isAfter(a: string, b: string): boolean {
  const [aMs = 0, aNumber = 0] = a.split('-').map(Number);
  const [bMs = 0, bNumber = 0] = b.split('-').map(Number);
  return aMs === bMs ? aNumber > bNumber : aMs > bMs;
}
