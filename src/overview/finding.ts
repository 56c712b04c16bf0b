/** `alarm`: texts do not go out, or may be lost. `concern`: a person must look, not necessarily now. */
export type HealthLevel = 'well' | 'concern' | 'alarm';

/** What a finding is of. */
export type HealthSubject = 'workers' | 'redis' | 'queues' | 'providers' | 'budgets' | 'caps' | 'unknown' | 'dead';

/** One thing that is not as it should be, each a sentence with its full stop. */
export interface HealthFinding {
  readonly subject: HealthSubject;
  readonly level: Exclude<HealthLevel, 'well'>;
  readonly what: string;
  readonly todo: string;
}

/** What is found of one subject. */
export type Finding = Omit<HealthFinding, 'subject'>;
