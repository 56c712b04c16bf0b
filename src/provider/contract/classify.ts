import { parseRetryAfter } from '../../http-client/read-answer.ts';
import type { HttpAnswer, TransportFault } from '../../http-client/transport.ts';
import { type ProviderReason, type Refused, refuse } from './provider.ts';

/** Result of parsing a response that is not a success. Absent fields follow from the HTTP status. */
export interface CodeMeaning {
  readonly reason?: ProviderReason | undefined;
  /** Safe to show: see `safeCode`. */
  readonly code?: string | undefined;
  /** Overrides the failover rule of the reason. */
  readonly failover?: boolean | undefined;
  /** Wait for a throttled request without `Retry-After`. */
  readonly retryAfterMs?: number | undefined;
  /** The vendor's code is not in the table. */
  readonly unlisted?: boolean | undefined;
  /** Concerns only this number, country or text; other messages are unaffected. */
  readonly onlyThisMessage?: boolean | undefined;
}

/** Entry of a vendor's code table. */
export interface CodeRow extends CodeMeaning {
  readonly reason: ProviderReason;
}

/** Statuses whose meaning differs from the rest of their class. */
const BY_STATUS: Readonly<Record<number, ProviderReason>> = {
  401: 'auth',
  402: 'balance',
  403: 'auth',
  // Wrong URL or method: a configuration error, the same for every message.
  404: 'auth',
  405: 'auth',
  410: 'auth',
  // None of these was processed: rejected by a proxy (407), connected to a host that does not serve this name (421),
  // replay not risked (425), headers too large (431), blocked by a filter before the vendor (451).
  // https://www.rfc-editor.org/rfc/rfc9110#section-15.5 , RFC 8470, RFC 6585, RFC 7725
  407: 'unavailable',
  421: 'unavailable',
  425: 'unavailable',
  431: 'unavailable',
  451: 'unavailable',
  // The server timed out; it does not say how much it had received.
  408: 'unknown_outcome',
  429: 'throttled',
};

/** Maps an HTTP status to a reason. A code of the vendor, when present, is more precise. */
export function reasonForStatus(status: number): ProviderReason {
  // 2xx gets here only when the body is unreadable; 1xx, 3xx and 5xx guarantee nothing. The message may have been sent.
  return BY_STATUS[status] ?? (status >= 400 && status < 500 ? 'content' : 'unknown_outcome');
}

/**
 * Maps a vendor's code in an unsuccessful response. A listed code is a refusal, whatever the HTTP status. An unlisted
 * code is a refusal in a 2xx or 4xx, with the reason of the status or its `family`, else `content`; in a 5xx without a
 * family the outcome is unknown. A redirect does not come from the vendor.
 * @param code safe to show; `undefined` when it is not
 */
export function meaningOfCode(
  status: number,
  code: string | undefined,
  listed: Omit<CodeRow, 'code'> | undefined,
  family?: Omit<CodeRow, 'code'>,
): CodeMeaning {
  const unlisted = listed === undefined;
  if (status < 200 || (status >= 300 && status < 400)) return { code, unlisted };
  if (listed !== undefined) return { ...listed, code };
  if (status >= 500) return { ...family, code, unlisted };
  const byStatus = status < 300 ? 'content' : reasonForStatus(status);
  return { ...(byStatus === 'content' ? (family ?? { reason: byStatus }) : { reason: byStatus }), code, unlisted };
}

export function refusalFromAnswer({ status, headers }: HttpAnswer, now: Date, meaning: CodeMeaning = {}): Refused {
  const reason = meaning.reason ?? reasonForStatus(status);
  const retryAt = reason === 'throttled' || reason === 'unavailable' ? retryAtOf(headers['retry-after'], now, meaning) : undefined;
  return refuse(reason, {
    status,
    ...(meaning.code === undefined ? {} : { code: meaning.code }),
    ...(meaning.failover === undefined ? {} : { failover: meaning.failover }),
    ...(retryAt === undefined ? {} : { retryAt }),
    ...(meaning.unlisted === true ? { unlisted: true } : {}),
    ...(meaning.onlyThisMessage === true ? { onlyThisMessage: true } : {}),
  });
}

function retryAtOf(header: string | undefined, now: Date, { retryAfterMs }: CodeMeaning): Date | undefined {
  return parseRetryAfter(header, now) ?? (retryAfterMs === undefined ? undefined : new Date(now.getTime() + retryAfterMs));
}

/**
 * Classifies a failed call. Surely not sent is `unavailable`; a 4xx status line counts as a refusal, even when the body
 * was lost; otherwise the message may have been sent.
 */
export function refusalFromFault({ sent, code, status }: TransportFault): Refused {
  if (sent === 'no') return refuse('unavailable', { code });
  if (status === undefined) return refuse('unknown_outcome', { code });
  return refuse(reasonForStatus(status), { code, status });
}
