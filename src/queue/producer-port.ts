import type { AlertInput } from '../alert/alert.ts';
import type { Issue } from '../alert/parse-alert.ts';

export interface Enqueued {
  readonly id: string;
  /** True when an alert of this id had been taken before: nobody is texted a second time. */
  readonly duplicate: boolean;
}

/** One verdict an alert, in the order they were given. */
export type EnqueueResult = ({ readonly ok: true } & Enqueued) | { readonly ok: false; readonly issues: readonly Issue[] };

/** The ways in for this process: the HTTP receiver and the CLI use it, and it is what the package exports. */
export interface Producer {
  /** @throws AlertError when the alert is wrong, RedisUnavailableError within 5 s when Redis is away. */
  enqueue(alert: AlertInput): Promise<Enqueued>;
  /** Takes the good ones and says what is wrong with the others. @throws RedisUnavailableError */
  enqueueMany(alerts: readonly unknown[]): Promise<EnqueueResult[]>;
  /** Cancels what has not been sent for this key. @throws RedisUnavailableError */
  resolve(dedupKey: string): Promise<void>;
  close(): Promise<void>;
}
