import { parseRetryAfter, readJson, safeCode } from '../http-client/read-answer.ts';
import { createTransport, type Exchange, type HttpAnswer, type Transport } from '../http-client/transport.ts';
import type { Secret } from '../setting/secret.ts';
import { version } from '../version.ts';
import type { Notified } from './channel.ts';

/** Facts from the body of a response, whatever its status. */
interface AnswerWords {
  /** The receiver's own error code. */
  readonly code?: unknown;
  readonly retryAfterMs?: number | undefined;
  /** Why a 2xx is not a success: the body reports a failure, or it is an HTML page. */
  readonly denied?: 'refused' | 'throttled' | 'html_page' | undefined;
}

const MAX_WAIT_S = 86_400;

/**
 * Reads the body of known chats. Slack: one word, or `{ ok: false, error, retry_after }`. Discord: `{ code, message,
 * retry_after }`, in seconds: https://discord.com/developers/docs/topics/rate-limits. Mattermost: `{ id, message,
 * status_code }`. Rocket.Chat: `{ success: false, error: "… You must wait 46 seconds …" }`. Teams answers 200 with
 * `Webhook message delivery failed … HTTP error 429`.
 */
export function readRefusal({ body }: Pick<HttpAnswer, 'body'>): AnswerWords {
  const text = body.replace(/^\ufeff/, '').trim();
  if (/^(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b/is.test(text)) return { denied: 'html_page' };
  const json = readJson(text);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return readPlain(text);
  return readFields(json as Readonly<Record<string, unknown>>);
}

/** Reads the body of an unknown receiver: only whether it reports a failure, and how long to wait. */
export function readDenial(answer: Pick<HttpAnswer, 'body'>): AnswerWords {
  return { ...readRefusal(answer), code: undefined };
}

function readPlain(text: string): AnswerWords {
  const failed = /^webhook (?:message delivery failed|bad request)/i.test(text);
  if (!failed) return { code: text, retryAfterMs: waitInWords(text) };
  return { denied: /\b429\b/.test(text) ? 'throttled' : 'refused', retryAfterMs: waitInWords(text) };
}

function readFields(fields: Readonly<Record<string, unknown>>): AnswerWords {
  const { code, error, id, retry_after, retryAfter } = fields;
  const said = [error, fields.message].find((words) => typeof words === 'string') as string | undefined;
  const seconds = secondsOf(retry_after) ?? secondsOf(retryAfter);
  const retryAfterMs = seconds === undefined ? waitInWords(said ?? '') : seconds * 1000;
  const isThrottled = seconds !== undefined || /too.?many.?requests|rate.?limit/i.test(said ?? '');
  const hasFailed = [fields.ok, fields.success].some((done) => done === false || done === 'false');
  return {
    // Discord's code 0 is unspecific.
    code: code === 0 ? undefined : (code ?? error ?? id),
    retryAfterMs,
    denied: hasFailed ? (isThrottled ? 'throttled' : 'refused') : undefined,
  };
}

function secondsOf(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
  return typeof seconds === 'number' && seconds >= 0 ? Math.min(seconds, MAX_WAIT_S) : undefined;
}

function waitInWords(words: string): number | undefined {
  const found = /\b(?:wait|after|in)\s+(\d{1,6})\s*(?:s|secs?|seconds?)\b/i.exec(words)?.[1];
  return found === undefined ? undefined : Math.min(Number(found), MAX_WAIT_S) * 1000;
}

/** Deadline of one call, from connect to the last byte. Nothing waits for it, and a chat answers within a second. */
const TIMEOUT_MS = 10_000;

export const openTransport = (): Transport => createTransport({ timeoutMs: TIMEOUT_MS });

/** Posts JSON. Follows no redirect: the URL is a secret and must not be sent to another host. */
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

/** Splits `https://user:password@host` into URL and basic auth, as browsers and curl do. */
function splitCredentials(url: string): { readonly target: string; readonly credentials: string | undefined } {
  const target = new URL(url);
  const { username, password } = target;
  if (username === '' && password === '') return { target: url, credentials: undefined };
  target.username = '';
  target.password = '';
  return { target: target.href, credentials: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` };
}

/**
 * Judges a response: a 2xx is accepted unless its body reports a failure. Temporary failures are retried, at the risk
 * of a duplicate; a 4xx or a redirect is permanent.
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
