import { PassThrough, type Readable } from 'node:stream';
import type { Journal } from '../../ledger/journal/journal.ts';
import type { JournalEntry } from '../../ledger/journal/journal-entry.ts';
import { HttpProblem } from '../server/problem.ts';
import type { ShownEntry } from './api.ts';

/** In bytes: whoever has so much unread is too slow, and comes back for the rest. */
const MOST_UNREAD = 256 * 1024;

/** One browser that watches, as a stream of server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html */
interface Viewer {
  readonly stream: Readable;
  /** What it has missed; what is shown before waits for it. */
  catchUp(entries: readonly ShownEntry[], skipped: number): void;
  /** Oldest first; those that it has had already are left out. */
  show(entries: readonly ShownEntry[], skipped: number): void;
  /** Keeps proxies from closing what is silent. */
  beat(): void;
  /** The browser connects again, and says what it has seen. */
  end(): void;
}

/** @param seen the newest that it has seen; `onGone` is called once, however it ends */
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
  // How soon it comes back. Sent at once, so that the browser knows that it is connected.
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

/** Whether an entry of the journal is younger: both are `<ms>-<number>`. */
export function isAfter(seq: string, other: string): boolean {
  const [ms = 0, number = 0] = seq.split('-').map(Number);
  const [otherMs = 0, otherNumber = 0] = other.split('-').map(Number);
  return ms === otherMs ? number > otherNumber : ms > otherMs;
}

/** Between two looks at the journal. */
const EVERY_MS = 400;
/** Shown of one look: a hundred a second, more than anybody reads. */
const MOST = 40;
const BEAT_MS = 15_000;
/** A browser that has watched for so long comes in by the door anew. */
const LONGEST_MS = 3_600_000;
const MOST_VIEWERS = 50;

/** What happens, for all who watch, by one reader of the journal that rests while nobody does. */
export interface Live {
  /**
   * Goes on after `after`, else from now on.
   * @throws {HttpProblem} `too-many-viewers`; Error when Redis is away
   */
  watch(after: string | undefined): Promise<Readable>;
  /** Sends everybody away; nobody comes in any more. */
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
  /** How far the journal was read, and how many entries it had had by then. */
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
    // While Redis is away nothing happens that could be shown; the page learns of it from its other calls.
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

/** What came after `seq`, oldest first; the newest of it where that is too much. */
async function readOn(journal: LiveDeps['journal'], seq: string | undefined): Promise<{ entries: JournalEntry[]; isCut: boolean }> {
  const entries = await journal.since(seq, MOST + 1);
  if (entries.length <= MOST) return { entries, isCut: false };
  return { entries: (await journal.newest(MOST)).reverse(), isCut: true };
}
