import { isInFlight, type MessageState } from '../../ledger/history/history.ts';
import { laneOf, type Message } from '../message.ts';
import { endOf, type Outcome } from '../outcome.ts';
import type { Dispatch } from '../sending/dispatcher.ts';
import { inManner, isOpen, sayDigest } from './digest-message.ts';
import type { DigestDeps } from './digest-stages.ts';

export interface DigestDispatchDeps extends Pick<DigestDeps, 'digests'> {
  /** Handles messages that are not digests. */
  readonly dispatch: Dispatch;
  readonly dispatchDigest: Dispatch;
}

/**
 * A digest is dispatched like any other message, except that its job does not contain its text; nothing is added to a
 * digest that has ended.
 */
export function createDigestDispatch({ dispatch, dispatchDigest, digests }: DigestDispatchDeps): Dispatch {
  return async (message, rerun, signal, begin) => {
    if (message.digest === undefined) return dispatch(message, rerun, signal, begin);
    const { id } = message;
    const lane = laneOf(message);
    const outcome = await dispatchDigest(await asWritten(message, digests), true, signal);
    const end = stateAfter(outcome);
    if (end === undefined) return outcome;
    if (LOST.includes(end)) await digests.unreach(id, lane);
    await digests.end(id, lane, REPLAYABLE.includes(end));
    return outcome;
  };
}

async function asWritten(message: Message, digests: DigestDeps['digests']): Promise<Message> {
  const content = isOpen(message) ? await digests.content(message.id) : undefined;
  if (content === undefined) return message;
  const { as, text } = content;
  return text === undefined ? inManner(message, as) : sayDigest(message, { as, text });
}

/** States in which the digest did not reach the phone. `cancelled` is not one of them: its alerts have ended. */
const LOST: readonly (MessageState | undefined)[] = ['failed', 'expired', 'suppressed'];
/** States from which an operator may replay it. */
const REPLAYABLE: readonly (MessageState | undefined)[] = ['failed', 'expired'];

/** Returns the final state, of this run or an earlier one; `undefined` while it is not final. */
function stateAfter(outcome: Outcome): MessageState | undefined {
  if (outcome.kind === 'requeued') return undefined;
  if (outcome.kind !== 'settled') return endOf(outcome)?.state;
  return isInFlight(outcome.state) ? undefined : outcome.state;
}
