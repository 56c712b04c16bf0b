import { z } from 'zod';
import type { E164 } from '../../alert/phone.ts';
import type { MessageTrace } from '../../ledger/history/trace.ts';
import type { ProviderName } from '../../provider/contract/provider.ts';
import type { SendTarget } from '../sending/send-target.ts';

/**
 * A text of which its provider is to be asked what became of it, as it waits on the queue `sms-lookups`. Whom to ask,
 * and about which id, the ledger says when the time has come.
 */
export const lookupSchema = z.object({
  messageId: z.string(),
  to: z.string().transform((phone) => phone as E164),
  /** Only where the provider gave no id for the text: then what it says is what it is found by. */
  text: z.string().optional(),
});

export type Lookup = z.output<typeof lookupSchema>;

/** Whom to ask about a message, and about which text of theirs. */
export interface LookupTarget {
  readonly provider: ProviderName;
  readonly providerMessageId?: string;
  /** When the attempt began. */
  readonly sentAt: Date;
}

/**
 * The provider that accepted the message, else the last one of which nobody knows whether it did; `undefined` when
 * none has been handed it, or all of them refused.
 */
export function lookupTarget({ attempts, provider, providerMessageId }: MessageTrace): LookupTarget | undefined {
  const target =
    attempts.findLast((attempt) => attempt.result === 'accepted' && attempt.provider === provider) ??
    attempts.findLast(({ result, resolution }) => result !== 'refused' && resolution !== 'confirmed_not_sent');
  if (target === undefined) return undefined;
  return {
    provider: target.provider,
    sentAt: new Date(target.startedAt),
    ...(target.provider !== provider || providerMessageId === null ? {} : { providerMessageId }),
  };
}

/** A text of which nobody knows is asked for where its provider can be asked, whatever the config says. */
const HELD_POLL_MS = 60_000;

/** How long after the attempt its provider is asked; `undefined`: it cannot be, or is not to be. */
export function pollAfterOf(sendTarget: SendTarget | undefined, isUnknown: boolean): number | undefined {
  if (sendTarget?.provider.status === undefined) return undefined;
  return sendTarget.pollAfterMs ?? (isUnknown ? HELD_POLL_MS : undefined);
}

const MOST_LOOKUPS = 5;
/** Vendors keep their records for longer; what nobody knows after so long no vendor will say any more. */
const LONGEST_MS = 72 * 3_600_000;

/**
 * When to ask next: first `pollAfterMs` after the attempt, then each time after double the wait, five times in all and
 * for three days at most. Reckoned from the attempt, so that a look-up that came late asks for those before it too.
 */
export function nextLookupAt(sentAt: Date, pollAfterMs: number, now: Date): Date | undefined {
  const elapsedMs = now.getTime() - sentAt.getTime();
  const afterMs = Array.from({ length: MOST_LOOKUPS }, (_, round) => pollAfterMs * (2 ** (round + 1) - 1)).find((ms) => ms > elapsedMs);
  return afterMs === undefined || afterMs > LONGEST_MS ? undefined : new Date(sentAt.getTime() + afterMs);
}
