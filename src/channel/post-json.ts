import { safeCode } from '../http-client/read-answer.ts';
import { parseRetryAfter } from '../http-client/retry-after.ts';
import { createTransport, type Exchange, type HttpAnswer, type Transport } from '../http-client/transport.ts';
import type { Secret } from '../setting/secret.ts';
import { version } from '../version.ts';
import type { Notified } from './channel.ts';
import type { AnswerWords } from './read-refusal.ts';

/** Bounds one call from connect to the last byte. Nobody is waiting, and a chat answers within a second. */
const TIMEOUT_MS = 10_000;

export const openTransport = (): Transport => createTransport({ timeoutMs: TIMEOUT_MS });

/** Follows no redirect: what the address holds is a secret, and goes nowhere else. */
export function postJson(
  transport: Transport,
  url: Secret,
  body: unknown,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<Exchange> {
  const { target, credentials } = splitCredentials(url.reveal());
  return transport.exchange(
    {
      method: 'POST',
      url: target,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'user-agent': `sms-dispatch/${version}`,
        ...(credentials === undefined ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
        ...headers,
      },
      body: JSON.stringify(body),
    },
    signal,
  );
}

/** `https://user:password@host` sends them as basic auth, as browsers and curl do. */
function splitCredentials(url: string): { readonly target: string; readonly credentials: string | undefined } {
  const target = new URL(url);
  const { username, password } = target;
  if (username === '' && password === '') return { target: url, credentials: undefined };
  target.username = '';
  target.password = '';
  return { target: target.href, credentials: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` };
}

/**
 * A 2xx is accepted unless its body denies it. What may pass is tried again, even at the risk of being told twice; a 4xx, or a
 * redirect, stays what it is.
 */
export function judgeExchange(exchange: Exchange, now: Date, read: (answer: HttpAnswer) => AnswerWords = () => ({})): Notified {
  if (exchange.kind === 'fault') return { kind: 'refused', retry: true, code: exchange.code };
  const { status, headers } = exchange;
  const isSuccess = status >= 200 && status < 300;
  const { code, retryAfterMs, denied } = read(exchange);
  if (isSuccess && denied === undefined) return { kind: 'accepted' };
  const isThrottled = status === 429 || (isSuccess && denied === 'throttled');
  const waitMs = isThrottled ? retryAfterMs : undefined;
  const word = safeCode(code) ?? (isSuccess ? denied : undefined);
  const mayPass = isSuccess ? denied !== 'refused' : status === 408 || status === 425 || status === 429 || status >= 500;
  return {
    kind: 'refused',
    retry: mayPass,
    retryAt: waitMs === undefined ? parseRetryAfter(headers['retry-after'], now) : new Date(now.getTime() + waitMs),
    code: `http_${status}${word === undefined ? '' : `:${word}`}`,
  };
}
