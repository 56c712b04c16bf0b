import type { BeginRequest, Opened } from '../../ledger/ledger.ts';
import type { ProviderName } from '../../provider/contract/provider.ts';
import type { ScriptStep } from '../../redis/lua-text.ts';
import type { Message } from '../message.ts';
import { moveOfJob, type Outcome } from '../outcome.ts';
import type { PlannedMessage } from '../routing/plan-message.ts';
import type { Dispatch } from './dispatcher.ts';
import type { SendTarget } from './send-target.ts';

/**
 * Sends the message of a plain alert within the job of the alert, so that it needs no job of its own. The message passes the same
 * stages as any other; only its ledger entry, its slot and its first attempt are written in one step. Whatever cannot be decided
 * in that step takes the message queue.
 */
export interface InlineLane {
  /**
   * Sends the message; `begin` admits its alert. Resolves to the jobs that the message still needs: none after an end, a delayed
   * one for a later try, one that moves to the failed set. `undefined`: nothing was tried, and it needs the job that was planned.
   */
  send(step: PlannedMessage, signal: AbortSignal, begin: BeginAlert): Promise<readonly PlannedMessage[] | undefined>;
}

/** Admits the alert and begins its message, see `Ledger.begin`. */
export type BeginAlert = (request: Omit<BeginRequest, 'alert' | 'run'>) => Promise<Opened | undefined>;

export interface InlineLaneDeps {
  readonly dispatch: Dispatch;
  readonly targets: ReadonlyMap<ProviderName, SendTarget>;
  /** A step that returns `unrestricted` when messages may pass by their queue. */
  readonly gate: ScriptStep;
  /** Messages may have a price, which is reserved before each attempt. */
  readonly hasMoney: boolean;
  /** Jobs that the alert worker runs at a time. */
  readonly concurrency: number;
}

/** Share of the alert worker's slots that no message may hold: while a provider hangs, they route the other alerts. */
const RESERVE = 0.1;

export function createInlineLane({ dispatch, targets, gate, hasMoney, concurrency }: InlineLaneDeps): InlineLane {
  const room = concurrency - Math.ceil(concurrency * RESERVE);
  let held = 0;

  const fits = ({ message, job }: PlannedMessage): boolean => {
    if (job !== 'now' || hasMoney || held >= room || !isPlain(message)) return false;
    const first = targets.get(message.providers[0] ?? '');
    return first !== undefined && !first.paced;
  };

  return {
    async send(step, signal, begin) {
      if (!fits(step)) return undefined;
      held += 1;
      try {
        const outcome = await dispatch(step.message, false, signal, (request) => begin({ gate, ...request }));
        return outcome.kind === 'requeued' ? undefined : jobsAfter(outcome, step);
      } finally {
        held -= 1;
      }
    },
  };
}

/** Whether nothing about the message needs a further call before or after its attempt. */
function isPlain({ template, digest, quietHours, notBefore, ackCode, resolvedTexts, replay }: Message): boolean {
  return [template, digest, quietHours, notBefore, ackCode, resolvedTexts, replay].every((feature) => feature === undefined);
}

function jobsAfter(outcome: Outcome, step: PlannedMessage): readonly PlannedMessage[] {
  const move = moveOfJob(outcome);
  switch (move.kind) {
    case 'complete':
      return [];
    case 'delay':
      return [{ ...step, job: { until: move.until, again: true } }];
    case 'failed':
      return [{ ...step, message: { ...step.message, failure: move.reason }, job: 'again' }];
  }
}
