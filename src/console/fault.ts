/** Why a call came to nothing, in words for the person in front of the page. */
export class Fault extends Error {
  override readonly name = 'Fault';
  /** 0: no answer at all; -1: a bug of this page. */
  readonly status: number;
  readonly todo: string;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
    this.todo = todoOf(status);
  }
}

/** @param body a problem detail, where the server answered with one */
export function faultOf(status: number, body: { readonly title?: unknown; readonly detail?: unknown } | undefined): Fault {
  // The detail of a 503 is for senders; whoever watches wants to know what is away.
  const words = (status === 503 ? [body?.title] : [body?.detail, body?.title]).find(
    (text): text is string => typeof text === 'string' && text !== '',
  );
  return new Fault(status, words ?? (status === 0 ? 'The server does not answer.' : `The server answered ${status}.`));
}

function todoOf(status: number): string {
  if (status < 0) return 'Load it again; if that does not help, the command line does the same.';
  if (status === 0) return 'Is the receiver running, and is this device online? This page keeps trying.';
  if (status === 401 || status === 403) return 'Log in with one of `http.tokens` of the config.';
  if (status === 404) return 'It may be past the time for which it is kept, or mistyped.';
  if (status === 429) return 'Wait a moment, then try again.';
  if (status === 503) return 'Look at Redis: `sms-dispatch doctor` says what is wrong. This page keeps trying.';
  if (status >= 500) return 'The log of the receiver says more.';
  return 'Change what was entered and try again.';
}
