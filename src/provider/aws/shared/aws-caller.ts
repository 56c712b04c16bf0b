import { setMaxListeners } from 'node:events';
import { createTransport, type Exchange, type HttpAnswer, type HttpRequest } from '../../../http-client/transport.ts';
import { refusalFromFault } from '../../contract/classify.ts';
import { type Refused, refuse } from '../../contract/provider.ts';

/** What the AWS SDK hands to its HTTP stack, as far as we need it. */
export interface SdkRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface SdkResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

/** How one call ended. The SDK's own words are here to be classified, never to be shown. */
export type AwsReply<Output> =
  /** AWS said yes, and the SDK could read it. */
  | { readonly kind: 'output'; readonly output: Output; readonly answer: HttpAnswer }
  /** AWS answered otherwise; `error` is what the SDK made of it. */
  | { readonly kind: 'error'; readonly error: unknown; readonly answer: HttpAnswer }
  /** No whole answer, or no request at all. */
  | { readonly kind: 'broken'; readonly refused: Refused };

export interface AwsCaller {
  /** For the clients of the SDK: our transport in place of theirs. */
  readonly requestHandler: {
    handle(request: SdkRequest, options?: { readonly abortSignal?: unknown }): Promise<{ response: SdkResponse }>;
  };
  /**
   * One call: credentials found, one request signed and made, all of it within `timeoutMs`. Never rejects.
   *
   * @param credentials of the client's config; once found the SDK keeps them until they expire
   * @param send hands the options to the client
   */
  call<Output>(
    credentials: () => Promise<unknown>,
    send: (options: { readonly abortSignal: AbortSignal }) => Promise<Output>,
    signal: AbortSignal,
  ): Promise<AwsReply<Output>>;
  close(): Promise<void>;
}

export function createAwsCaller({ timeoutMs }: { readonly timeoutMs: number }): AwsCaller {
  // Without a base URL: the SDK signs host and path, so it is given the endpoint that is really called.
  const transport = createTransport({ timeoutMs });
  /** The exchange of each call under way, by its own signal: the one thing that the SDK carries through to its HTTP stack. */
  const calls = new WeakMap<AbortSignal, { exchange?: Promise<Exchange> }>();

  return {
    requestHandler: {
      async handle(request, { abortSignal } = {}) {
        // Requests of the chain, which asks STS for credentials, come here too, without a signal of ours.
        const signal = abortSignal instanceof AbortSignal ? abortSignal : new AbortController().signal;
        const call = calls.get(signal);
        if (call?.exchange !== undefined) throw new Error('one call is one request');
        const exchanged = transport.exchange(toHttpRequest(request), signal);
        if (call !== undefined) call.exchange = exchanged;
        const exchange = await exchanged;
        if (exchange.kind === 'fault') throw new Error(exchange.code);
        const { status, headers, body } = exchange;
        return { response: { statusCode: status, headers: { ...headers }, body: Buffer.from(body) } };
      },
    },

    async call(credentials, send, signal) {
      if (signal.aborted) return broken('unavailable', 'ABORTED');
      const deadline = startDeadline(signal, timeoutMs);
      const call: { exchange?: Promise<Exchange> } = {};
      calls.set(deadline.signal, call);
      try {
        const said = await Promise.race([ask(credentials, () => send({ abortSignal: deadline.signal })), deadline.passed]);
        const exchange = await call.exchange;
        const stoppedBy = signal.aborted ? 'ABORTED' : 'TIMEOUT';
        if (exchange === undefined) {
          if (said.kind === 'passed') return broken('unavailable', stoppedBy);
          return said.kind === 'credentials' ? broken('auth', 'NO_CREDENTIALS') : broken('unavailable', 'SDK_MADE_NO_REQUEST');
        }
        if (exchange.kind === 'fault') {
          // The transport knows only that it was stopped.
          const code = exchange.code === 'ABORTED' ? stoppedBy : exchange.code;
          return { kind: 'broken', refused: refusalFromFault({ ...exchange, code }) };
        }
        if (said.kind === 'output') return { kind: 'output', output: said.output, answer: exchange };
        return { kind: 'error', error: said.kind === 'error' ? said.error : undefined, answer: exchange };
      } finally {
        deadline.end();
      }
    },

    close: () => transport.close(),
  };
}

function broken(reason: 'auth' | 'unavailable', code: string): { readonly kind: 'broken'; readonly refused: Refused } {
  return { kind: 'broken', refused: refuse(reason, { code }) };
}

/** Credentials first and apart, so that it is known whether they were what is missing. */
async function ask<Output>(
  credentials: () => Promise<unknown>,
  send: () => Promise<Output>,
): Promise<{ kind: 'output'; output: Output } | { kind: 'error'; error: unknown } | { kind: 'credentials' }> {
  try {
    await credentials();
  } catch {
    return { kind: 'credentials' };
  }
  try {
    return { kind: 'output', output: await send() };
  } catch (error) {
    return { kind: 'error', error };
  }
}

/** One signal for the caller's and for the time that a whole call may take: to find credentials may need requests of its own. */
function startDeadline(caller: AbortSignal, timeoutMs: number) {
  const controller = new AbortController();
  let pass = (_passed: { kind: 'passed' }) => {};
  const passed = new Promise<{ kind: 'passed' }>((resolve) => {
    pass = resolve;
  });
  const stop = () => {
    controller.abort();
    pass({ kind: 'passed' });
  };
  const timer = setTimeout(stop, timeoutMs);
  // Many calls may share one signal, such as that of a shutdown; Node would warn of a leak at the eleventh.
  setMaxListeners(0, caller);
  caller.addEventListener('abort', stop);
  return {
    signal: controller.signal,
    passed,
    end() {
      clearTimeout(timer);
      caller.removeEventListener('abort', stop);
    },
  };
}

/** Without a query: the actions of SNS, End User Messaging and STS are named in the body or in a header. */
function toHttpRequest({ method, protocol, hostname, port, path, headers, body }: SdkRequest): HttpRequest {
  return {
    method,
    url: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`,
    headers,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : new TextDecoder().decode(body) }),
  };
}
