import { matches } from '../../src/queue/dead-letters/dead-letter.ts';
import type { DeadLetter, DeadLetters, Replayed } from '../../src/queue/dead-letters/dead-letters-port.ts';

export interface DeadWorld {
  /** Oldest first. */
  readonly letters?: readonly DeadLetter[];
  /** By id; what is not named is replayed. */
  readonly replays?: Readonly<Record<string, Replayed>>;
  /** Ids that somebody else takes away first. */
  readonly gone?: readonly string[];
  readonly open?: () => never;
}

export function deadLetter(facts: Partial<DeadLetter> = {}): DeadLetter {
  return {
    id: 'm-1',
    what: 'message',
    state: 'failed',
    route: 'default',
    alertId: 'a-1',
    severity: 'critical',
    to: '+60*******789',
    contact: 'alice',
    reason: 'content',
    code: '30034',
    detail: 'content (30034) [HTTP 400]',
    diedAt: '2026-11-20T03:00:05.000Z',
    stored: { route: 'default', text: 'CRITICAL: Disk full' },
    ...facts,
  };
}

/** Failed sets in memory, in batches of two; writes down what was done to them. */
export function deadLettersOf({ letters = [], replays = {}, gone = [], open }: DeadWorld, calls: [string, ...unknown[]][]): DeadLetters {
  open?.();
  return {
    list: async (limit, filter = {}) => {
      const found = letters.toReversed().filter((letter) => matches(letter, filter));
      return { total: letters.length, letters: found.slice(0, limit), more: found.length > limit };
    },
    all: async function* (filter = {}) {
      for (let from = 0; from < letters.length; from += 2) {
        const batch = letters.slice(from, from + 2);
        yield { total: letters.length, looked: from + batch.length, letters: batch.filter((letter) => matches(letter, filter)) };
      }
    },
    find: async (ids) => letters.filter(({ id, alertId }) => ids.includes(id) || (alertId !== null && ids.includes(alertId))),
    replay: async ({ id }) => {
      calls.push(['replay', id]);
      return replays[id] ?? { kind: 'replayed', goodUntil: '2026-11-20T04:00:10.000Z' };
    },
    discard: async ({ id }) => {
      calls.push(['discard', id]);
      return !gone.includes(id);
    },
    close: async () => void calls.push(['close dead letters']),
  };
}
