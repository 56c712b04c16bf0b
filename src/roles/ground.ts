import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { RememberedCap } from '../limit/caps/remembered-cap.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { EndReports } from '../pipeline/end-report.ts';
import type { QueueWorkerDeps } from '../queue/worker/queue-worker.ts';
import type { Redis } from '../redis/connect.ts';
import type { Keys } from '../redis/keys.ts';
import { withinDeadline } from '../redis/unavailable.ts';

/** Something to end when the process ends, newest first. */
export type Closer = () => Promise<unknown>;

/** What every role that works on queues stands on. */
export interface Ground {
  readonly config: Config;
  readonly logger: Logger;
  readonly commands: Redis;
  readonly keys: Keys;
  /** Redis' time: what decides by time goes by it. */
  readonly clock: Clock;
  readonly ledger: Ledger;
  /** Also writes a log line for each end. */
  readonly metrics: Metrics & EndReports;
  readonly cap: RememberedCap;
  /** Aborts calls in flight when the process can wait no longer. */
  readonly stopping: AbortSignal;
  workerDeps(): QueueWorkerDeps;
}

/** Ample for a Redis that is there. */
const LAST_WRITE_MS = 1_000;

/** A write that a process makes as it ends, and that nothing depends on: a Redis that is away must not hold up the end. */
export async function lastWrite(write: Promise<unknown>): Promise<void> {
  await withinDeadline(write, LAST_WRITE_MS).catch(() => undefined);
}
