import { z } from 'zod';
import { epochMs } from '../../alert/epoch-ms.ts';
import { type CountryCode, identifySender } from '../../alert/phone.ts';
import type { VendorInbound } from '../../provider/contract/inbound-reader.ts';
import type { ProviderName } from '../../provider/contract/provider.ts';

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
