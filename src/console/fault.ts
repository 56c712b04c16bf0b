/** Error of a call, in words for the user. */
export class Fault extends Error {
  override readonly name = 'Fault';
  /** HTTP status; 0: no answer; -1: a bug of this page. */
  readonly status: number;
  readonly todo: string;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
    this.todo = todoOf(status);
  }
}

/** @param body problem details, if the server sent any */
export function faultOf(status: number, body: { readonly title?: unknown; readonly detail?: unknown } | undefined): Fault {
  // The detail of a 503 is meant for API clients; the user needs to know what is down.
  const words = (status === 503 ? [body?.title] : [body?.detail, body?.title]).find(
    (text): text is string => typeof text === 'string' && text !== '',
  );
  return new Fault(status, words ?? (status === 0 ? 'The server does not answer.' : `The server responded with ${status}.`));
}

function todoOf(status: number): string {
  if (status < 0) return 'Reload the page; if that does not help, use the command line.';
  if (status === 0) return 'Is the receiver running, and is this device online? This page keeps retrying.';
  if (status === 401 || status === 403) return 'Log in with one of `http.tokens` of the config.';
  if (status === 404) return 'Its record may have expired, or the id is mistyped.';
  if (status === 429) return 'Wait a moment, then try again.';
  if (status === 503) return 'Check Redis with `sms-dispatch doctor`. This page keeps retrying.';
  if (status >= 500) return 'See the log of the receiver.';
  return 'Change what was entered and try again.';
}
