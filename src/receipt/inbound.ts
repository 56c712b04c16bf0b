import { z } from 'zod';
import { maskPhone, parsePhone, phoneHash } from '../alert/phone.ts';
import type { VendorInbound } from '../provider/inbound-reader.ts';
import type { ProviderName } from '../provider/provider.ts';

/** A text to a number of ours, as it waits on the queue `sms-inbound`: verified, and without the whole number that it came from. */
export const inboundSchema = z.object({
  provider: z.string(),
  providerMessageId: z.string(),
  phoneHash: z.string(),
  /** The sender's number, masked. */
  from: z.string(),
  text: z.string(),
  /** What the vendor took it for. */
  word: z.enum(['stop', 'start']).optional(),
  /** ms since the epoch, when it reached us. */
  receivedAt: z.number(),
});

export type Inbound = z.output<typeof inboundSchema>;

/** What a reader read, ready for the queue; `undefined` for a sender that is no phone, such as a short code. */
export function inboundOf(provider: ProviderName, { from, word, ...said }: VendorInbound, receivedAt: Date): Inbound | undefined {
  const verdict = parsePhone(from);
  if (!verdict.ok) return undefined;
  return {
    provider,
    ...said,
    phoneHash: phoneHash(verdict.phone),
    from: maskPhone(verdict.phone),
    ...(word === undefined ? {} : { word }),
    receivedAt: receivedAt.getTime(),
  };
}
