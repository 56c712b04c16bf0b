import type { Severity } from '../alert/severity.ts';

/** One step of an alert's escalation ladder for one channel. Times are ms since the epoch. */
export interface Notice {
  /** Stays the same across retries, so that receivers can detect duplicates. */
  readonly id: string;
  readonly alertId: string;
  readonly severity: Severity;
  readonly route: string;
  readonly text: string;
  readonly source?: string | undefined;
  readonly instance?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly receivedAt: number;
  /** Number of the step, 1 to `steps`. */
  readonly step: number;
  readonly steps: number;
  /** Names of the alert's recipients that are contacts. */
  readonly contacts: readonly string[];
  /** Progress of earlier tries when some of several addresses remain; absent on the first try. */
  readonly progress?: NoticeProgress | undefined;
}

/** Progress of a notice to several addresses. */
export interface NoticeProgress {
  /** Addresses that rejected it temporarily; only these are retried. */
  readonly remaining: readonly string[];
  /** Addresses that rejected it permanently, masked and with the error, such as `a***@example.com: smtp_550`; safe to log. */
  readonly refused: readonly string[];
  /** Number of addresses that accepted it. */
  readonly accepted: number;
}

/** Result of one try. `code`: the error, safe to log, such as `http_404`. */
export type Notified =
  /** `detail`: why the notice was accepted only in part. */
  | { readonly kind: 'accepted'; readonly detail?: string }
  | {
      readonly kind: 'refused';
      readonly retry: boolean;
      readonly retryAt?: Date | undefined;
      readonly code: string;
      readonly progress?: NoticeProgress;
    };

/** A notification channel besides SMS: chat, mail or webhook. */
export interface Channel {
  readonly name: string;
  readonly type: string;
  /** Makes one request within a bounded time. An exception is a bug in the channel. */
  notify(notice: Notice, signal: AbortSignal): Promise<Notified>;
  close(): Promise<void>;
}

/** Dependencies of channels. */
export interface ChannelDeps {
  readonly now: () => Date;
  /** Resolves addresses, `contact:<name>`, `group:<name>` and `rotation:<name>` to e-mail addresses without duplicates. */
  readonly openAddresses: (to: readonly string[]) => readonly string[];
}
