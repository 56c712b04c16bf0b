import { setMaxListeners } from 'node:events';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { skipInterimResponses } from './interim-responses.ts';

export interface HttpRequest {
  readonly method: string;
  /** Absolute, as the vendor documents it; the transport's `baseUrl` may redirect it. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The vendor answered, whatever it said. */
export interface HttpAnswer {
  readonly kind: 'answer';
  readonly status: number;
  /** Names in lower case; a header sent twice is joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** There is no whole answer. Holds nothing of the request, so it may be logged. */
export interface TransportFault {
  readonly kind: 'fault';
  /** `no`: not one byte of the request was written, so the vendor cannot have acted on it. */
  readonly sent: 'no' | 'maybe';
  /** `TIMEOUT`, `ABORTED`, or what Node or undici call it, such as `ECONNREFUSED`. */
  readonly code: string;
  /** Set when the status line had been read before things broke. */
  readonly status?: number;
}

export type Exchange = HttpAnswer | TransportFault;

export interface Transport {
  /** Exactly one request: no retry, no redirect. Never rejects. */
  exchange(request: HttpRequest, signal: AbortSignal): Promise<Exchange>;
  /** Lets what is under way end, then closes every socket. */
  close(): Promise<void>;
}

export interface TransportOptions {
  /** Takes the place of the vendor's scheme, host and port; a path of its own goes before the vendor's. */
  readonly baseUrl?: string | undefined;
  /** Bounds one call from connect to the last byte of the body. */
  readonly timeoutMs: number;
}

/** Vendors answer in a few hundred bytes. */
const MAX_BODY_BYTES = 64 * 1024;
/** A host that takes longer to say hello is down; less than `timeoutMs`, so that another provider gets its chance. */
const CONNECT_TIMEOUT_MS = 5_000;
/** Below the 5 s after which Node's and other common servers close an idle socket, so that we do not write into one just closed. */
const IDLE_TIMEOUT_MS = 4_000;

/** Our HTTP core: one pool of keep-alive sockets for one provider instance. */
export function createTransport({ baseUrl, timeoutMs }: TransportOptions): Transport {
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const connect = buildConnector({ timeout: Math.min(CONNECT_TIMEOUT_MS, timeoutMs), signal: closing.signal });
  const agent = new Agent({
    connect: (options, callback) =>
      connect(options, (...result) => {
        const [, socket] = result;
        // undici leaves it out where it could not connect.
        if (socket) skipInterimResponses(socket);
        callback(...result);
      }),
    keepAliveTimeout: IDLE_TIMEOUT_MS,
    keepAliveMaxTimeout: IDLE_TIMEOUT_MS,
    maxResponseSize: MAX_BODY_BYTES,
    // One deadline for the whole call is below; these two would restart with every byte of a drip.
    headersTimeout: 0,
    bodyTimeout: 0,
    pipelining: 1,
  });

  const underWay = new Set<Promise<Exchange>>();

  const exchange = (request: HttpRequest, signal: AbortSignal): Promise<Exchange> =>
    new Promise((resolve) => {
      const call = new Call(resolve, signal, timeoutMs);
      const { origin, pathname, search } = rebase(request.url, baseUrl);
      const { method, headers, body = null } = request;
      agent.dispatch({ origin, path: pathname + search, method, headers, body }, call);
    });

  return {
    async exchange(request, signal) {
      if (signal.aborted) return { kind: 'fault', sent: 'no', code: 'ABORTED' };
      const call = exchange(request, signal);
      underWay.add(call);
      try {
        return await call;
      } finally {
        underWay.delete(call);
      }
    },
    async close() {
      await Promise.all(underWay);
      if (!agent.destroyed) await agent.destroy();
      // undici leaves those alone that are still connecting, for calls that have been given up.
      closing.abort();
    },
  };
}

/** One request under way. undici tells it what happens; it settles once, with whatever comes first. */
class Call implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | undefined;
  #status: number | undefined;
  #headers: Readonly<Record<string, string>> = {};
  #settled = false;
  readonly #chunks: Buffer[] = [];
  readonly #resolve: (exchange: Exchange) => void;
  readonly #signal: AbortSignal;
  readonly #timer: NodeJS.Timeout;

  constructor(resolve: (exchange: Exchange) => void, signal: AbortSignal, timeoutMs: number) {
    this.#resolve = resolve;
    this.#signal = signal;
    this.#timer = setTimeout(() => this.#stop('TIMEOUT'), timeoutMs);
    // Many calls may share one signal, such as that of a shutdown; Node would warn of a leak at the eleventh.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', this.#onAbort);
  }

  /**
   * undici calls this when the socket is connected and idle, and writes the request when it returns. Before it nothing
   * was sent, whatever happened: refused, not resolved, TLS failed, or a kept socket found closed. After it, bytes may
   * have left.
   */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    const late = this.#settled || this.#controller !== undefined;
    this.#controller ??= controller;
    // Settled while still connecting, or started a second time: it must not be written.
    if (late) controller.abort(new Error('settled'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    // The other protocol that a 101 announces is one we did not ask for; whether it took the request is unknown.
    if (status < 200) {
      this.#stop('SWITCHING_PROTOCOLS');
      return;
    }
    this.#status = status;
    this.#headers = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
    );
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const body = Buffer.concat(this.#chunks).toString('utf8');
    this.#settle({ kind: 'answer', status: this.#status as number, headers: this.#headers, body });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(codeOf(error));
  }

  readonly #onAbort = () => this.#stop('ABORTED');

  /** We give up: settles at once, then takes the socket down. */
  #stop(code: string): void {
    this.#fail(code);
    this.#controller?.abort(new Error(code));
  }

  #fail(code: string): void {
    const sent = this.#controller === undefined ? 'no' : 'maybe';
    this.#settle({ kind: 'fault', sent, code, ...(this.#status === undefined ? {} : { status: this.#status }) });
  }

  #settle(exchange: Exchange): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#resolve(exchange);
  }
}

/** Only the code: messages of Node and undici may quote hosts, headers and paths. */
function codeOf(error: Error & { readonly code?: unknown }): string {
  return typeof error.code === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(error.code) ? error.code : 'UNKNOWN';
}

/** Assigned part by part: a URL put together as text could be led to another host by a path that begins with two slashes. */
export function rebase(url: string, baseUrl: string | undefined): URL {
  const target = new URL(url);
  if (baseUrl === undefined) return target;
  const rebased = new URL(baseUrl);
  rebased.pathname = rebased.pathname.replace(/\/$/, '') + target.pathname;
  rebased.search = target.search;
  return rebased;
}
