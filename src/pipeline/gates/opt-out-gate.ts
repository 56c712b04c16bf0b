import type { OptOuts } from '../../ledger/opt-out/opt-outs.ts';
import { formerHashesOf } from '../message.ts';
import type { MessageSubject } from '../sending/message-stages.ts';
import { pass, type Stage, unconcerned } from '../stage.ts';

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
