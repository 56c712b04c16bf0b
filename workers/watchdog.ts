import { Worker } from 'node:worker_threads';
import { unblocked } from '../src/log-output.ts';
import type { Logger } from '../src/logger.ts';

export interface WatchdogOptions {
  /** The process is ended when its event loop is blocked for this long. */
  readonly boundMs: number;
  readonly logger: Logger;
}

/** Input of the watchdog thread. */
export interface Watch {
  /** One 32-bit counter, incremented by the event loop at each beat. */
  readonly beats: SharedArrayBuffer;
  readonly beatMs: number;
  /** Number of consecutive checks without a beat after which the process is ended. */
  readonly looks: number;
  /** Standard error in non-blocking mode: a stopped reader must not block this thread too. */
  readonly stderrFd: number;
}

const LOOKS = 30;
const LEAST_BOUND_MS = 30_000;
const LOCKS = 3;

/**
 * Returns after how many ms a blocked event loop ends the process: well after the job locks expired and other processes took
 * over. A blocked process would otherwise keep its place at the supervisor, take no work, and resume with outdated state.
 */
export function watchdogBoundMs(lockMs: number): number {
  return Math.max(LEAST_BOUND_MS, LOCKS * lockMs);
}

/**
 * Starts a thread that ends the process with SIGKILL and a line on stderr when its event loop is blocked for too long. Shorter
 * blocks are logged afterwards; `nodejs_eventloop_lag_*` has the figures.
 */
export function startWatchdog({ boundMs, logger }: WatchdogOptions): void {
  const beatMs = Math.ceil(boundMs / LOOKS);
  const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  let lastAt = performance.now();
  setInterval(() => {
    Atomics.add(beats, 0, 1);
    const now = performance.now();
    const lateMs = Math.round(now - lastAt - beatMs);
    lastAt = now;
    if (lateMs > beatMs) logger.warn({ lateMs }, 'event loop blocked; job locks were not renewed');
  }, beatMs).unref();

  const watch: Watch = { beats: beats.buffer, beatMs, looks: LOOKS, stderrFd: unblocked(2) };
  const thread = new Worker(new URL('./watchdog-thread.js', import.meta.url), { workerData: watch });
  thread.on('error', (error) => logger.error({ err: error }, 'watchdog stopped; a blocked event loop will not be ended'));
  thread.unref();
}
