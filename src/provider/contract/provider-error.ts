import { PROVIDER_REASONS, type ProviderReason } from '../../alert/reason.ts';

export { PROVIDER_REASONS, type ProviderReason };

/** Whether another provider may try now, and whether a later retry makes sense. Fixed per reason. */
const CLASSES: Readonly<Record<ProviderReason, { failover: boolean; retry: boolean }>> = {
  recipient: { failover: false, retry: false },
  opted_out: { failover: false, retry: false },
  content: { failover: true, retry: false },
  auth: { failover: true, retry: true },
  balance: { failover: true, retry: true },
  throttled: { failover: true, retry: true },
  unavailable: { failover: true, retry: true },
  circuit_open: { failover: true, retry: true },
  unknown_outcome: { failover: false, retry: false },
};

export interface ProviderErrorFacts {
  /** Code of the vendor or the transport, such as `21610` or `ECONNREFUSED`. */
  readonly code?: string;
  /** HTTP status. */
  readonly status?: number;
  /** Earliest time at which the vendor will accept the request. */
  readonly retryAt?: Date;
  /** Overrides the failover rule of the reason, as for Twilio 21612. */
  readonly failover?: boolean;
  /** The vendor's code is not in the table: the reason is the safe default. */
  readonly unlisted?: boolean;
  /** Concerns only this number, country or text; other messages are unaffected. */
  readonly onlyThisMessage?: boolean;
  /** Decided locally, in place of the provider: no request was made. */
  readonly unasked?: boolean;
  /** For `circuit_open`: the refusal that opened the circuit. */
  readonly cause?: ProviderReason | undefined;
}

/** A refusal. Its message never quotes a vendor's text, which may contain a phone number or a key. */
export class ProviderError extends Error {
  readonly reason: ProviderReason;
  readonly failover: boolean;
  readonly retry: boolean;
  readonly code: string | undefined;
  readonly status: number | undefined;
  readonly retryAt: Date | undefined;
  readonly unlisted: boolean;
  readonly onlyThisMessage: boolean;
  readonly unasked: boolean;
  /** The provider's own last reason: the cause of an open circuit, else the reason itself. */
  readonly rootReason: ProviderReason;

  constructor(reason: ProviderReason, facts: ProviderErrorFacts = {}) {
    super(`${reason}${facts.code === undefined ? '' : ` (${facts.code})`}${facts.status === undefined ? '' : ` [HTTP ${facts.status}]`}`);
    this.name = 'ProviderError';
    this.reason = reason;
    this.failover = facts.failover ?? CLASSES[reason].failover;
    this.retry = CLASSES[reason].retry;
    this.code = facts.code;
    this.status = facts.status;
    this.retryAt = facts.retryAt;
    this.unlisted = facts.unlisted ?? false;
    this.onlyThisMessage = facts.onlyThisMessage ?? false;
    this.unasked = facts.unasked ?? false;
    this.rootReason = facts.cause ?? reason;
  }
}

export function refuse(reason: ProviderReason, facts?: ProviderErrorFacts): Refused {
  return { kind: 'refused', error: new ProviderError(reason, facts) };
}

export interface Refused {
  readonly kind: 'refused';
  readonly error: ProviderError;
}
