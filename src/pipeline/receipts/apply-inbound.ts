import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { epochMs } from '../../alert/parse/read-moment.ts';
import { type CountryCode, identifySender } from '../../alert/phone/phone.ts';
import type { InboundLog, SeenInbound } from '../../ledger/inbound/kept-inbound.ts';
import type { OptOuts } from '../../ledger/opt-out/opt-outs.ts';
import type { ProviderName } from '../../provider/contract/provider.ts';
import type { VendorInbound } from '../../provider/contract/receipt-reader.ts';
import type { Observer } from '../observer.ts';
import type { Answered, Reply } from './acknowledge-reply.ts';

/** An inbound message as it waits on the queue `sms-inbound`: verified, and without the sender's full number. */
export const inboundSchema = z.object({
  provider: z.string(),
  providerMessageId: z.string(),
  phoneHash: z.string(),
  /** Hashes of the other spelling of the phone, under which it may have opted out. */
  formerHashes: z.array(z.string()).exactOptional(),
  /** Sender's number, masked; a short code or a name unchanged. */
  from: z.string(),
  /** Sender's full number, stored only when replies are confirmed. */
  phone: z.string().exactOptional(),
  text: z.string(),
  /** Classification by the vendor. */
  word: z.enum(['stop', 'start']).optional(),
  /** Time of receipt, ms since the epoch. */
  receivedAt: epochMs,
});

export type Inbound = z.output<typeof inboundSchema>;

/** Converts a parsed inbound message for the queue, with any sender: a STOP is never lost. */
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

/** The carriers' keywords: https://help.twilio.com/articles/223134027 */
const STOP: readonly string[] = ['STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT', 'REVOKE', 'OPTOUT'];
const START: readonly string[] = ['START', 'UNSTOP', 'YES'];

/**
 * Detects a message that is only one keyword, in any case and with punctuation. `please stop` is no STOP, as with the
 * carriers: a sentence is an answer to a person. `Opt-out` and `stop all` may be two words; START may not.
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
  /** Handles messages that are neither STOP nor START; may run twice after a crash. */
  readonly acknowledgeByReply: (reply: Reply) => Promise<Answered>;
  readonly log: Pick<InboundLog, 'keep'>;
  /** Contact of the config that a phone hash belongs to. */
  readonly contactOf: (phoneHash: string) => string | undefined;
  readonly observer: Pick<Observer, 'inbound'>;
}

export type ApplyInbound = (inbound: Inbound) => Promise<void>;

type Followed = Answered | { readonly kind: 'stop' | 'start' };

/**
 * Executes the command of a message, stores it with the result, and counts it once. Executed before it is stored:
 * repeating a command is harmless, losing one is not.
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

/** Longer than any SMS. */
const LONGEST_TEXT = 2000;

/** Replaces control characters, line breaks included, by spaces, so that terminals and pages do not interpret them. */
function withoutControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]+/gu, ' ').slice(0, LONGEST_TEXT);
}
