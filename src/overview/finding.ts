import { formatElapsed } from '../text/format-time.ts';

/** `critical`: messages do not go out, or may be lost. `warning`: a person must look, not necessarily now. */
export type HealthLevel = 'ok' | 'warning' | 'critical';

/** Every finding that there can be; public, so changing one is a breaking change. */
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

/** One thing that is not as it should be. */
export interface HealthFinding {
  readonly level: Exclude<HealthLevel, 'ok'>;
  readonly kind: FindingKind;
  readonly route?: string;
  readonly provider?: string;
  readonly queue?: string;
  /** The cause: the vendor's own reason, or ours where we hold messages back. */
  readonly reason?: string;
  /** The vendor's own code, where it gave one. */
  readonly code?: string;
  /** What is wrong, as a sentence. */
  readonly text: string;
  /** What to do, as a clause that the command follows. */
  readonly hint: string;
  /** What to type next. */
  readonly command: string;
}

/** As one sentence, the command between backticks. */
export function todoOf({ hint, command }: Pick<HealthFinding, 'hint' | 'command'>): string {
  return `${hint}: \`${command}\`.`;
}

/** `95%`, rounded down: 100% is said of what is full only. */
export function percent(part: number, whole: number): string {
  return `${Math.floor((part / whole) * 100)}%`;
}

/** `5 min`, `2 min 5 s`, `45 s`. */
export function formatSpan(seconds: number): string {
  return seconds < 10 ? `${Math.round(seconds)} s` : formatElapsed(seconds * 1000).replace(' min 0 s', ' min');
}
