import { connect } from 'node:net';

export interface WireAnswer {
  /** 0 where the server ended the connection without an answer. */
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/**
 * Sends bytes as they are and reads the answer.
 * @param cut ends our side after the bytes, as a caller that crashed does
 * @returns undefined when there was neither an answer nor an end in time
 */
export function exchange(port: number, bytes: Buffer, cut: boolean, deadlineMs: number): Promise<WireAnswer | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => (cut ? socket.end(bytes) : socket.write(bytes)));
    let settled = false;
    const settle = (answer: WireAnswer | undefined) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => settle(undefined), deadlineMs);
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      // A stream of events has no end.
      if (/^content-type: text\/event-stream/im.test(chunk.toString('latin1'))) settle(parse(Buffer.concat(chunks)));
    });
    socket.on('error', () => settle(parse(Buffer.concat(chunks))));
    socket.on('close', () => settle(parse(Buffer.concat(chunks))));
  });
}

function parse(bytes: Buffer): WireAnswer {
  const text = bytes.toString('utf8');
  const end = text.indexOf('\r\n\r\n');
  const head = text.slice(0, end);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);
  // `100 Continue` comes before the answer.
  if (status === 100) return parse(Buffer.from(text.slice(end + 4)));
  const type = /^content-type: (.*)$/im.exec(head)?.[1] ?? '';
  // Bytes that a length left out may be answered as a second request.
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  const body = Buffer.from(text.slice(end + 4))
    .subarray(0, length === undefined ? undefined : Number(length))
    .toString();
  return { status, type, body: /^transfer-encoding: chunked/im.test(head) ? joinChunks(body) : body };
}

function joinChunks(body: string): string {
  let rest = Buffer.from(body);
  const parts: Buffer[] = [];
  for (;;) {
    const line = rest.indexOf('\r\n');
    const size = line < 0 ? 0 : Number.parseInt(rest.subarray(0, line).toString(), 16);
    if (!(size > 0)) return Buffer.concat(parts).toString();
    parts.push(rest.subarray(line + 2, line + 2 + size));
    rest = rest.subarray(line + 4 + size);
  }
}
