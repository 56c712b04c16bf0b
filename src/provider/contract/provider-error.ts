import { PROVIDER_REASONS, type ProviderReason } from '../../alert/reason.ts';

export { PROVIDER_REASONS, type ProviderReason };

/** May another provider try now? May it come back later? Fixed by the class of the reason. */
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
  /** The vendor's code or the transport's, such as `21610` or `ECONNREFUSED`. */
  readonly code?: string;
  /** HTTP status. */
  readonly status?: number;
  /** Earliest moment at which the vendor will take it. */
  readonly retryAt?: Date;
  /** Only where the vendor's code departs from its class, such as Twilio 21612. */
  readonly failover?: boolean;
  /** The vendor gave a code that our table does not hold: the reason is the safe default. */
  readonly unlisted?: boolean;
  /** It is about this number, its country or this text: other messages may go through all the same. */
  readonly onlyThisMessage?: boolean;
  /** Our own word, given in the provider's place: no request was made. */
  readonly unasked?: boolean;
  /** Of `circuit_open`: the provider's own refusal that opened the circuit. */
  readonly cause?: ProviderReason | undefined;
}

/** A refusal. Its message is ours: it never quotes a vendor's text, which may hold a phone number or a key. */
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
  /** What the provider itself said last: the cause of an open circuit, else the reason. */
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
