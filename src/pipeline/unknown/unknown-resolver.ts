import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { type Histories, type HistoryEvent, isUnresolved, type MessageHistory, type MessageState } from '../../ledger/history/history.ts';
import type { Unknowns } from '../../ledger/unknown/unknowns.ts';
import type { ProviderName } from '../../provider/contract/provider.ts';
import { type Message, messageSchema } from '../message.ts';
import { replayMessage } from './replay-message.ts';

/** An operator's resolution of an unknown outcome. `resend`: it was not sent, and is sent again. */
export const OPERATOR_WORDS = ['sent', 'not_sent', 'resend'] as const;
export type OperatorWord = (typeof OPERATOR_WORDS)[number];

export type Settled =
  | { readonly kind: 'settled' }
  /** The message is not unknown (any more), or does not exist. */
  | { readonly kind: 'kept'; readonly state: MessageState | undefined };

/** Lists and resolves messages with unknown outcome. */
export interface UnknownResolver {
  /** Oldest first, at most `limit`. */
  list(limit: number): Promise<MessageHistory[]>;
  resolve(messageId: string, word: OperatorWord): Promise<Settled>;
}

export interface UnknownResolverDeps {
  readonly unknowns: Unknowns;
  readonly histories: Pick<Histories, 'message'>;
  /** Puts a message back on its queue; idempotent. */
  readonly add: (message: Message) => Promise<void>;
  readonly clock: Clock;
}

const SAYS: Readonly<Record<OperatorWord, string>> = {
  sent: 'an operator confirmed that it was sent',
  not_sent: 'an operator confirmed that it was not sent',
  resend: 'an operator confirmed that it was not sent, and resent it',
};

export function createUnknownResolver(deps: UnknownResolverDeps): UnknownResolver {
  const { unknowns, histories, clock } = deps;
  return {
    async list(limit) {
      const found = await Promise.all((await unknowns.ids(limit)).map((id) => histories.message(id)));
      return found.filter((history) => history !== undefined);
    },
    resolve(messageId, word) {
      const verdict = word === 'sent' ? 'confirmed_sent' : 'confirmed_not_sent';
      const event = { stage: 'operator', verdict, detail: SAYS[word] };
      const again = word === 'resend' ? (message: Message) => replayMessage(message, clock.now()) : undefined;
      return settle(deps, messageId, { sent: word === 'sent', event, again });
    },
  };
}

/**
 * Resolves a held message that its vendor reported as never accepted: it is sent again before its deadline, else it has
 * failed. Only the single provider that may have it can prove that.
 */
export async function disproveUnknown(deps: UnknownResolverDeps, history: MessageHistory, provider: ProviderName): Promise<boolean> {
  const unresolved = history.attempts.filter(isUnresolved);
  if (unresolved.length !== 1 || unresolved[0]?.provider !== provider) return false;
  const now = deps.clock.now();
  const event = { stage: 'reconcile', verdict: 'confirmed_not_sent', detail: `asked ${provider}` };
  const isGood = Date.parse(history.expiresAt) > now.getTime();
  const again = (message: Message): Message => ({
    ...message,
    replay: { number: (message.replay?.number ?? 0) + 1, at: now.getTime(), by: 'vendor' },
  });
  const { kind } = await settle(deps, history.id, { sent: false, event, again: isGood ? again : undefined });
  return kind === 'settled';
}

interface Word {
  readonly sent: boolean;
  readonly event: Omit<HistoryEvent, 'at'>;
  /** Builds the message that is sent again. */
  readonly again: ((message: Message) => Message) | undefined;
}

/**
 * Updates the ledger, adds the job, then removes the kept content: after a crash in between, the message is still
 * listed, and repeating the command completes it.
 */
async function settle(
  { unknowns, histories, add, clock }: UnknownResolverDeps,
  messageId: string,
  { sent, event, again }: Word,
): Promise<Settled> {
  const kept = await unknowns.kept(messageId);
  if (kept === undefined) return { kind: 'kept', state: (await histories.message(messageId))?.state };
  const message = messageSchema.parse(JSON.parse(kept));
  const { alertId, dedupHash } = message;
  const at = clock.now();
  const answer = await unknowns.settle({
    messageId,
    alertId,
    dedupHash,
    run: randomUUID(),
    sent,
    at,
    keep: again !== undefined,
    event: { at: at.toISOString(), ...event },
  });
  if (answer === 'missing') return { kind: 'kept', state: undefined };
  if (again === undefined) return answer === 'settled' ? { kind: 'settled' } : { kind: 'kept', state: answer };
  if (answer !== 'settled' && answer !== 'failed') return { kind: 'kept', state: answer };
  await add(again(message));
  await unknowns.forgetSent(messageId);
  return { kind: 'settled' };
}
