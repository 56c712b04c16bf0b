import { parseRetryAfter } from '../../http-client/read-answer.ts';
import type { HttpAnswer, TransportFault } from '../../http-client/transport.ts';
import { type ProviderReason, type Refused, refuse } from './provider.ts';

/** What an adapter read in an answer that is not a yes; what it leaves out follows from the HTTP status. */
export interface CodeMeaning {
  readonly reason?: ProviderReason | undefined;
  /** Already fit to be shown: see `safeCode`. */
  readonly code?: string | undefined;
  /** Only where the vendor's code departs from its class. */
  readonly failover?: boolean | undefined;
  /** How long a throttled vendor wants to be left alone when it sends no `Retry-After`. */
  readonly retryAfterMs?: number | undefined;
  /** The vendor gave a code that the table does not hold. */
  readonly unlisted?: boolean | undefined;
  /** It is about this number, its country or this text, and says nothing of other messages. */
  readonly onlyThisMessage?: boolean | undefined;
}

/** What a vendor's table says of a code. */
export interface CodeRow extends CodeMeaning {
  readonly reason: ProviderReason;
}

/** Statuses whose meaning departs from that of their hundred. */
const BY_STATUS: Readonly<Record<number, ProviderReason>> = {
  401: 'auth',
  402: 'balance',
  403: 'auth',
  // The address or the call is not one that the vendor has: a fault of the set-up, the same for every message.
  404: 'auth',
  405: 'auth',
  410: 'auth',
  // A proxy refused (407), the connection reached a host that does not serve this name (421), a replay was not risked (425),
  // the headers were too large (431), a filter stands before the vendor (451): none of them processed the request.
  // https://www.rfc-editor.org/rfc/rfc9110#section-15.5 , RFC 8470, RFC 6585, RFC 7725
  407: 'unavailable',
  421: 'unavailable',
  425: 'unavailable',
  431: 'unavailable',
  451: 'unavailable',
  // The server stopped waiting; it does not say what had reached it by then.
  408: 'unknown_outcome',
  429: 'throttled',
};

/** What a bare HTTP status says of any vendor. A vendor's own code, where there is one, says more. */
export function reasonForStatus(status: number): ProviderReason {
  // A 2xx comes here only when it cannot be read, and 1xx, 3xx and 5xx promise nothing: any of them may have been sent.
  return BY_STATUS[status] ?? (status >= 400 && status < 500 ? 'content' : 'unknown_outcome');
}

/**
 * What a code of the vendor makes of an answer that is not a yes. The vendor's own code is a refusal, whatever the HTTP
 * status, where the table holds it. One that it does not hold is a refusal too in a 2xx or a 4xx, of the kind that the
 * status or its `family` tells, else `content`; in a 5xx without a family it promises nothing. A redirect does not come from
 * the vendor.
 * @param code fit to be shown; `undefined` for a code that is not
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
 * A call that broke. What was surely not sent is `unavailable`; a 4xx whose status line was read is a no, although
 * its body was lost; all else may have been sent.
 */
export function refusalFromFault({ sent, code, status }: TransportFault): Refused {
  if (sent === 'no') return refuse('unavailable', { code });
  if (status === undefined) return refuse('unknown_outcome', { code });
  return refuse(reasonForStatus(status), { code, status });
}
