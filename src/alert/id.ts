import { hash as digest, randomUUID } from 'node:crypto';
import { replaceControls } from '../text/control-characters.ts';
import { phoneIdentity } from './phone/phone-identity.ts';

/** Pattern of idempotency keys that callers may use. */
export const ALERT_ID_PATTERN = /^[A-Za-z0-9._-]{1,128}$/;

export function hash(...parts: string[]): string {
  return digest('sha256', parts.join('\u0000'), 'base64url').slice(0, 22);
}

export function newAlertId(): string {
  return `a-${randomUUID()}`;
}

/** Identifies the alert of a queue job whose job id may be used again. */
export interface JobIdentity {
  readonly jobId: string;
  /** Time when the job was added, ms since the epoch; may be missing or invalid in a job written by hand. */
  readonly timestamp: number;
  readonly data: unknown;
}

/**
 * Derives the id of an alert without an id of its own; the same for every run of a queue job. A reused job id (the
 * first job was removed, or the queue restarted its counter) gives another alert: it has another timestamp or, without
 * one, other data.
 */
export function alertIdOfJob({ jobId, timestamp, data }: JobIdentity): string {
  const isTime = Number.isSafeInteger(timestamp) && timestamp > 0;
  return `q-${hash('job', jobId, isTime ? String(timestamp) : (JSON.stringify(data) ?? ''))}`;
}

/** Reads the id from the data of an alert, even when other fields are invalid; a number is converted to text. */
export function idInData(data: unknown): string | undefined {
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, 'id')) return undefined;
  const { id } = data as { readonly id?: unknown };
  const text = typeof id === 'number' ? String(id) : id;
  return typeof text === 'string' && ALERT_ID_PATTERN.test(text) ? text : undefined;
}

/** Token of JSON: a string or a bracket. */
const TOKEN = /"(?:[^"\\\n]|\\.)*"|[{}[\]]/g;
const ID_VALUE = /^\s*:\s*(?:"([^"\\]*)"|(-?\d+)(?=\s*[,}]))/;
/** Longer than the largest alert. */
const SEARCHED = 1_000_000;

/** Like {@link idInData}, for a JSON object that is truncated or broken after its id. */
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

/** Derives the message id from alert and phone, so that a router that runs twice adds nothing. */
export function messageId(alertId: string, phone: string): string {
  return `m-${hash('message', alertId, phoneIdentity(phone))}`;
}

/** Id of the message that reports that the alert behind `messageId` is resolved. */
export function resolvedMessageId(messageId: string): string {
  return `m-${hash('resolved', messageId)}`;
}

/** Id of the message that confirms a reply; one per alert. */
export function confirmationMessageId(alertId: string): string {
  return `m-${hash('confirmation', alertId)}`;
}

/** Longer dedup keys, and those with control characters, are stored as a prefix and a hash. */
export const LONGEST_DEDUP_KEY = 512;
const KEPT_HEAD = 100;

/** The stored form of a dedup key. It is the same for every producer interface, so that a resolve finds its alert. */
export function storedDedupKey(key: string): string {
  const shown = replaceControls(key);
  return key.length <= LONGEST_DEDUP_KEY && shown === key
    ? key
    : `${shown.slice(0, KEPT_HEAD).replace(/\p{Surrogate}/gu, '\ufffd')}~${hash('long dedup key', key)}`;
}

/** Hash under which the ledger stores a dedup key; accepts the original and the stored form. */
export function dedupHash(key: string): string {
  return hash('dedup', storedDedupKey(key));
}
