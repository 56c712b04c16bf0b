import { randomUUID } from 'node:crypto';
import type { InboundLog } from '../../ledger/inbound/kept-inbound.ts';
import type { SeenInbound } from '../../ledger/inbound/seen-inbound.ts';
import type { OptOuts } from '../../ledger/opt-out/opt-outs.ts';
import type { Observer } from '../observer.ts';
import type { Answered, Reply } from './acknowledge-reply.ts';
import type { Inbound } from './inbound.ts';
import { readWord } from './read-word.ts';

export interface InboundReceiverDeps {
  readonly seen: SeenInbound;
  readonly optOuts: Pick<OptOuts, 'optOut' | 'optIn'>;
  /** Gets what is neither STOP nor START. Twice, when its worker crashes meanwhile. */
  readonly acknowledgeByReply: (reply: Reply) => Promise<Answered>;
  readonly log: Pick<InboundLog, 'keep'>;
  /** The contact of the config that a phone belongs to, by its hash. */
  readonly contactOf: (phoneHash: string) => string | undefined;
  readonly observer: Pick<Observer, 'inbound'>;
}

export type ApplyInbound = (inbound: Inbound) => Promise<void>;

type Followed = Answered | { readonly kind: 'stop' | 'start' };

/**
 * Does what a text asks for, keeps it with what was made of it, and counts it, once. Done first and remembered then: a word
 * said twice is no harm, one lost is.
 */
export function createInboundReceiver(deps: InboundReceiverDeps): ApplyInbound {
  const { seen, optOuts, acknowledgeByReply, log, contactOf, observer } = deps;

  const follow = async (inbound: Inbound, contact: string | null): Promise<Followed> => {
    const { provider, providerMessageId, phoneHash, formerHashes = [], from, phone, text, word, receivedAt } = inbound;
    const at = new Date(receivedAt);
    const words = [word, readWord(text)];
    if (words.includes('stop')) {
      await optOuts.optOut({ phoneHash, to: from, since: at, source: `inbound ${provider}` });
      return { kind: 'stop' };
    }
    if (words.includes('start')) {
      for (const hash of [phoneHash, ...formerHashes]) await optOuts.optIn(hash, at);
      return { kind: 'start' };
    }
    const id = `${provider} ${providerMessageId}`;
    return acknowledgeByReply({ id, phoneHash, contact, text, at, ...(phone === undefined ? {} : { to: phone }) });
  };

  const takeIn = async (inbound: Inbound): Promise<Followed['kind']> => {
    const { provider, providerMessageId, phoneHash, from, text, receivedAt } = inbound;
    const contact = contactOf(phoneHash) ?? null;
    const followed = await follow(inbound, contact);
    await log.keep(providerMessageId, {
      at: new Date(receivedAt).toISOString(),
      provider,
      from,
      contact,
      text: withoutControls(text),
      kind: followed.kind,
      reason: followed.kind === 'unmatched' ? followed.reason : null,
      alerts: followed.kind === 'acknowledged' ? followed.alerts : [],
    });
    return followed.kind;
  };

  return async (inbound) => {
    const { provider, providerMessageId } = inbound;
    const known = await seen.has(provider, providerMessageId);
    const kind = known ? 'duplicate' : await takeIn(inbound);
    const first = !known && (await seen.add(provider, providerMessageId, randomUUID()));
    observer.inbound(provider, first ? kind : 'duplicate');
  };
}

/** Longer than any text of a phone. */
const LONGEST_TEXT = 2000;

/** What a terminal or a page would obey instead of showing it, line breaks included, becomes a blank. */
function withoutControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]+/gu, ' ').slice(0, LONGEST_TEXT);
}
