import type { ShownEntry } from '../http/console/api.ts';

/** What the graph tells apart; `not`: decided not to. */
export const FATES = ['accepted', 'held', 'not', 'failed'] as const;
export type Fate = (typeof FATES)[number];
export type Bar = Readonly<Record<Fate, number>>;

/** What happened lately, as the page knows it. */
export interface Flow {
  /** Newest first, at most {@link KEPT}. */
  readonly entries: readonly ShownEntry[];
  /** Start of a bar, ms → what happened in it. */
  readonly bars: ReadonlyMap<number, Bar>;
  /** The `seq` of the newest entry that was let go of: what is not younger has been counted. */
  readonly letGo: string | undefined;
}

export const EMPTY: Flow = { entries: [], bars: new Map(), letGo: undefined };
export const BAR_MS = 15_000;
/** Ten minutes. */
export const BARS = 40;
const KEPT = 500;
const NOTHING: Bar = { accepted: 0, held: 0, not: 0, failed: 0 };

/** Entries in any order, of which some may have come before: after a lost connection they do. */
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

/** `undefined` where it is no text that went out, was held back or was not sent. */
export function fateOf(entry: ShownEntry): Fate | undefined {
  if (entry.kind === 'message') return FATE_OF_STATE[entry.message.state];
  const { outcome } = entry.alert;
  return outcome === 'suppressed' ? 'not' : outcome === 'malformed' ? 'failed' : undefined;
}

/** The last bars, oldest first, up to the one that `now` lies in. */
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

/** By the ids of a Redis stream: milliseconds, then a number. */
export function isAfter(a: string, b: string): boolean {
  const [aMs = 0, aNumber = 0] = a.split('-').map(Number);
  const [bMs = 0, bNumber = 0] = b.split('-').map(Number);
  return aMs === bMs ? aNumber > bNumber : aMs > bMs;
}
