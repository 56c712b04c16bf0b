import type { AlertHistory } from '../../src/ledger/history/history.ts';
import type { ClockRecord } from './clock-record.ts';
import type { Fault } from './faults.ts';

/** An alert that our door took: from then on it is ours to account for. */
export interface Raised {
  readonly alertId: string;
  /** E.164; one message each. */
  readonly phones: readonly string[];
  readonly onUnknown: 'resend' | 'hold';
  /** The door was first asked to take it. */
  readonly offeredAtMs: number;
  /** The door answered 202. */
  readonly takenAtMs: number;
}

/** One request to send a text, as it arrived at a provider. Times are epoch milliseconds of the observer. */
export interface ProviderHit {
  readonly messageId: string;
  /** By the words of the text; absent for a text that none of our alerts has. */
  readonly alertId?: string;
  readonly provider: string;
  /** The process that sent the request. */
  readonly process: string;
  readonly phone: string;
  readonly atMs: number;
  /** `silence`: the answer does not say whether the text went out. */
  readonly answer: 'accepted' | 'refused' | 'silence';
  /** The whole answer was on its way; absent when there was none, or the connection ended before it. */
  readonly answeredAtMs?: number;
  /** The connection ended before the whole answer was on its way. */
  readonly hungUpAtMs?: number;
}

/** What was seen from outside of a run that has come to rest. */
export interface History {
  readonly raised: readonly Raised[];
  readonly hits: readonly ProviderHit[];
  /** By alert id; none for an alert that is not stored. */
  readonly histories: ReadonlyMap<string, AlertHistory>;
  /** Why it is not at rest after all: a job that is still there may send again. */
  readonly restless?: string | undefined;
  /** Metrics of each process that still runs. */
  readonly scrapes: readonly ReadonlyMap<string, number>[];
  /** A process died, and what it had counted with it. */
  readonly countersLost: boolean;
  /** Processes that ended though the scenario did not end them. */
  readonly crashed: readonly string[];
  /** Everything that anybody may read: logs, metrics, traces. */
  readonly said: readonly string[];
  /** Of one phone. */
  readonly caps: readonly { readonly max: number; readonly perMs: number }[];
  /** From acceptance to the deadline of a message. */
  readonly expiresAfterMs: number;
  /** The deadline of one provider call. */
  readonly callTimeoutMs: number;
  readonly faults: readonly Fault[];
  readonly clock: ClockRecord;
  /** All of Redis' data was deleted, the last time at this moment: what was taken before may be gone. */
  readonly erasedAtMs?: number;
  /** Why a message may still wait at the end. */
  readonly mayWaitFor: readonly string[];
}

export function grouped<T>(list: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of list) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
