import type { Socket } from 'node:net';

/** An interim response is a few lines; what is longer is left to the parser, which refuses it. */
const MOST_HEAD_BYTES = 16 * 1024;
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Makes a socket skip interim responses, such as `100 Continue`, that come before the response to each request: a client
 * must ignore them, also when it did not ask for one (RFC 9110, 15.2), but undici takes an unasked `100` for a broken
 * connection. A `101` is left in place: it would end HTTP on this connection.
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
  // A whole request is written before anything is read, and the next one after the response.
  socket.write = ((...args: unknown[]) => {
    filter.requestWritten();
    return write(...args);
  }) as Socket['write'];
}

/** The bytes of one connection, without the interim responses that follow each request. */
export class InterimFilter {
  #held = NOTHING;
  #answered = false;

  requestWritten(): void {
    this.#answered = false;
  }

  /** @returns what of the chunk belongs to the response; nothing while that cannot be told yet */
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

/** Whether it is an interim response, or so short that it may still become one. */
function mayBeInterim(head: string): boolean {
  const status = 'HTTP/1.';
  if (head.length < 12) return status.startsWith(head.slice(0, 7)) && /^(?:[01](?: (?:1\d?)?)?)?$/.test(head.slice(7));
  return /^HTTP\/1\.[01] 1(?!01)\d\d/.test(head);
}
