import { maskPhone } from '../../alert/phone.ts';
import type { ClosedAttempt } from '../../ledger/ledger.ts';
import { type OptOuts, refusedBy } from '../../ledger/opt-out/opt-outs.ts';
import type { Message } from '../message.ts';
import type { StageContext } from '../stage.ts';

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
