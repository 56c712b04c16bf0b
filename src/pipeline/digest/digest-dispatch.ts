import { isInFlight, type MessageState } from '../../ledger/history/trace.ts';
import { laneOf, type Message } from '../message.ts';
import { endOf, type Outcome } from '../outcome.ts';
import type { Dispatch } from '../sending/dispatcher.ts';
import { inManner, isOpen, sayDigest } from './digest-message.ts';
import type { DigestDeps } from './digest-stages.ts';

export interface DigestDispatchDeps extends Pick<DigestDeps, 'digests'> {
  /** For what is no digest. */
  readonly dispatch: Dispatch;
  readonly dispatchDigest: Dispatch;
}

/** A digest is a message like any other, but that its job does not know what it says; nothing gathers in one that has ended. */
export function createDigestDispatch({ dispatch, dispatchDigest, digests }: DigestDispatchDeps): Dispatch {
  return async (message, rerun, signal) => {
    if (message.digest === undefined) return dispatch(message, rerun, signal);
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

/** Ends without a text to the phone. `cancelled` is not among them: the alerts in it have ended. */
const LOST: readonly (MessageState | undefined)[] = ['failed', 'expired', 'suppressed'];
/** Ends after which a person may send it all the same. */
const REPLAYABLE: readonly (MessageState | undefined)[] = ['failed', 'expired'];

/** The state in which it has ended, in this run or before; `undefined` while it is on its way. */
function stateAfter(outcome: Outcome): MessageState | undefined {
  if (outcome.kind === 'requeued') return undefined;
  if (outcome.kind !== 'settled') return endOf(outcome)?.state;
  return isInFlight(outcome.state) ? undefined : outcome.state;
}
