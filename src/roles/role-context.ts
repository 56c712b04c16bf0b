import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { CachedRateCap } from '../limit/caps/cached-rate-cap.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { EndReports } from '../pipeline/end-report.ts';
import type { QueueWorkerDeps } from '../queue/worker/queue-worker.ts';
import type { Redis } from '../redis/connect.ts';
import type { Keys } from '../redis/keys.ts';
import { withinDeadline } from '../redis/unavailable.ts';

/** Releases one resource when the process ends; run in reverse order. */
export type Cleanup = () => Promise<unknown>;

/** What the workers of every role share. */
export interface RoleContext {
  readonly config: Config;
  readonly logger: Logger;
  readonly commands: Redis;
  readonly keys: Keys;
  /** Redis time; every decision that depends on time uses it. */
  readonly clock: Clock;
  readonly ledger: Ledger;
  /** Also logs each outcome. */
  readonly metrics: Metrics & EndReports;
  readonly cap: CachedRateCap;
  /** Aborts calls in flight when the shutdown grace period is over. */
  readonly stopping: AbortSignal;
  workerDeps(): QueueWorkerDeps;
}

/** Enough for a reachable Redis. */
const LAST_WRITE_MS = 1_000;

/** Waits for a write at shutdown on which nothing depends; an unreachable Redis does not delay the exit. */
export async function lastWrite(write: Promise<unknown>): Promise<void> {
  await withinDeadline(write, LAST_WRITE_MS).catch(() => undefined);
}
