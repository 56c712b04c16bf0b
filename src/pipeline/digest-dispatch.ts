import { isOnItsWay } from '../ledger/trace.ts';
import { digestLaneOf, isOpen, sayDigest } from './digest-message.ts';
import type { DigestDeps } from './digest-stages.ts';
import type { Dispatch } from './dispatcher.ts';
import type { Outcome } from './stage.ts';

export interface DigestDispatchDeps extends Pick<DigestDeps, 'digests' | 'timeZoneOf'> {
  /** For what is no digest. */
  readonly dispatch: Dispatch;
  readonly dispatchDigest: Dispatch;
}

/** A digest is a message like any other, but that its job does not know what it says; nothing gathers in one that has ended. */
export function createDigestDispatch({ dispatch, dispatchDigest, digests, timeZoneOf }: DigestDispatchDeps): Dispatch {
  return async (message, rerun, signal) => {
    if (message.digest === undefined) return dispatch(message, rerun, signal);
    const { id } = message;
    const content = isOpen(message) ? await digests.content(id) : undefined;
    const said = content === undefined ? message : sayDigest(message, content, timeZoneOf(message));
    const outcome = await dispatchDigest(said, true, signal);
    if (hasEnded(outcome)) await digests.end(id, digestLaneOf(message), mayBeReplayed(outcome));
    return outcome;
  };
}

function hasEnded(outcome: Outcome): boolean {
  if (outcome.kind === 'settled') return !isOnItsWay(outcome.state);
  return outcome.kind !== 'deferred' && outcome.kind !== 'retry';
}

function mayBeReplayed(outcome: Outcome): boolean {
  if (outcome.kind === 'settled') return outcome.state === 'failed' || outcome.state === 'expired';
  return ['failed', 'expired', 'malformed', 'stranded'].includes(outcome.kind);
}
