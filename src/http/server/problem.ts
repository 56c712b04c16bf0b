import { maxHeaderSize, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { RedisUnavailableError } from '../../redis/unavailable.ts';

/** Maximum size of a request body, in bytes. */
export const BODY_LIMIT = 1024 * 1024;

/** Converts any thrown error into the problem that the caller sees. The message of an unexpected error stays in the log. */
export function classifyError(error: unknown, bodyLimit = BODY_LIMIT): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof RedisUnavailableError) {
    return new HttpProblem('redis-unavailable', {
      detail: 'Retry later; a retry with the same id is safe.',
      cause: error,
    });
  }
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown };
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new HttpProblem('body-too-large', { detail: `At most ${bodyLimit} bytes; split the request into several calls.` });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new HttpProblem('unsupported-media-type', { detail: 'Send the request with Content-Type: application/json.' });
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new HttpProblem('not-found');
  }
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new HttpProblem('invalid-request', { detail: 'The request is not well-formed HTTP.', cause: error });
  }
  return new HttpProblem('internal', {
    detail: 'The error is in the log of the receiver. A retry with the same id is safe.',
    cause: error,
  });
}

/** All HTTP errors. The kind is the last part of the problem's `type` and never changes its meaning. */
const PROBLEMS = {
  'malformed-json': { status: 400, title: 'The body is not JSON' },
  'invalid-request': { status: 400, title: 'The request is not valid' },
  'all-rejected': { status: 400, title: 'No alert was accepted' },
  'unreadable-receipt': { status: 400, title: 'The receipt cannot be read' },
  'unreadable-inbound': { status: 400, title: 'The inbound message cannot be read' },
  unauthorized: { status: 401, title: 'A valid token is required' },
  'foreign-request': { status: 403, title: 'The request comes from a page of another origin' },
  'forged-receipt': { status: 403, title: 'The receipt failed authentication' },
  'forged-inbound': { status: 403, title: 'The inbound message failed authentication' },
  'not-found': { status: 404, title: 'Not found' },
  'method-not-allowed': { status: 405, title: 'Method not allowed' },
  'nothing-to-acknowledge': { status: 409, title: 'There is nothing to acknowledge' },
  'too-slow': { status: 408, title: 'The request took too long to arrive' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'too-many-alerts': { status: 413, title: 'Too many alerts in one call' },
  'unsupported-media-type': { status: 415, title: 'The body must be JSON' },
  misdirected: { status: 421, title: 'The host name is not allowed' },
  'too-many-tries': { status: 429, title: 'Too many wrong tokens' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'Internal error' },
  'redis-unavailable': { status: 503, title: 'Redis is not available' },
  'too-many-viewers': { status: 503, title: 'Too many live connections' },
  'not-ready': { status: 503, title: 'Not ready' },
} as const satisfies Record<string, { status: number; title: string }>;

type ProblemKind = keyof typeof PROBLEMS;

export const PROBLEM_TYPE = 'application/problem+json';

/** Value of `Retry-After` with a 503, in seconds. */
const RETRY_AFTER_S = 5;

interface ProblemFacts {
  /** What is wrong with this request, for the caller. */
  readonly detail?: string;
  /** Further members of the body, such as `errors` or `rejected`. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** An error that becomes problem details: https://www.rfc-editor.org/rfc/rfc9457 */
export class HttpProblem extends Error {
  readonly kind: ProblemKind;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;

  constructor(kind: ProblemKind, { detail, members, headers, cause }: ProblemFacts = {}) {
    const { status, title } = PROBLEMS[kind];
    super(detail ?? title, { cause });
    this.name = 'HttpProblem';
    this.kind = kind;
    this.status = status;
    this.headers = { ...(status === 503 ? { 'retry-after': String(RETRY_AFTER_S) } : {}), ...headers };
    this.body = { type: `urn:sms-dispatch:problem:${kind}`, title, status, ...(detail === undefined ? {} : { detail }), ...members };
  }
}

/** Answers input that never became a request: too slow, too large headers, or not HTTP. https://nodejs.org/api/http.html#event-clienterror */
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
      return new HttpProblem('too-slow', { detail: 'Send the whole request without pauses.' });
    case 'HPE_HEADER_OVERFLOW':
      return new HttpProblem('headers-too-large', { detail: `At most ${maxHeaderSize} bytes.` });
    default:
      return new HttpProblem('invalid-request', { detail: 'This is not HTTP/1.1.' });
  }
}
