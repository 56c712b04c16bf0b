import type { Secret } from '../config/secret.ts';
import { safeCode } from '../provider/read-answer.ts';
import { parseRetryAfter } from '../provider/retry-after.ts';
import { createTransport, type Exchange, type HttpAnswer, type Transport } from '../provider/transport.ts';
import { version } from '../version.ts';
import type { Notified } from './channel.ts';

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
  return transport.exchange(
    {
      method: 'POST',
      url: url.reveal(),
      headers: { 'content-type': 'application/json; charset=utf-8', 'user-agent': `sms-dispatch/${version}`, ...headers },
      body: JSON.stringify(body),
    },
    signal,
  );
}

/** What the receiver itself calls its refusal, and when it wants to hear from us again. */
export interface Words {
  readonly code?: unknown;
  readonly retryAfterMs?: number | undefined;
}

/** 2xx is a yes. What may pass is tried again, even at the risk of being told twice; a 4xx, or a redirect, stays what it is. */
export function judgeExchange(exchange: Exchange, now: Date, read: (answer: HttpAnswer) => Words = () => ({})): Notified {
  if (exchange.kind === 'fault') return { kind: 'refused', retry: true, code: exchange.code };
  const { status, headers } = exchange;
  if (status >= 200 && status < 300) return { kind: 'accepted' };
  const { code, retryAfterMs } = read(exchange);
  const word = safeCode(code);
  return {
    kind: 'refused',
    retry: status === 408 || status === 425 || status === 429 || status >= 500,
    retryAt: retryAfterMs === undefined ? parseRetryAfter(headers['retry-after'], now) : new Date(now.getTime() + retryAfterMs),
    code: `http_${status}${word === undefined ? '' : `:${word}`}`,
  };
}
