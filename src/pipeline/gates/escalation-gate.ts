import type { Ledger } from '../../ledger/ledger.ts';
import type { MessageSubject } from '../sending/message-run.ts';
import { pass, type Stage, unconcerned } from '../stage.ts';

/**
 * Defers a message until its escalation step is due. When it is promoted earlier, because its alert was resolved or
 * acknowledged, it ends immediately; later attempts check that themselves.
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
