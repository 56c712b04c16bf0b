import { randomUUID } from 'node:crypto';
import type { OptOuts } from '../ledger/opt-outs.ts';
import type { SeenInbound } from '../ledger/seen-inbound.ts';
import type { InboundKind, Observer } from '../pipeline/observer.ts';
import type { Inbound } from './inbound.ts';
import { readWord } from './read-word.ts';

/** An answer to one of our texts, as far as we know. */
export interface Reply {
  readonly phoneHash: string;
  readonly text: string;
  readonly at: Date;
}

export interface InboundReceiverDeps {
  readonly seen: SeenInbound;
  readonly optOuts: Pick<OptOuts, 'optOut' | 'optIn'>;
  /** Told of what is neither STOP nor START. Twice, when its worker dies over it. */
  readonly acknowledgeByReply: (reply: Reply) => Promise<'acknowledged' | 'unmatched'>;
  readonly observer: Pick<Observer, 'inbound'>;
}

export type ApplyInbound = (inbound: Inbound) => Promise<void>;

/** Does what a text asks for, and counts it, once. Done first and remembered then: a word said twice is no harm, one lost is. */
export function createInboundReceiver({ seen, optOuts, acknowledgeByReply, observer }: InboundReceiverDeps): ApplyInbound {
  const follow = async ({ provider, phoneHash, formerHashes = [], from, text, word, receivedAt }: Inbound): Promise<InboundKind> => {
    const at = new Date(receivedAt);
    const words = [word, readWord(text)];
    if (words.includes('stop')) {
      await optOuts.optOut({ phoneHash, to: from, since: at, source: `inbound ${provider}` });
      return 'stop';
    }
    if (words.includes('start')) {
      for (const hash of [phoneHash, ...formerHashes]) await optOuts.optIn(hash, at);
      return 'start';
    }
    return acknowledgeByReply({ phoneHash, text, at });
  };

  return async (inbound) => {
    const { provider, providerMessageId } = inbound;
    const known = await seen.has(provider, providerMessageId);
    const kind = known ? 'duplicate' : await follow(inbound);
    const first = !known && (await seen.add(provider, providerMessageId, randomUUID()));
    observer.inbound(provider, first ? kind : 'duplicate');
  };
}
