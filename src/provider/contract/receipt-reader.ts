import type { ProviderReason } from '../../alert/reason.ts';

/** A call at `/v1/receipts/<provider>` or `/v1/inbound/<provider>`, as it came in. */
export interface ReceiptCall {
  readonly method: 'GET' | 'POST';
  /** Path and query, byte for byte as they arrived: signatures cover them. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Empty for a GET. */
  readonly body: string;
}

/** What a vendor reports of one text. */
export interface VendorReceipt {
  /** Ours, where the vendor hands it back. */
  readonly messageId?: string;
  readonly providerMessageId?: string;
  /** `pending`: on its way, nothing final. */
  readonly state: 'delivered' | 'undelivered' | 'pending';
  /** The vendor's code of a text that did not arrive, fit to be shown: see `safeCode`. */
  readonly code?: string;
  /** What that code means, where our table holds it. */
  readonly reason?: ProviderReason;
  /** When the phone got it, where the vendor says and its time zone is known. */
  readonly at?: Date;
}

/** Reads one provider's delivery receipts. Pure: verified and queued elsewhere. */
export interface ReceiptReader {
  readonly methods: readonly ReceiptCall['method'][];
  /** False for what cannot have come from the vendor. */
  isGenuine(call: ReceiptCall): boolean;
  /** One entry a text; `undefined` where an entry, or the whole call, cannot be read. */
  read(call: ReceiptCall): readonly (VendorReceipt | undefined)[];
  /** The JSON that tells the vendor that we have it. */
  readonly answer: unknown;
}

export interface ReceiptReaderDeps {
  /** `http.publicUrl`: the address, without a slash at its end, that vendors call and sign. */
  readonly publicUrl: string | undefined;
  /** The config of every provider: one account's callback may come in at another's. */
  readonly providers: ReadonlyMap<string, { readonly type: string }>;
}
