import { hash as digest, randomUUID } from 'node:crypto';
import { replaceControls } from '../text/control-characters.ts';
import { phoneIdentity } from './phone-identity.ts';

/** What a caller may use as an idempotency key. */
export const ALERT_ID_PATTERN = /^[A-Za-z0-9._-]{1,128}$/;

export function hash(...parts: string[]): string {
  return digest('sha256', parts.join('\u0000'), 'base64url').slice(0, 22);
}

export function newAlertId(): string {
  return `a-${randomUUID()}`;
}

/** A queue job as far as it tells apart the alerts of one job id. */
export interface JobIdentity {
  readonly jobId: string;
  /** When it was added, ms since the epoch; a job that another client wrote by hand may have none, or anything else. */
  readonly timestamp: number;
  readonly data: unknown;
}

/**
 * The id of an alert whose producer gave none: the same for every run of a queue job. A job id that is used again, since the
 * first job is gone or the queue began to count from 1 again, is another alert: it has another time, or, without one,
 * other data.
 */
export function alertIdOfJob({ jobId, timestamp, data }: JobIdentity): string {
  const isTime = Number.isSafeInteger(timestamp) && timestamp > 0;
  return `q-${hash('job', jobId, isTime ? String(timestamp) : (JSON.stringify(data) ?? ''))}`;
}

/** The id that the data of an alert carry, whatever else is wrong with them; a number is its text. */
export function idInData(data: unknown): string | undefined {
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, 'id')) return undefined;
  const { id } = data as { readonly id?: unknown };
  const text = typeof id === 'number' ? String(id) : id;
  return typeof text === 'string' && ALERT_ID_PATTERN.test(text) ? text : undefined;
}

/** A string, an opening or closing bracket, or the start of a number. */
const TOKEN = /"(?:[^"\\\n]|\\.)*"|[{}[\]]/g;
const ID_VALUE = /^\s*:\s*(?:"([^"\\]*)"|(-?\d+)(?=\s*[,}]))/;
/** Ample for the largest alert. */
const SEARCHED = 1_000_000;

/** As {@link idInData}, of a JSON object that is cut off or broken after its id. */
export function idInText(text: string): string | undefined {
  const searched = text.slice(0, SEARCHED);
  if (!searched.trimStart().startsWith('{')) return undefined;
  let depth = 0;
  for (const { 0: token, index } of searched.matchAll(TOKEN)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (token === '"id"' && depth === 1) {
      const [, word, number] = ID_VALUE.exec(searched.slice(index + token.length, index + token.length + 200)) ?? [];
      if (word !== undefined || number !== undefined) return idInData({ id: word ?? number });
    }
  }
  return undefined;
}

/** The same alert and phone always give the same message, so that a router that runs twice adds nothing. */
export function messageId(alertId: string, phone: string): string {
  return `m-${hash('message', alertId, phoneIdentity(phone))}`;
}

/** Of the message that tells that what another one told of is over. */
export function resolvedMessageId(messageId: string): string {
  return `m-${hash('resolved', messageId)}`;
}

/** Of the message that confirms a reply: one for each alert. */
export function confirmationMessageId(alertId: string): string {
  return `m-${hash('confirmation', alertId)}`;
}

/** A dedup key that is longer, or holds control characters, is stored as its head and a hash. */
export const LONGEST_DEDUP_KEY = 512;
const KEPT_HEAD = 100;

/** The key as it is stored. The same long key gives the same one at every door, so that a resolve finds its alert. */
export function storedDedupKey(key: string): string {
  const shown = replaceControls(key);
  return key.length <= LONGEST_DEDUP_KEY && shown === key
    ? key
    : `${shown.slice(0, KEPT_HEAD).replace(/\p{Surrogate}/gu, '\ufffd')}~${hash('long dedup key', key)}`;
}

/** By which the ledger knows a dedup key, as it was given or as it is stored. */
export function dedupHash(key: string): string {
  return hash('dedup', storedDedupKey(key));
}
