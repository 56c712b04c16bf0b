import { maskPhone } from '../../alert/phone/phone.ts';
import type { ClosedAttempt } from '../../ledger/ledger.ts';
import { type OptOuts, refusedBy } from '../../ledger/opt-out/opt-outs.ts';
import { formerHashesOf, type Message } from '../message.ts';
import type { MessageSubject } from '../sending/message-run.ts';
import { pass, type Stage, type StageContext, unconcerned } from '../stage.ts';

/** How long a process may cache that there are no opt-outs. */
const BELIEVED_MS = 1_000;

/**
 * Checks opt-outs before a message takes a slot, budget or a place in a digest; login codes are no exception. While
 * there are no opt-outs, no message costs a call. That cached fact may be a second old; the ledger checks again in the
 * step that opens each attempt.
 */
export function createOptOutGate(optOuts: Pick<OptOuts, 'anyone' | 'isOptedOut'>): Stage<MessageSubject> {
  let asked: { readonly anyone: Promise<boolean>; readonly until: number } | undefined;
  const anyone = (): Promise<boolean> => {
    if (asked === undefined || performance.now() >= asked.until) {
      asked = { anyone: optOuts.anyone(), until: performance.now() + BELIEVED_MS };
      asked.anyone.catch(() => {
        asked = undefined;
      });
    }
    return asked.anyone;
  };
  return {
    name: 'opt-out-gate',
    async exec({ message }) {
      if (!(await anyone())) return unconcerned;
      return (await optOuts.isOptedOut(message.phoneHash, ...formerHashesOf(message))) ? { kind: 'suppressed', reason: 'opted_out' } : pass;
    },
  };
}

/**
 * Stores an opt-out reported by a provider, so that no provider sends to this phone again. Dated to the request, so
 * that a later START stays in force.
 */
export async function learnOptOut(
  message: Message,
  { record }: ClosedAttempt,
  optOuts: Pick<OptOuts, 'optOut'>,
  { note }: StageContext,
): Promise<void> {
  const { provider, startedAt, code } = record;
  const { phoneHash, to } = message;
  await optOuts.optOut({ phoneHash, to: maskPhone(to), since: new Date(startedAt), source: refusedBy(provider, code) });
  note({ stage: 'dispatch', verdict: 'opted_out', detail: `reported by ${provider}` });
}
