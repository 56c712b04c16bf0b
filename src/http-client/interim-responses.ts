import type { Socket } from 'node:net';

/** Upper bound for the head of an interim response. Longer input is passed to the parser, which rejects it. */
const MOST_HEAD_BYTES = 16 * 1024;
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Makes a socket skip interim responses, such as `100 Continue`, before the response to each request. A client must
 * ignore them even when it did not ask for one (RFC 9110, 15.2), but undici treats an unsolicited `100` as a broken
 * connection. A `101` is passed through, because it ends HTTP on this connection.
 */
export function skipInterimResponses(socket: Socket): void {
  const filter = new InterimFilter();
  const [read, write] = [socket.read.bind(socket), socket.write.bind(socket) as (...args: unknown[]) => boolean];
  socket.read = (size?: number) => {
    for (;;) {
      const chunk = read(size) as Buffer | null;
      if (chunk === null) return null;
      const rest = filter.take(chunk);
      if (rest.length > 0) return rest;
    }
  };
  // The whole request is written before anything is read, and the next request only after the response.
  socket.write = ((...args: unknown[]) => {
    filter.requestWritten();
    return write(...args);
  }) as Socket['write'];
}

/** Filters the bytes of one connection: removes the interim responses that follow each request. */
export class InterimFilter {
  #held = NOTHING;
  #answered = false;

  requestWritten(): void {
    this.#answered = false;
  }

  /** @returns the part of the chunk that belongs to the response; empty while more bytes are needed to decide */
  take(chunk: Buffer): Buffer {
    if (this.#answered) return chunk;
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = NOTHING;
    for (;;) {
      const head = bytes.subarray(0, MOST_HEAD_BYTES).toString('latin1');
      const end = mayBeInterim(head) ? /\r?\n\r?\n/.exec(head) : undefined;
      if (end === undefined) break;
      if (end === null) {
        if (head.length === MOST_HEAD_BYTES) break;
        this.#held = bytes;
        return NOTHING;
      }
      bytes = bytes.subarray(end.index + end[0].length);
      if (bytes.length === 0) return NOTHING;
    }
    this.#answered = true;
    return bytes;
  }
}

/** Whether the bytes are an interim response, or too short to rule it out. */
function mayBeInterim(head: string): boolean {
  const status = 'HTTP/1.';
  if (head.length < 12) return status.startsWith(head.slice(0, 7)) && /^(?:[01](?: (?:1\d?)?)?)?$/.test(head.slice(7));
  return /^HTTP\/1\.[01] 1(?!01)\d\d/.test(head);
}
