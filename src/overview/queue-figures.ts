export const QUEUE_STATES = ['waiting', 'prioritized', 'active', 'delayed', 'waiting-children', 'failed'] as const;
export type QueueState = (typeof QUEUE_STATES)[number];

export interface QueueFigures {
  readonly queue: string;
  readonly counts: Readonly<Record<QueueState, number>>;
  /** Of the oldest job that waits for a worker; 0 when none does. */
  readonly oldestAgeSeconds: number;
  /** Of the oldest one in the lane of the criticals; 0 when none waits there. */
  readonly oldestCriticalSeconds: number;
  /** Somebody has paused it: its workers take nothing. */
  readonly paused: boolean;
}
