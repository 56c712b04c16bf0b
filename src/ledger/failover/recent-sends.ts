import { CONFIRMED_KEPT_MS, createRecent } from '../../redis/failover/recent.ts';
import type { AttemptRequest, Move, Sent } from '../ledger.ts';

/** Requests to providers of the last minute, and those in flight. */
export interface RecentSends {
  opened(request: AttemptRequest, number: number, leaseUntil: number): void;
  /** Records the end of a request and returns the entry. A refused one is removed: nothing was sent, so its loss does no harm. */
  closed(move: Move): Sent | undefined;
  /** Sets a new number for a restored attempt whose own number was taken. */
  renumber(token: string, number: number): void;
  /** Number of an attempt in flight. */
  numberOf(token: string): number | undefined;
  list(): readonly Sent[];
}

export function createRecentSends(now?: () => number): RecentSends {
  const underWay = new Map<string, Sent>();
  const ended = createRecent<Sent>({ keepMs: CONFIRMED_KEPT_MS, ...(now && { now }) });
  return {
    opened({ messageId, token, record }, number, leaseUntil) {
      underWay.set(token, { messageId, token, number, record, leaseUntil });
    },
    closed(move) {
      const { attempt, messageId } = move;
      if (attempt === undefined) return undefined;
      const { token, number, record } = attempt;
      const { leaseUntil = 0 } = underWay.get(token) ?? {};
      underWay.delete(token);
      if (record.result === 'refused') {
        ended.delete(token);
        return undefined;
      }
      const sent = { messageId, token, number, record, leaseUntil, move };
      ended.set(token, sent);
      return sent;
    },
    renumber(token, number) {
      const open = underWay.get(token);
      if (open !== undefined) underWay.set(token, { ...open, number });
    },
    numberOf: (token) => underWay.get(token)?.number,
    list: () => [...ended.values(), ...underWay.values()],
  };
}
