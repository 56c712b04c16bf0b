import { setMaxListeners } from 'node:events';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { skipInterimResponses } from './interim-responses.ts';

export interface HttpRequest {
  readonly method: string;
  /** Absolute URL as the vendor documents it; `baseUrl` of the transport may redirect it. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The vendor returned a complete response, of any status. */
export interface HttpAnswer {
  readonly kind: 'answer';
  readonly status: number;
  /** Names in lower case; repeated headers are joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** No complete response. Contains nothing of the request, so it is safe to log. */
export interface TransportFault {
  readonly kind: 'fault';
  /** `no`: not a single byte of the request was written, so the vendor cannot have processed it. */
  readonly sent: 'no' | 'maybe';
  /** `TIMEOUT`, `ABORTED`, or the code of Node or undici, such as `ECONNREFUSED`. */
  readonly code: string;
  /** Present when the status line was read before the failure. */
  readonly status?: number;
}

export type Exchange = HttpAnswer | TransportFault;

export interface Transport {
  /** Makes exactly one request: no retry, no redirect. Never rejects. */
  exchange(request: HttpRequest, signal: AbortSignal): Promise<Exchange>;
  /** Waits for calls in flight, then closes every socket. */
  close(): Promise<void>;
}

export interface TransportOptions {
  /** Replaces the vendor's scheme, host and port; its path is put before the vendor's path. */
  readonly baseUrl?: string | undefined;
  /** Deadline of one call, from connect to the last byte of the body. */
  readonly timeoutMs: number;
}

/** Vendors' responses are a few hundred bytes. */
const MAX_BODY_BYTES = 64 * 1024;
/**
 * A host that does not connect within this time counts as down; less than `timeoutMs`, so that another provider can
 * still be tried.
 */
const CONNECT_TIMEOUT_MS = 5_000;
/**
 * Below the 5 s after which Node and other common servers close an idle socket, so that a request is not written to a
 * socket that was just closed.
 */
const IDLE_TIMEOUT_MS = 4_000;

/** HTTP client core: one pool of keep-alive sockets per provider instance. */
export function createTransport({ baseUrl, timeoutMs }: TransportOptions): Transport {
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const connect = buildConnector({ timeout: Math.min(CONNECT_TIMEOUT_MS, timeoutMs), signal: closing.signal });
  const agent = new Agent({
    connect: (options, callback) =>
      connect(options, (...result) => {
        const [, socket] = result;
        // undici passes no socket when the connection failed.
        if (socket) skipInterimResponses(socket);
        callback(...result);
      }),
    keepAliveTimeout: IDLE_TIMEOUT_MS,
    keepAliveMaxTimeout: IDLE_TIMEOUT_MS,
    maxResponseSize: MAX_BODY_BYTES,
    // The whole call has one deadline, see `Call`; these two would restart with every byte of a slow response.
    headersTimeout: 0,
    bodyTimeout: 0,
    pipelining: 1,
  });

  const underWay = new Set<Promise<Exchange>>();
  /** Most vendors have one URL for all texts. */
  let last = { url: '', target: new URL('http://localhost') };
  const targetOf = (url: string): URL => {
    if (url !== last.url) last = { url, target: rebase(url, baseUrl) };
    return last.target;
  };

  const exchange = (request: HttpRequest, signal: AbortSignal): Promise<Exchange> =>
    new Promise((resolve) => {
      const call = new Call(resolve, signal, timeoutMs);
      const { origin, pathname, search } = targetOf(request.url);
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
      // `destroy` leaves sockets alone that are still connecting for aborted calls.
      closing.abort();
    },
  };
}

/** One request in flight. undici reports its progress through the handler methods; it settles once, with the first result. */
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
    // Many calls may share one signal, such as that of a shutdown; Node warns of a leak from the eleventh listener on.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', this.#onAbort);
  }

  /**
   * undici calls this when the socket is connected and idle, and writes the request when it returns. Before this call
   * nothing was sent, whatever the failure: connection refused, name not resolved, TLS failed, or a keep-alive socket
   * found closed. After it, bytes may have been sent.
   */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    const late = this.#settled || this.#controller !== undefined;
    this.#controller ??= controller;
    // Settled while still connecting, or started a second time: the request must not be written.
    if (late) controller.abort(new Error('settled'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    // A 101 switches to a protocol that was not requested; whether the request was processed is unknown.
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

  /** Aborts the call: settles it first, then closes the socket. */
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

/** Returns only the code: messages of Node and undici may quote hosts, headers and paths. */
function codeOf(error: Error & { readonly code?: unknown }): string {
  return typeof error.code === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(error.code) ? error.code : 'UNKNOWN';
}

/** Rebases a URL part by part. Concatenated as text, a path that begins with two slashes could lead to another host. */
export function rebase(url: string, baseUrl: string | undefined): URL {
  const target = new URL(url);
  if (baseUrl === undefined) return target;
  const rebased = new URL(baseUrl);
  rebased.pathname = rebased.pathname.replace(/\/$/, '') + target.pathname;
  rebased.search = target.search;
  return rebased;
}
