import type { ReceiptCall, ReceiptReaderDeps } from './receipt-reader.ts';

/** What somebody texted to a number of ours. */
export interface VendorInbound {
  readonly providerMessageId: string;
  /** Whose phone, as the vendor writes it. */
  readonly from: string;
  readonly text: string;
  /** What the vendor itself took it for, by the words that its customer configured. */
  readonly word?: 'stop' | 'start' | undefined;
}

/** Reads the texts that come in through one provider. Pure: verified and queued elsewhere. */
export interface InboundReader {
  /** False for what cannot have come from the vendor. */
  isGenuine(call: ReceiptCall): boolean;
  /** `undefined` where it cannot be read. */
  read(call: ReceiptCall): VendorInbound | undefined;
  /** Tells the vendor that we have it, and that nothing is to be texted back. */
  readonly answer: { readonly type: string; readonly body: string };
}

export type InboundReaderDeps = ReceiptReaderDeps;
