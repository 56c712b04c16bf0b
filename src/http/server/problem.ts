/** Everything that can go wrong at the door. The kind is the last part of the problem's `type` and never changes its meaning. */
const PROBLEMS = {
  'malformed-json': { status: 400, title: 'The body is not JSON' },
  'invalid-request': { status: 400, title: 'The request is not valid' },
  'all-rejected': { status: 400, title: 'No alert was accepted' },
  'unreadable-receipt': { status: 400, title: 'The receipt cannot be read' },
  'unreadable-inbound': { status: 400, title: 'The text cannot be read' },
  unauthorized: { status: 401, title: 'A valid token is needed' },
  'foreign-request': { status: 403, title: 'The request comes from a page of another origin' },
  'forged-receipt': { status: 403, title: 'The receipt cannot have come from its provider' },
  'forged-inbound': { status: 403, title: 'The text cannot have come through its provider' },
  'not-found': { status: 404, title: 'There is no such thing here' },
  'method-not-allowed': { status: 405, title: 'This method is not allowed here' },
  'nothing-to-acknowledge': { status: 409, title: 'There is nothing to acknowledge' },
  'too-slow': { status: 408, title: 'The request took too long to arrive' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'too-many-alerts': { status: 413, title: 'Too many alerts in one call' },
  'unsupported-media-type': { status: 415, title: 'The body must be JSON' },
  misdirected: { status: 421, title: 'This is not the host to ask' },
  'too-many-tries': { status: 429, title: 'Too many wrong tokens' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  'redis-unavailable': { status: 503, title: 'Redis is not available' },
  'too-many-viewers': { status: 503, title: 'Too many are watching' },
  'not-ready': { status: 503, title: 'Not ready' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemKind = keyof typeof PROBLEMS;

export const PROBLEM_TYPE = 'application/problem+json';

/** Seconds after which a caller should try again what was answered 503. */
export const RETRY_AFTER_S = 5;

export interface ProblemFacts {
  /** What is wrong with this very request, for the caller to read. */
  readonly detail?: string;
  /** Further members of the body, such as `errors` or `rejected`. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** A refusal that becomes problem details: https://www.rfc-editor.org/rfc/rfc9457 */
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
