import { setMaxListeners } from 'node:events';
import { createTransport, type Exchange, type HttpAnswer, type HttpRequest, rebase } from '../../../http-client/transport.ts';
import { presetEnvironment } from '../../../setting/environment.ts';
import type { Secret } from '../../../setting/secret.ts';
import { refusalFromFault } from '../../contract/classify.ts';
import { type Refused, refuse } from '../../contract/provider.ts';

/** What the AWS SDK hands to its HTTP stack, as far as we need it. */
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

/** How one call ended. The SDK's own words are here to be classified, never to be shown. */
export type AwsReply<Output> =
  /** AWS said yes, and the SDK could read it. */
  | { readonly kind: 'output'; readonly output: Output; readonly answer: HttpAnswer }
  /** AWS answered otherwise; `error` is what the SDK made of it. */
  | { readonly kind: 'error'; readonly error: unknown; readonly answer: HttpAnswer }
  /** No whole answer, or no request at all. */
  | { readonly kind: 'broken'; readonly refused: Refused };

interface AwsCaller {
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

interface AwsAccount {
  readonly region: string;
  readonly baseUrl?: string | undefined;
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: Secret | undefined;
}

/**
 * Options for every client of the AWS SDK. What would otherwise be read from the environment or from `~/.aws/config`
 * is said here, so that neither can move a text to another host or send it twice; only credentials that the config
 * leaves out are looked for there: https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
 */
export function sdkOptions(config: AwsAccount, { requestHandler }: Pick<AwsCaller, 'requestHandler'>) {
  // A warning about Node versions that concerns who updates the SDK, not who runs us: https://a.co/c895JFp
  presetEnvironment('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true');
  const { region, baseUrl, accessKeyId, secretAccessKey } = config;
  return {
    region,
    requestHandler,
    ...(baseUrl === undefined ? {} : { endpoint: rebase('https://aws/', baseUrl).href }),
    ...(accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : { credentials: { accessKeyId, secretAccessKey: secretAccessKey.reveal() } }),
    // AWS_MAX_ATTEMPTS, AWS_RETRY_MODE, AWS_DEFAULTS_MODE
    maxAttempts: 1,
    retryMode: 'standard',
    defaultsMode: 'standard' as const,
    // AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_<SERVICE>, AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT
    ignoreConfiguredEndpointUrls: true,
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    // AWS_AUTH_SCHEME_PREFERENCE, AWS_SDK_UA_APP_ID, AWS_DISABLE_CLOCK_SKEW_CORRECTION. The correction sends nothing
    // again: it moves the dates of the signatures that follow.
    authSchemePreference: [] as string[],
    userAgentAppId: 'sms-dispatch',
    disableClockSkewCorrection: false,
  };
}
