import { PassThrough, type Readable } from 'node:stream';
import type { ShownEntry } from './api.ts';

/** In bytes: whoever has so much unread is too slow, and comes back for the rest. */
const MOST_UNREAD = 256 * 1024;

/** One browser that watches, as a stream of server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html */
export interface Viewer {
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
