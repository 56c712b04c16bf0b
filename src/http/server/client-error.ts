import { maxHeaderSize, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { HttpProblem, PROBLEM_TYPE } from './problem.ts';

/** Answers what never became a request: too slow, too large a head, or not HTTP. https://nodejs.org/api/http.html#event-clienterror */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (socket.writable && error.code !== 'ECONNRESET') {
    const { status, body } = classify(error.code);
    const text = JSON.stringify(body);
    socket.write(
      [
        `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
        `Content-Type: ${PROBLEM_TYPE}`,
        `Content-Length: ${Buffer.byteLength(text)}`,
        'Connection: close',
        '',
        text,
      ].join('\r\n'),
    );
  }
  socket.destroy();
}

function classify(code: string | undefined): HttpProblem {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new HttpProblem('too-slow', { detail: 'Send the whole request without a pause.' });
    case 'HPE_HEADER_OVERFLOW':
      return new HttpProblem('headers-too-large', { detail: `At most ${maxHeaderSize} bytes.` });
    default:
      return new HttpProblem('invalid-request', { detail: 'This is not HTTP/1.1.' });
  }
}
