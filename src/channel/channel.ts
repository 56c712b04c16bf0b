import type { Severity } from '../alert/severity.ts';

/** One step of an alert's ladder, as one channel is told of it. Times are ms since the epoch. */
export interface Notice {
  /** The same each time that it is told again, so that who hears it twice can know. */
  readonly id: string;
  readonly alertId: string;
  readonly severity: Severity;
  readonly route: string;
  readonly text: string;
  readonly source?: string | undefined;
  readonly instance?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly receivedAt: number;
  /** 1 for the first of `steps`. */
  readonly step: number;
  readonly steps: number;
  /** The alert's recipients that have a name. */
  readonly contacts: readonly string[];
  /** Where it went to several addresses and some of them are left; absent on the first try. */
  readonly progress?: NoticeProgress | undefined;
}

/** How far a notice to several addresses has come. */
export interface NoticeProgress {
  /** Addresses that refused it temporarily: only they are tried again. */
  readonly remaining: readonly string[];
  /** What became of those that refused it permanently, such as `a***@example.com: smtp_550`: fit to be logged. */
  readonly refused: readonly string[];
  /** How many took it. */
  readonly accepted: number;
}

/** `code`: what went wrong, fit to be logged, such as `http_404`. */
export type Notified =
  /** `detail`: of a yes that is not a whole one. */
  | { readonly kind: 'accepted'; readonly detail?: string }
  | {
      readonly kind: 'refused';
      readonly retry: boolean;
      readonly retryAt?: Date | undefined;
      readonly code: string;
      readonly progress?: NoticeProgress;
    };

/** Somebody else than a phone who is told of alerts. */
export interface Channel {
  readonly name: string;
  readonly type: string;
  /** One request, within a bounded time. A throw is a bug in the channel. */
  notify(notice: Notice, signal: AbortSignal): Promise<Notified>;
  close(): Promise<void>;
}

/** What channels are given; none of them reaches for anything else. */
export interface ChannelDeps {
  readonly now: () => Date;
  /** The e-mail addresses, each once, behind addresses, `contact:<name>`, `group:<name>` and `rotation:<name>`. */
  readonly openAddresses: (to: readonly string[]) => readonly string[];
}
