import { z } from 'zod';
import type { E164 } from '../../alert/phone/phone.ts';
import type { MessageHistory } from '../../ledger/history/history.ts';
import type { ProviderName } from '../../provider/contract/provider.ts';
import type { SendTarget } from '../sending/send-target.ts';

/** A status query as it waits on the queue `sms-lookups`. The ledger provides the provider and the id when it runs. */
export const lookupSchema = z.object({
  messageId: z.string(),
  to: z.string().transform((phone) => phone as E164),
  /** Only when the provider gave no id: the message is found by its text. */
  text: z.string().optional(),
});

export type Lookup = z.output<typeof lookupSchema>;

/** The provider to query about a message, and the vendor's id. */
export interface LookupTarget {
  readonly provider: ProviderName;
  readonly providerMessageId?: string;
  /** Start of the attempt. */
  readonly sentAt: Date;
}

/**
 * Returns the provider that accepted the message, else the last one with an unknown outcome; `undefined` when there was
 * no request, or all were refused.
 */
export function lookupTarget({ attempts, provider, providerMessageId }: MessageHistory): LookupTarget | undefined {
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

/** Delay for unknown outcomes, which are queried whenever the provider supports it, regardless of the config. */
const HELD_POLL_MS = 60_000;

/** Returns the delay from the attempt to the query; `undefined` when the provider cannot be queried or is not to be. */
export function pollAfterOf(sendTarget: SendTarget | undefined, isUnknown: boolean): number | undefined {
  if (sendTarget?.provider.status === undefined) return undefined;
  return sendTarget.pollAfterMs ?? (isUnknown ? HELD_POLL_MS : undefined);
}

const MOST_LOOKUPS = 5;
/** Maximum age: vendors keep their records longer, but a state unknown for so long stays unknown. */
const LONGEST_MS = 72 * 3_600_000;

/**
 * Returns the time of the next query: `pollAfterMs` after the attempt, then with doubled delays, five times in all and
 * within three days. Computed from the attempt, so that a late query covers the missed ones.
 */
export function nextLookupAt(sentAt: Date, pollAfterMs: number, now: Date): Date | undefined {
  const elapsedMs = now.getTime() - sentAt.getTime();
  const afterMs = Array.from({ length: MOST_LOOKUPS }, (_, round) => pollAfterMs * (2 ** (round + 1) - 1)).find((ms) => ms > elapsedMs);
  return afterMs === undefined || afterMs > LONGEST_MS ? undefined : new Date(sentAt.getTime() + afterMs);
}
