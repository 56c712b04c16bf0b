import type { AlertInput } from '../../alert/alert.ts';
import type { Issue } from '../../alert/parse-alert.ts';
import type { AlertTrace } from '../../ledger/history/trace.ts';

export interface Enqueued {
  readonly id: string;
  /** True when an alert of this id had been taken before: nobody is texted a second time. */
  readonly duplicate: boolean;
}

/** One verdict an alert, in the order they were given. */
export type EnqueueResult = ({ readonly ok: true } & Enqueued) | { readonly ok: false; readonly issues: readonly Issue[] };

export type Acknowledgement =
  /** What had not been sent yet, so many texts, is cancelled. */
  | { readonly kind: 'acknowledged'; readonly cancelled: number }
  /** It was resolved, or acknowledged, before; nothing has changed. */
  | { readonly kind: 'over'; readonly over: 'resolved' | 'acknowledged' }
  /** It is malformed, or itself the word that something is resolved: there is nothing to take care of. */
  | { readonly kind: 'not_acknowledgeable' }
  /** No such alert, or past its time. */
  | { readonly kind: 'missing' };

export interface WaitOptions {
  /** Default: 30 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** The ways in for this process: the HTTP receiver and the CLI use it, and it is what the package exports. */
export interface Producer {
  /** @throws AlertError when the alert is wrong, RedisUnavailableError within 5 s when Redis is away. */
  enqueue(alert: AlertInput): Promise<Enqueued>;
  /** Takes the good ones and says what is wrong with the others. @throws RedisUnavailableError */
  enqueueMany(alerts: readonly unknown[]): Promise<EnqueueResult[]>;
  /** Cancels what has not been sent for this key. @throws RedisUnavailableError */
  resolve(dedupKey: string): Promise<void>;
  /**
   * Somebody takes care of an alert: cancels what has not been sent for its key, and its repeats stay duplicates.
   * @param by who, and by which way, for the trace; phone numbers in it are masked
   * @throws RedisUnavailableError
   */
  acknowledge(alertId: string, by: string): Promise<Acknowledgement>;
  /**
   * What became of an alert, as soon as it has its outcome and nothing of it is on its way any more. A receipt may still come
   * after that. An id that nobody knows is waited for: another process may be about to raise it.
   * @throws OutcomeTimeoutError with the last trace when the time is up, RedisUnavailableError within 5 s when Redis is away,
   * the signal's reason when it aborts, TypeError without an id or with a time-out that is no number
   */
  waitFor(alertId: string, options?: WaitOptions): Promise<AlertTrace>;
  close(): Promise<void>;
}

/** What is known of dedup keys, for a person who is about to resolve one. */
export interface Episodes {
  /** Whether a resolve of this key would end anything: an alert of it waits, or became texts or notices and was not resolved since. */
  isOpen(dedupKey: string): Promise<boolean>;
  /** Keys of the newest alerts, newest first, each once. */
  recentKeys(): Promise<string[]>;
  close(): Promise<void>;
}
