import type { AlertInput } from '../../alert/alert.ts';
import type { Issue } from '../../alert/parse/parse-alert.ts';
import type { AlertHistory } from '../../ledger/history/history.ts';

export interface Enqueued {
  readonly id: string;
  /** True if an alert with this id was already accepted: no second message is sent. */
  readonly duplicate: boolean;
}

/** One result per alert, in input order. */
export type EnqueueResult = ({ readonly ok: true } & Enqueued) | { readonly ok: false; readonly issues: readonly Issue[] };

export type Acknowledgement =
  /** Unsent messages were cancelled; the number of them. */
  | { readonly kind: 'acknowledged'; readonly cancelled: number }
  /** The alert was already resolved or acknowledged; nothing changed. */
  | { readonly kind: 'over'; readonly over: 'resolved' | 'acknowledged' }
  /** The alert is malformed or a resolve, which cannot be acknowledged. */
  | { readonly kind: 'not_acknowledgeable' }
  /** No alert with this id; the ledger forgets old ones. */
  | { readonly kind: 'missing' };

export interface WaitOptions {
  /** Default: 30 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Adds, resolves and acknowledges alerts. Used by the HTTP receiver and the CLI and exported by the package. */
export interface Producer {
  /** @throws AlertError when the alert is wrong, RedisUnavailableError within 5 s when Redis is away. */
  enqueue(alert: AlertInput): Promise<Enqueued>;
  /** Accepts the valid alerts and reports the errors of the others. @throws RedisUnavailableError */
  enqueueMany(alerts: readonly unknown[]): Promise<EnqueueResult[]>;
  /** Cancels unsent messages of this key. @throws RedisUnavailableError */
  resolve(dedupKey: string): Promise<void>;
  /**
   * Acknowledges an alert: cancels unsent messages of its key; repeats stay duplicates.
   * @param by who acknowledged and how, for the history; phone numbers in it are masked
   * @throws RedisUnavailableError
   */
  acknowledge(alertId: string, by: string): Promise<Acknowledgement>;
  /**
   * Resolves to the alert's history when it has its outcome and no message is in flight. A receipt may still come
   * later. Also waits for an unknown id: another process may be about to raise it.
   * @throws OutcomeTimeoutError with the last history after the time-out, RedisUnavailableError within 5 s if Redis is unreachable,
   * the signal's reason when it aborts, TypeError without an id or with a time-out that is no number
   */
  waitFor(alertId: string, options?: WaitOptions): Promise<AlertHistory>;
  close(): Promise<void>;
}

/** Information about dedup keys, for a person who is about to resolve one. */
export interface Episodes {
  /** Whether a resolve of this key has an effect: an alert is queued, or produced messages or notices and was not resolved since. */
  isOpen(dedupKey: string): Promise<boolean>;
  /** Distinct keys of the newest alerts, newest first. */
  recentKeys(): Promise<string[]>;
  close(): Promise<void>;
}
