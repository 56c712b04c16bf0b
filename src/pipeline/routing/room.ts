/** Messages of large alerts in hand at once, by one process: what bounds its memory, however many alerts wait. */
export const ROOM = 1_000;
/** An alert of so few messages needs no room: a concurrency of 50 bounds them. */
const SMALL = 20;
/** Large alerts that wait inside the process; each holds one of the slots that a small critical needs as well. */
const MOST_WAITING = 4;

/** Admits alerts by how many messages they become. */
export interface Room {
  /**
   * Runs `work` once there is room for so many messages; urgent work goes first. Resolves to `full`, without running it, when
   * too many wait already.
   */
  run<T>(messages: number, urgent: boolean, work: () => Promise<T>): Promise<T | 'full'>;
}

export function createRoom(size = ROOM): Room {
  let taken = 0;
  const line = { urgent: [] as Waiter[], rest: [] as Waiter[] };

  /** One alert always fits, whatever its size. */
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
