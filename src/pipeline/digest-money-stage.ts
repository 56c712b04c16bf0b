import type { Purse } from '../limit/purse.ts';
import { type Carrier, orderCarriers } from './carrier.ts';
import { DIGEST_SEGMENTS } from './compose-digest.ts';
import { isOpen } from './digest-message.ts';
import { judgeOverBudget } from './judge-budget.ts';
import type { MessageSubject } from './message-stages.ts';
import { pass, type Stage, unconcerned } from './stage.ts';

export interface DigestMoneyDeps {
  readonly carriers: ReadonlyMap<string, Carrier>;
  /** Absent: texts have no price. */
  readonly purse: Pick<Purse, 'look'> | undefined;
}

/**
 * A digest that there is no money for gathers on. Closed, it would wait for money by itself, the next one would take the
 * slot that it gives back, and so on: when there is money again there would be far more digests than room.
 */
export function createDigestMoneyStage({ carriers, purse }: DigestMoneyDeps): Stage<MessageSubject> {
  return {
    name: 'budget',
    async exec({ message }) {
      if (purse === undefined || !isOpen(message)) return unconcerned;
      const { to, severity, overflow } = message;
      const text = { to, segments: DIGEST_SEGMENTS, critical: severity === 'critical' };
      const able = orderCarriers(message.providers, carriers, to);
      const holds = await Promise.all(able.map(({ provider }) => purse.look({ provider: provider.name, ...text })));
      const full = holds.flatMap((hold) => (hold.kind === 'full' ? [hold] : []));
      return full.length === 0 || full.length < holds.length ? pass : judgeOverBudget(full, undefined, overflow);
    },
  };
}
