/** Checks without a fetch after which a worker counts as stuck; four are 20 s. */
const QUIET_LOOKS = 4;
export const LOOK_EVERY_MS = 5_000;

/**
 * Detects a worker that no longer fetches jobs. It counts checks instead of time, so that a process that was suspended, or
 * whose clock was set, raises no false alarm. A request takes 11.5 s at most: a blocking read of 10 s and its reserve.
 */
export interface FetchWatch {
  /** The worker fetched, or a job ended. */
  asked(): void;
  /**
   * One check; `busy`: the worker is at its concurrency limit and fetches nothing. Returns whether it is due to be
   * replaced; it is due again after the same number of checks.
   */
  look(busy: boolean): boolean;
  isFetching(): boolean;
}

export function createFetchWatch(): FetchWatch {
  let quiet = 0;
  let lost = false;
  return {
    asked() {
      quiet = 0;
      lost = false;
    },
    look(busy) {
      quiet = busy ? 0 : quiet + 1;
      // The first check after a fetch does not count: the fetch may have just begun.
      if (quiet <= QUIET_LOOKS) return false;
      quiet = 0;
      lost = true;
      return true;
    },
    isFetching: () => !lost,
  };
}
