import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Destination of finished log lines. */
export interface LogOutput {
  /** @param level of pino, such as 30 for info. Never blocks and never throws. */
  write(line: string, level: number): void;
  /** Writes buffered lines as far as the reader takes them; blocks for at most 500 ms. Called before the process exits. */
  flushSync(): void;
  /** Number of lines dropped since the start. */
  dropped(): number;
}

/** Writes to a non-blocking descriptor: returns the bytes taken; throws `EAGAIN` while there is no room. */
export type WriteNow = (bytes: Uint8Array) => number;

const MOST_BYTES = 1024 * 1024;
/** Share of the buffer for lines below `warn`; the rest is reserved for warnings and errors. */
const MOST_INFO_BYTES = MOST_BYTES / 2;
const RETRY_MS = 20;
const FLUSH_MS = 500;
const FLUSH_STEP_MS = 5;
const [WARN, FATAL] = [40, 60];

/**
 * A log output that never blocks the process: what the reader does not take waits in a bounded buffer. Lines that do not fit
 * or cannot be written are dropped and counted; one line reports the count once the output works again. While the reader
 * keeps up, each line is written before `write` returns, so that a crash loses none.
 */
export function createLogOutput(writeNow: WriteNow): LogOutput {
  const waiting = new LineQueue();
  let dropped = 0;
  let unreported = 0;
  /** Number of dropped lines that the queued report line counts. */
  let reporting = 0;
  let retry: NodeJS.Timeout | undefined;
  /** True after an error cut off a line: the next line must not continue it. */
  let torn = false;

  const drop = (lines: number) => {
    dropped += lines;
    unreported += lines;
  };

  /** @returns whether the output took everything, or failed; false while it has no room */
  const drain = (): boolean => {
    for (let head = waiting.head(); head !== undefined; head = waiting.head()) {
      try {
        if (torn) torn = writeNow(NEWLINE) === 0;
        waiting.taken(writeNow(head));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
        torn ||= waiting.headStarted();
        drop(waiting.clear() - (reporting > 0 ? 1 : 0));
        unreported += reporting;
        reporting = 0;
        return true;
      }
      if (waiting.head() === undefined) report();
    }
    return true;
  };

  /** Queues the report of dropped lines; call it when everything before is written. */
  const report = () => {
    reporting = unreported;
    unreported = 0;
    if (reporting > 0) waiting.push(Buffer.from(droppedLine(reporting)));
  };

  const drainLater = () => {
    retry ??= setTimeout(() => {
      retry = undefined;
      if (!drain()) drainLater();
    }, RETRY_MS).unref();
  };

  return {
    write(line, level) {
      const bytes = Buffer.from(line);
      const room = level >= WARN ? MOST_BYTES : MOST_INFO_BYTES;
      if (level < FATAL && waiting.bytes + bytes.length > room) return drop(1);
      // The process ends after a fatal line; a slow reader may not take the rest in time.
      if (level >= FATAL) waiting.pushFirst(bytes);
      else waiting.push(bytes);
      if (retry === undefined && !drain()) drainLater();
    },
    flushSync() {
      const until = performance.now() + FLUSH_MS;
      while (!drain() && performance.now() < until) Atomics.wait(NEVER_NOTIFIED, 0, 0, FLUSH_STEP_MS);
    },
    dropped: () => dropped,
  };
}

/**
 * Returns a descriptor of the same pipe, terminal or file whose writes do not block where that is possible. A pipe or terminal
 * is opened a second time, because every process that shares the inherited description can make it blocking again. A socket,
 * as from systemd, cannot be opened; the runtime makes it non-blocking.
 */
export function unblocked(fd: 1 | 2): number {
  try {
    if (fstatSync(fd).isFIFO() || isatty(fd))
      return openSync(`/dev/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // A pipe of another user, or one without a reader: use the inherited descriptor.
  }
  void (fd === 1 ? process.stdout : process.stderr);
  return fd;
}

const NEWLINE = Buffer.from('\n');
const NEVER_NOTIFIED = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

function droppedLine(lines: number): string {
  const fields = { level: 'warn', time: new Date().toISOString(), dropped: lines, msg: 'log lines dropped' };
  return `${JSON.stringify(fields)}\n`;
}

/** Number of written lines that are removed together; removing one at a time would move the whole array each time. */
const MOST_WRITTEN_LINES = 1000;

/** A queue of lines; the first one may be partly written. */
class LineQueue {
  bytes = 0;
  #lines: Uint8Array[] = [];
  #first = 0;
  #written = 0;

  push(line: Uint8Array): void {
    this.#lines.push(line);
    this.bytes += line.length;
  }

  /** Inserts a line directly after the one that is being written. */
  pushFirst(line: Uint8Array): void {
    this.#lines.splice(this.#first + (this.headStarted() ? 1 : 0), 0, line);
    this.bytes += line.length;
  }

  /** The unwritten part of the first line. */
  head(): Uint8Array | undefined {
    return this.#lines[this.#first]?.subarray(this.#written);
  }

  headStarted(): boolean {
    return this.#written > 0;
  }

  taken(bytes: number): void {
    const line = this.#lines[this.#first] as Uint8Array;
    this.#written += bytes;
    if (this.#written < line.length) return;
    this.bytes -= line.length;
    this.#written = 0;
    this.#first += 1;
    if (this.#first < MOST_WRITTEN_LINES && this.#first < this.#lines.length) return;
    this.#lines.splice(0, this.#first);
    this.#first = 0;
  }

  /** @returns how many lines were dropped, a partly written one included */
  clear(): number {
    const lines = this.#lines.length - this.#first;
    this.#lines = [];
    this.#first = 0;
    this.#written = 0;
    this.bytes = 0;
    return lines;
  }
}

let stdoutFd: number | undefined;

/** The standard output of this process as a log output; opened with the first line. */
export const stdoutLog: LogOutput = createLogOutput((bytes) => {
  stdoutFd ??= unblocked(1);
  return writeSync(stdoutFd, bytes);
});
