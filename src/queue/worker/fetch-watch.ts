/** Looks without a request for work after which a worker counts as one that no longer fetches; four are 20 s. */
const QUIET_LOOKS = 4;
export const LOOK_EVERY_MS = 5_000;

/**
 * Tells whether a worker still asks for work. Looks are counted instead of time, so that a process that was suspended, or
 * whose clock was set, raises no false alarm. A request takes 11.5 s at most: a blocking read of 10 s and its reserve.
 */
export interface FetchWatch {
  /** The worker asked for work, or a job ended. */
  asked(): void;
  /**
   * One look; `busy`: the worker has as many jobs as it may have, and asks for none. Returns whether it is due to be
   * replaced, which it is again after as many looks as before.
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
      // The first look after a request counts nothing yet: the request may have been made just before it.
      if (quiet <= QUIET_LOOKS) return false;
      quiet = 0;
      lost = true;
      return true;
    },
    isFetching: () => !lost,
  };
}
