import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type CountryCode, identifySender } from '../../alert/phone.ts';
import { epochMs } from '../../alert/read-moment.ts';
import type { InboundLog, SeenInbound } from '../../ledger/inbound/kept-inbound.ts';
import type { OptOuts } from '../../ledger/opt-out/opt-outs.ts';
import type { ProviderName } from '../../provider/contract/provider.ts';
import type { VendorInbound } from '../../provider/contract/receipt-reader.ts';
import type { Observer } from '../observer.ts';
import type { Answered, Reply } from './acknowledge-reply.ts';

/** A text to a number of ours, as it waits on the queue `sms-inbound`: verified, and without the whole number that it came from. */
export const inboundSchema = z.object({
  provider: z.string(),
  providerMessageId: z.string(),
  phoneHash: z.string(),
  /** Of the other spelling of the same phone, under which it may have opted out before. */
  formerHashes: z.array(z.string()).exactOptional(),
  /** The sender's number, masked; a short code or a name as it came. */
  from: z.string(),
  /** The sender's whole number, kept only where replies are confirmed. */
  phone: z.string().exactOptional(),
  text: z.string(),
  /** What the vendor took it for. */
  word: z.enum(['stop', 'start']).optional(),
  /** ms since the epoch, when it reached us. */
  receivedAt: epochMs,
});

export type Inbound = z.output<typeof inboundSchema>;

/** What a reader read, ready for the queue, whatever its sender looks like: a STOP is never lost. */
export function inboundOf(
  provider: ProviderName,
  { from, word, ...said }: VendorInbound,
  receivedAt: Date,
  defaultCountry?: CountryCode,
): Inbound {
  const { hashes, shown } = identifySender(from, defaultCountry);
  const [phoneHash, ...formerHashes] = hashes;
  return {
    provider,
    ...said,
    phoneHash,
    ...(formerHashes.length === 0 ? {} : { formerHashes }),
    from: shown,
    ...(word === undefined ? {} : { word }),
    receivedAt: receivedAt.getTime(),
  };
}

/** Those of the targets: https://help.twilio.com/articles/223134027 */
const STOP: readonly string[] = ['STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT', 'REVOKE', 'OPTOUT'];
const START: readonly string[] = ['START', 'UNSTOP', 'YES'];

/**
 * What a text asks for when it is nothing but that one word, in any case, with any marks around it. `please stop` is no
 * STOP, as with the targets: a sentence is somebody's answer to a person. `Opt-out` and `stop all` are words in two parts;
 * no such leave for a word that lets texts in again.
 */
export function readWord(text: string): 'stop' | 'start' | undefined {
  const word = text
    .normalize('NFKC')
    .toUpperCase()
    .replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
  if (STOP.includes(word.replace(/[\s-]+/g, ''))) return 'stop';
  return START.includes(word) ? 'start' : undefined;
}

interface InboundReceiverDeps {
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
