import { createHash, timingSafeEqual } from 'node:crypto';
import type { ProviderReason } from '../../alert/reason.ts';
import type { Secret } from '../../setting/secret.ts';

export interface DeliveryWord {
  readonly state: VendorReceipt['state'];
  readonly reason?: ProviderReason;
}

/**
 * The words of delivery receipts as carriers say them and vendors pass them on, in capitals: those of SMPP 3.4,
 * appendix B (https://smpp.org/SMPP_v3_4_Issue1_2.pdf), and what they are in plain English.
 */
const WORDS: ReadonlyMap<string, DeliveryWord> = new Map<string, DeliveryWord>([
  ['DELIVRD', { state: 'delivered' }],
  ['DELIVERED', { state: 'delivered' }],

  ['UNDELIV', { state: 'undelivered', reason: 'recipient' }],
  ['UNDELIVERED', { state: 'undelivered', reason: 'recipient' }],
  ['UNDELIVERABLE', { state: 'undelivered', reason: 'recipient' }],
  // The phone was off for as long as the carrier kept the text.
  ['EXPIRED', { state: 'undelivered', reason: 'recipient' }],
  ['REJECTD', { state: 'undelivered', reason: 'content' }],
  ['REJECTED', { state: 'undelivered', reason: 'content' }],
  ['DELETED', { state: 'undelivered' }],
  ['FAILED', { state: 'undelivered' }],

  ['ACCEPTD', { state: 'pending' }],
  ['ACCEPTED', { state: 'pending' }],
  ['ENROUTE', { state: 'pending' }],
  ['UNKNOWN', { state: 'pending' }],
  ['PENDING', { state: 'pending' }],
  ['QUEUED', { state: 'pending' }],
  ['SENDING', { state: 'pending' }],
  ['SENT', { state: 'pending' }],
  ['SUBMITTED', { state: 'pending' }],
]);

/** `undefined` for a word that is none of them. */
export function readDeliveryWord(word: unknown): DeliveryWord | undefined {
  return typeof word === 'string' ? WORDS.get(word.trim().toUpperCase()) : undefined;
}

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

/** For vendors that sign nothing: `?token=` must equal the provider's `receiptToken`. Without one set, nothing is let in. */
export function hasReceiptToken({ target }: ReceiptCall, receiptToken: Secret | undefined): boolean {
  const given = queryOf(target).get('token');
  if (receiptToken === undefined || given === null) return false;
  // A plus that was not escaped arrives as a space.
  const expected = digest(receiptToken.reveal().replaceAll('+', ' '));
  return timingSafeEqual(digest(given.replaceAll('+', ' ')), expected);
}

/** The query of a path as it arrived. */
export function queryOf(target: string): URLSearchParams {
  const start = target.indexOf('?');
  return new URLSearchParams(start === -1 ? '' : target.slice(start + 1));
}

/** Equal lengths, whatever was sent. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

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
