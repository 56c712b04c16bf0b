/** Maximum number of messages of large alerts processed at the same time by one process; bounds its memory. */
export const ROOM = 1_000;
/** Smaller alerts need no admission: the concurrency of 50 bounds them. */
const SMALL = 20;
/** Maximum number of large alerts that wait inside the process; each occupies a worker slot that a small critical may need. */
const MOST_WAITING = 4;

/** Limits the number of messages processed at the same time. */
export interface Room {
  /**
   * Runs `work` when there is capacity for so many messages; urgent work first. Resolves to `full`, without running it,
   * when too many wait already.
   */
  run<T>(messages: number, urgent: boolean, work: () => Promise<T>): Promise<T | 'full'>;
}

export function createRoom(size = ROOM): Room {
  let taken = 0;
  const line = { urgent: [] as Waiter[], rest: [] as Waiter[] };

  /** An alert of any size is admitted when nothing else runs. */
  const fits = (messages: number) => taken === 0 || taken + messages <= size;
  const admit = (): void => {
    for (let next = line.urgent[0] ?? line.rest[0]; next !== undefined && fits(next.messages); next = line.urgent[0] ?? line.rest[0]) {
      (line.urgent[0] === next ? line.urgent : line.rest).shift();
      taken += next.messages;
      next.enter();
    }
  };

  return {
    async run(messages, urgent, work) {
      if (messages <= SMALL) return work();
      const own = urgent ? line.urgent : line.rest;
      if (own.length >= MOST_WAITING) return 'full';
      await new Promise<void>((enter) => {
        own.push({ messages, enter });
        admit();
      });
      try {
        return await work();
      } finally {
        taken -= messages;
        admit();
      }
    },
  };
}

interface Waiter {
  readonly messages: number;
  enter(): void;
}
