import { Worker } from 'node:worker_threads';
import { unblocked } from '../src/log-output.ts';
import type { Logger } from '../src/logger.ts';

export interface WatchdogOptions {
  /** Whose event loop stands still for so long is ended. */
  readonly boundMs: number;
  readonly logger: Logger;
}

/** What the thread is given. */
export interface Watch {
  /** One 32-bit counter, which the event loop moves on with every beat. */
  readonly beats: SharedArrayBuffer;
  readonly beatMs: number;
  /** So many looks in a row without a beat are the bound. */
  readonly looks: number;
  /** Standard error, in non-blocking mode: a reader that has stopped must not stop the thread as well. */
  readonly stderrFd: number;
}

const LOOKS = 30;
const LEAST_BOUND_MS = 30_000;
const LOCKS = 3;

/**
 * Long past the locks, when others have taken over what was being done: a process that stands still and is there would
 * hold its place in the supervisor's eyes, take no work and come back to answers that are long out of date.
 */
export function watchdogBoundMs(lockMs: number): number {
  return Math.max(LEAST_BOUND_MS, LOCKS * lockMs);
}

/**
 * A thread that ends the process with SIGKILL and a line on stderr when its event loop is blocked for too long. Shorter
 * blocks are logged once they are over; `nodejs_eventloop_lag_*` has the figures.
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
    if (lateMs > beatMs) logger.warn({ lateMs }, 'the process stood still: locks were not renewed, nobody was answered');
  }, beatMs).unref();

  const watch: Watch = { beats: beats.buffer, beatMs, looks: LOOKS, stderrFd: unblocked(2) };
  const thread = new Worker(new URL('./watchdog-thread.js', import.meta.url), { workerData: watch });
  thread.on('error', (error) => logger.error({ err: error }, 'the watchdog is gone: a blocked event loop will not be ended'));
  thread.unref();
}
