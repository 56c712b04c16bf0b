import { ackCodesOf } from '../../alert/ack-code.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { FirstStep } from './first-step.ts';

/** How many codes of an alert are tried; that all are in use at a phone is as good as never. */
const CODES = 4;

/**
 * Remembers, before anybody can be texted, by which code each recipient acknowledges and who is to be told when it is
 * over, where the route wants that. Again it changes nothing. Answers the steps with the codes that they have got.
 */
export async function rememberSteps(steps: readonly FirstStep[], { codes, owed }: Pick<Ledger, 'codes' | 'owed'>, now: Date) {
  const coded = await Promise.all(
    steps.map(async (step): Promise<FirstStep> => {
      const { message, job } = step;
      if (message.ackCode === undefined || job === undefined) return step;
      const ackCode = await codes.claim(message, ackCodesOf(message.alertId, CODES), now);
      return { ...step, message: { ...message, ackCode } };
    }),
  );
  const messages = coded.flatMap(({ message, job }) => (message.resolvedTexts && job !== undefined ? [message] : []));
  const [first] = messages;
  if (first !== undefined) {
    await owed.keep(first.dedupHash, Object.fromEntries(messages.map((message) => [message.id, JSON.stringify(message)])));
  }
  return coded;
}
