import { setMaxListeners } from 'node:events';
import { createTransport, type Exchange, type HttpAnswer, type HttpRequest, rebase } from '../../../http-client/transport.ts';
import { presetEnvironment } from '../../../setting/environment.ts';
import type { Secret } from '../../../setting/secret.ts';
import { refusalFromFault } from '../../contract/classify.ts';
import { type Refused, refuse } from '../../contract/provider.ts';

/** The request that the AWS SDK passes to its HTTP handler, reduced to the fields we use. */
interface SdkRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

interface SdkResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

/** Result of one call. The SDK's error texts are only classified, never shown. */
export type AwsReply<Output> =
  /** AWS accepted the request, and the SDK parsed the response. */
  | { readonly kind: 'output'; readonly output: Output; readonly answer: HttpAnswer }
  /** AWS returned another response; `error` is the SDK's exception. */
  | { readonly kind: 'error'; readonly error: unknown; readonly answer: HttpAnswer }
  /** Incomplete response, or no request was made. */
  | { readonly kind: 'broken'; readonly refused: Refused };

interface AwsCaller {
  /** HTTP handler for SDK clients that uses our transport. */
  readonly requestHandler: {
    handle(request: SdkRequest, options?: { readonly abortSignal?: unknown }): Promise<{ response: SdkResponse }>;
  };
  /**
   * Makes one call: resolves credentials, signs and sends one request, all within `timeoutMs`. Never rejects.
   *
   * @param credentials from the client's config; the SDK caches them until they expire
   * @param send passes the options to the client
   */
  call<Output>(
    credentials: () => Promise<unknown>,
    send: (options: { readonly abortSignal: AbortSignal }) => Promise<Output>,
    signal: AbortSignal,
  ): Promise<AwsReply<Output>>;
  close(): Promise<void>;
}

export function createAwsCaller({ timeoutMs }: { readonly timeoutMs: number }): AwsCaller {
  // No base URL here: the SDK signs host and path, so it gets the endpoint that is really called.
  const transport = createTransport({ timeoutMs });
  /** The exchange of each call in flight by its signal, the only thing that the SDK passes through to its HTTP handler. */
  const calls = new WeakMap<AbortSignal, { exchange?: Promise<Exchange> }>();

  return {
    requestHandler: {
      async handle(request, { abortSignal } = {}) {
        // Requests of the credential chain, such as to STS, also arrive here, without our signal.
        const signal = abortSignal instanceof AbortSignal ? abortSignal : new AbortController().signal;
        const call = calls.get(signal);
        if (call?.exchange !== undefined) throw new Error('a call must make exactly one request');
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
          // The transport only knows that it was aborted.
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

/** Resolves credentials first and separately, so that missing credentials are detected. */
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

/** Combines the caller's signal with the deadline of the whole call; resolving credentials may need further requests. */
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
  // Many calls may share one signal, such as that of a shutdown; Node warns of a leak from the eleventh listener on.
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

/** Converts without a query: the actions of SNS, End User Messaging and STS are in the body or a header. */
function toHttpRequest({ method, protocol, hostname, port, path, headers, body }: SdkRequest): HttpRequest {
  return {
    method,
    url: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`,
    headers,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : new TextDecoder().decode(body) }),
  };
}

interface AwsAccount {
  readonly region: string;
  readonly baseUrl?: string | undefined;
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: Secret | undefined;
}

/**
 * Options for every client of the AWS SDK. Settings that the SDK would read from the environment or `~/.aws/config` are
 * fixed here, so that neither can redirect a message to another host or send it twice. Only credentials that the config
 * omits are read from there: https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
 */
export function sdkOptions(config: AwsAccount, { requestHandler }: Pick<AwsCaller, 'requestHandler'>) {
  // Disables a warning about Node versions that concerns upgrades of the SDK, not operators: https://a.co/c895JFp
  presetEnvironment('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true');
  const { region, baseUrl, accessKeyId, secretAccessKey } = config;
  return {
    region,
    requestHandler,
    ...(baseUrl === undefined ? {} : { endpoint: rebase('https://aws/', baseUrl).href }),
    ...(accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : { credentials: { accessKeyId, secretAccessKey: secretAccessKey.reveal() } }),
    // Overrides AWS_MAX_ATTEMPTS, AWS_RETRY_MODE, AWS_DEFAULTS_MODE.
    maxAttempts: 1,
    retryMode: 'standard',
    defaultsMode: 'standard' as const,
    // Overrides AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_<SERVICE>, AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT.
    ignoreConfiguredEndpointUrls: true,
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    // Overrides AWS_AUTH_SCHEME_PREFERENCE, AWS_SDK_UA_APP_ID, AWS_DISABLE_CLOCK_SKEW_CORRECTION. The clock correction
    // resends nothing: it adjusts the dates of later signatures.
    authSchemePreference: [] as string[],
    userAgentAppId: 'sms-dispatch',
    disableClockSkewCorrection: false,
  };
}
