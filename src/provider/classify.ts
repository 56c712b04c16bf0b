import { type ProviderReason, type Refused, refuse } from './provider.ts';
import { parseRetryAfter } from './retry-after.ts';
import type { HttpAnswer, TransportFault } from './transport.ts';

/** What an adapter read in an answer that is not a yes; what it leaves out follows from the HTTP status. */
export interface Finding {
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
export interface CodeRow extends Finding {
  readonly reason: ProviderReason;
}

/** What a bare HTTP status says. A vendor's own code, where there is one, says more. */
export function reasonForStatus(status: number): ProviderReason {
  switch (status) {
    case 401:
    case 403:
      return 'auth';
    case 402:
      return 'balance';
    case 429:
      return 'throttled';
    // The server gave up waiting; what had reached it by then it does not say.
    case 408:
      return 'unknown_outcome';
    default:
      // A 2xx comes here only when it cannot be read, and 1xx, 3xx and 5xx promise nothing: any of them may have been sent.
      return status >= 400 && status < 500 ? 'content' : 'unknown_outcome';
  }
}

export function refusalFromAnswer({ status, headers }: HttpAnswer, now: Date, finding: Finding = {}): Refused {
  const reason = finding.reason ?? reasonForStatus(status);
  const retryAt = reason === 'throttled' || reason === 'unavailable' ? retryAtOf(headers['retry-after'], now, finding) : undefined;
  return refuse(reason, {
    status,
    ...(finding.code === undefined ? {} : { code: finding.code }),
    ...(finding.failover === undefined ? {} : { failover: finding.failover }),
    ...(retryAt === undefined ? {} : { retryAt }),
    ...(finding.unlisted === true ? { unlisted: true } : {}),
    ...(finding.onlyThisMessage === true ? { onlyThisMessage: true } : {}),
  });
}

function retryAtOf(header: string | undefined, now: Date, { retryAfterMs }: Finding): Date | undefined {
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
