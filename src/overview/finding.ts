import { formatElapsed } from '../text/format-time.ts';

/** `critical`: messages are not sent, or may be lost. `warning`: an operator should look, but not urgently. */
export type HealthLevel = 'ok' | 'warning' | 'critical';

/** All kinds of findings; public, so changing one is a breaking change. */
export const FINDING_KINDS = [
  'workers_absent',
  'workers_stuck',
  'redis_refuses',
  'queue_paused',
  'route_down',
  'route_unreachable',
  'criticals_held',
  'criticals_missed',
  'criticals_waiting',
  'jobs_waiting',
  'jobs_requeued',
  'provider_down',
  'provider_refusing',
  'provider_silent',
  'route_simulated',
  'budget_spent',
  'budget_price',
  'budget_soft',
  'budget_nearly_spent',
  'cap_full',
  'cap_reserve',
  'redis_data_lost',
  'redis_write_failed',
  'redis_evicted',
  'redis_may_evict',
  'redis_memory',
  'redis_not_durable',
  'redis_clock_jumped',
  'clock_skew',
  'config_refused',
  'config_differs',
  'unknown_outcomes',
  'dead_letters',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** One problem in the running system. */
export interface HealthFinding {
  readonly level: Exclude<HealthLevel, 'ok'>;
  readonly kind: FindingKind;
  readonly route?: string;
  readonly provider?: string;
  readonly queue?: string;
  /** The cause: the vendor's reason, or ours when we hold messages back. */
  readonly reason?: string;
  /** The vendor's code, if any. */
  readonly code?: string;
  /** The problem as a sentence. */
  readonly text: string;
  /** The remedy as a clause, followed by the command. */
  readonly hint: string;
  /** The command to run next. */
  readonly command: string;
}

/** Returns the remedy as one sentence, with the command in backticks. */
export function todoOf({ hint, command }: Pick<HealthFinding, 'hint' | 'command'>): string {
  return `${hint}: \`${command}\`.`;
}

/** Formats a share such as `95%`, rounded down, so that 100% means full. */
export function percent(part: number, whole: number): string {
  return `${Math.floor((part / whole) * 100)}%`;
}

/** Formats a duration such as `5 min`, `2 min 5 s`, `45 s`. */
export function formatSpan(seconds: number): string {
  return seconds < 10 ? `${Math.round(seconds)} s` : formatElapsed(seconds * 1000).replace(' min 0 s', ' min');
}
