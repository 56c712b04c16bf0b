import type { Ledger } from '../../ledger/ledger.ts';
import type { MessageSubject } from '../sending/message-stages.ts';
import { pass, type Stage, unconcerned } from '../stage.ts';

/**
 * A text waits until its step of the ladder is due. Woken before, because its alert is over or somebody has taken care of
 * it, it ends at once; from then on every attempt asks that anyway.
 */
export function createEscalationGate({ closedBy }: Pick<Ledger, 'closedBy'>): Stage<MessageSubject> {
  return {
    name: 'escalation',
    async exec({ message: { notBefore, dedupHash, receivedAt } }, { clock }) {
      if (notBefore === undefined) return unconcerned;
      if (clock.now().getTime() >= notBefore) return pass;
      const over = await closedBy(dedupHash, receivedAt);
      return over === undefined
        ? { kind: 'deferred', reason: 'escalation', until: new Date(notBefore) }
        : { kind: 'cancelled', reason: over };
    },
  };
}
