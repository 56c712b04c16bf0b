import { readJson } from '../http-client/read-answer.ts';
import type { HttpAnswer } from '../http-client/transport.ts';

/** What the body of an answer says, whatever its status. */
export interface AnswerWords {
  /** What the receiver itself calls its refusal. */
  readonly code?: unknown;
  readonly retryAfterMs?: number | undefined;
  /** Why an answer of 2xx is none: it says that nothing was done, or it is a page for people. */
  readonly denied?: 'refused' | 'throttled' | 'html_page' | undefined;
}

const MAX_WAIT_S = 86_400;

/**
 * Slack: one word, or `{ ok: false, error, retry_after }`. Discord: `{ code, message, retry_after }`, in seconds:
 * https://discord.com/developers/docs/topics/rate-limits. Mattermost: `{ id, message, status_code }`. Rocket.Chat:
 * `{ success: false, error: "… You must wait 46 seconds …" }`. Teams answers 200 with `Webhook message delivery failed …
 * HTTP error 429`.
 */
export function readRefusal({ body }: Pick<HttpAnswer, 'body'>): AnswerWords {
  const text = body.replace(/^\ufeff/, '').trim();
  if (/^(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b/is.test(text)) return { denied: 'html_page' };
  const json = readJson(text);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return readPlain(text);
  return readFields(json as Readonly<Record<string, unknown>>);
}

/** The same of a receiver whose own words are not known: only whether it denies, and for how long. */
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
    // Discord's 0 says nothing.
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
