import type { Purse } from '../../limit/budget/purse.ts';
import { judgeOverBudget } from '../sending/judge-budget.ts';
import type { MessageSubject } from '../sending/message-stages.ts';
import type { OverBudget } from '../sending/paid-attempt.ts';
import { type Carrier, orderCarriers } from '../sending/send-target.ts';
import { pass, type Stage, unconcerned } from '../stage.ts';
import { FEW_SEGMENTS } from './compose-digest.ts';
import { isOpen } from './digest-message.ts';

export interface DigestMoneyDeps {
  readonly carriers: ReadonlyMap<string, Carrier>;
  /** Absent: texts have no price. */
  readonly purse?: Pick<Purse, 'look'> | undefined;
}

/**
 * A digest that there is no money for gathers on. Closed, it would wait for money by itself, the next one would take the
 * slot that it gives back, and so on: when there is money again there would be far more digests than room.
 */
export function createDigestMoneyStage({ carriers, purse }: DigestMoneyDeps): Stage<MessageSubject> {
  return {
    name: 'budget',
    async exec(subject) {
      const { message } = subject;
      if (purse === undefined || !isOpen(message)) return unconcerned;
      const { to, severity, overflow } = message;
      const able = orderCarriers(message.providers, carriers, to);
      // Where there is no money for all that it would say, it says what there is money for, and the next one the rest.
      let full: OverBudget[] = [];
      for (const segments of new Set([message.segments, Math.min(FEW_SEGMENTS, message.segments), 1])) {
        const text = { to, segments, critical: severity === 'critical' };
        const holds = await Promise.all(able.map(({ provider }) => purse.look({ provider: provider.name, ...text })));
        full = holds.flatMap((hold) => (hold.kind === 'full' ? [hold] : []));
        subject.message = { ...message, segments };
        if (full.length === 0 || full.length < holds.length) return pass;
      }
      return judgeOverBudget(full, undefined, overflow);
    },
  };
}
