import { PassThrough, type Readable } from 'node:stream';
import type { Journal } from '../../ledger/journal/journal.ts';
import type { JournalEntry } from '../../ledger/journal/journal-entry.ts';
import { HttpProblem } from '../server/problem.ts';
import type { ShownEntry } from './api.ts';

/** In bytes. A browser with more unread data is disconnected; it reconnects and reads the rest. */
const MOST_UNREAD = 256 * 1024;

/** One browser's stream of server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html */
interface Viewer {
  readonly stream: Readable;
  /** Sends missed entries; entries passed to `show` before are held back until then. */
  catchUp(entries: readonly ShownEntry[], skipped: number): void;
  /** Sends entries, oldest first; those already sent are left out. */
  show(entries: readonly ShownEntry[], skipped: number): void;
  /** Sends a comment, so that proxies do not close a silent connection. */
  beat(): void;
  /** Ends the stream; the browser reconnects with the last id it has. */
  end(): void;
}

/** @param seen seq of the newest entry that the browser has; `onGone` is called once, however the stream ends */
export function createViewer(seen: string | undefined, onGone: () => void): Viewer {
  const stream = new PassThrough();
  let last = seen;
  let held: (() => void)[] | undefined = [];
  stream.once('close', onGone);
  const write = (text: string) => {
    if (stream.destroyed || stream.writableEnded) return;
    if (stream.readableLength + stream.writableLength > MOST_UNREAD) stream.destroy();
    else stream.write(text);
  };
  // Reconnect delay. Sent immediately, so that the browser knows that it is connected.
  write('retry: 2000\n\n');
  const send = (entries: readonly ShownEntry[], skipped: number) => {
    const fresh = entries.filter(({ seq }) => last === undefined || isAfter(seq, last));
    const events = fresh.map((entry) => `id: ${entry.seq}\ndata: ${JSON.stringify(entry)}\n\n`);
    last = fresh.at(-1)?.seq ?? last;
    const gap = skipped > 0 ? [`event: skipped\ndata: ${JSON.stringify({ skipped })}\n\n`] : [];
    if (gap.length + events.length > 0) write([...gap, ...events].join(''));
  };
  return {
    stream,
    catchUp(entries, skipped) {
      send(entries, skipped);
      for (const later of held?.splice(0) ?? []) later();
      held = undefined;
    },
    show(entries, skipped) {
      if (held === undefined) send(entries, skipped);
      else held.push(() => send(entries, skipped));
    },
    beat: () => write(': still here\n\n'),
    end: () => void stream.end(),
  };
}

/** Returns whether a journal entry is newer: both are `<ms>-<number>`. */
export function isAfter(seq: string, other: string): boolean {
  const [ms = 0, number = 0] = seq.split('-').map(Number);
  const [otherMs = 0, otherNumber = 0] = other.split('-').map(Number);
  return ms === otherMs ? number > otherNumber : ms > otherMs;
}

/** Interval between two reads of the journal. */
const EVERY_MS = 400;
/** Maximum number of entries per read: a hundred per second, more than a person can read. */
const MOST = 40;
const BEAT_MS = 15_000;
/** A stream is ended after this time, so that the browser authenticates again. */
const LONGEST_MS = 3_600_000;
const MOST_VIEWERS = 50;

/** Live journal entries for all viewers, by one reader that runs only while there are viewers. */
export interface Live {
  /**
   * Streams entries after `after`, else from now on.
   * @throws {HttpProblem} `too-many-viewers`; Error when Redis is down
   */
  watch(after: string | undefined): Promise<Readable>;
  /** Ends all streams and rejects new viewers. */
  close(): void;
}

interface LiveDeps {
  readonly journal: Pick<Journal, 'newest' | 'since' | 'head' | 'written'>;
  readonly show: (entry: JournalEntry) => Promise<ShownEntry>;
  readonly pace?: { readonly everyMs: number; readonly beatMs: number };
}

export function createLive({ journal, show, pace = { everyMs: EVERY_MS, beatMs: BEAT_MS } }: LiveDeps): Live {
  const viewers = new Set<Viewer>();
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  /** Last journal entry read, and the total number of entries written up to then. */
  let head: string | undefined;
  let written: number | undefined;

  const look = async (): Promise<void> => {
    const next = await readOn(journal, head);
    const before = written;
    written = await journal.written();
    if (next.entries.length === 0) return;
    head = next.entries.at(-1)?.seq;
    const all = before === undefined || written === undefined ? next.entries.length : written - before;
    const skipped = next.isCut ? Math.max(1, all - next.entries.length) : 0;
    const shown = await Promise.all(next.entries.map(show));
    for (const viewer of viewers) viewer.show(shown, skipped);
  };
  const lookAgain = () => {
    clearTimeout(timer);
    // While Redis is down there is nothing to show; the page notices the outage by its other calls.
    timer = setTimeout(
      () =>
        void look()
          .catch(() => undefined)
          .then(() => viewers.size > 0 && !closed && lookAgain()),
      pace.everyMs,
    );
  };
  const begin = async (): Promise<void> => {
    [head, written] = await Promise.all([journal.head(), journal.written()]);
    lookAgain();
  };
  let begun: Promise<void> | undefined;
  const rest = () => {
    clearTimeout(timer);
    begun = undefined;
  };

  return {
    async watch(after) {
      if (closed || viewers.size >= MOST_VIEWERS) throw new HttpProblem('too-many-viewers');
      const viewer = createViewer(after, () => {
        viewers.delete(viewer);
        clearInterval(beat);
        clearTimeout(longest);
        if (viewers.size === 0) rest();
      });
      const beat = setInterval(viewer.beat, pace.beatMs);
      const longest = setTimeout(viewer.end, LONGEST_MS);
      viewers.add(viewer);
      try {
        begun ??= begin();
        await begun;
        const missed = after === undefined ? { entries: [], isCut: false } : await readOn(journal, after);
        viewer.catchUp(await Promise.all(missed.entries.map(show)), missed.isCut ? 1 : 0);
      } catch (error) {
        viewer.stream.destroy();
        throw error;
      }
      return viewer.stream;
    },
    close() {
      closed = true;
      rest();
      for (const viewer of viewers) viewer.end();
    },
  };
}

/** Reads the entries after `seq`, oldest first; only the newest of them when there are too many. */
async function readOn(journal: LiveDeps['journal'], seq: string | undefined): Promise<{ entries: JournalEntry[]; isCut: boolean }> {
  const entries = await journal.since(seq, MOST + 1);
  if (entries.length <= MOST) return { entries, isCut: false };
  return { entries: (await journal.newest(MOST)).reverse(), isCut: true };
}
