import { maskPhone } from '../../alert/phone.ts';
import type { ClosedAttempt } from '../../ledger/ledger.ts';
import { type OptOuts, refusedBy } from '../../ledger/opt-out/opt-outs.ts';
import { formerHashesOf, type Message } from '../message.ts';
import type { MessageSubject } from '../sending/message-stages.ts';
import { pass, type Stage, type StageContext, unconcerned } from '../stage.ts';

/** How long a process may believe that nobody has opted out. */
const BELIEVED_MS = 1_000;

/**
 * Who has opted out takes no slot, no money and no place in a digest; a login code is no exception. While nobody has, no
 * text costs a question. That belief may be a second old: the last word is the ledger's, which looks again in the step that
 * opens each attempt.
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
 * Writes down that a provider may not text this phone, so that no provider is asked to again. As old as the request: whoever
 * texted START meanwhile stays in.
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
  note({ stage: 'dispatch', verdict: 'opted_out', detail: `by the word of ${provider}` });
}
