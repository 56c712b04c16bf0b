import { createHash, timingSafeEqual } from 'node:crypto';
import type { ProviderReason } from '../../alert/reason.ts';
import type { Secret } from '../../setting/secret.ts';

export interface DeliveryWord {
  readonly state: VendorReceipt['state'];
  readonly reason?: ProviderReason;
}

/**
 * Status words of delivery receipts as carriers use them and vendors pass them on, in capitals: those of SMPP 3.4,
 * appendix B (https://smpp.org/SMPP_v3_4_Issue1_2.pdf), and their plain English forms.
 */
const WORDS: ReadonlyMap<string, DeliveryWord> = new Map<string, DeliveryWord>([
  ['DELIVRD', { state: 'delivered' }],
  ['DELIVERED', { state: 'delivered' }],

  ['UNDELIV', { state: 'undelivered', reason: 'recipient' }],
  ['UNDELIVERED', { state: 'undelivered', reason: 'recipient' }],
  ['UNDELIVERABLE', { state: 'undelivered', reason: 'recipient' }],
  // The phone was off for as long as the carrier kept the message.
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

/** Returns `undefined` for an unknown word. */
export function readDeliveryWord(word: unknown): DeliveryWord | undefined {
  return typeof word === 'string' ? WORDS.get(word.trim().toUpperCase()) : undefined;
}

/** A call at `/v1/receipts/<provider>` or `/v1/inbound/<provider>`, as received. */
export interface ReceiptCall {
  readonly method: 'GET' | 'POST';
  /** Path and query, byte for byte as received: signatures cover them. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Empty for a GET. */
  readonly body: string;
}

/** A vendor's report about one message. */
export interface VendorReceipt {
  /** Our id, when the vendor returns it. */
  readonly messageId?: string;
  readonly providerMessageId?: string;
  /** `pending`: intermediate state. */
  readonly state: 'delivered' | 'undelivered' | 'pending';
  /** The vendor's error code, safe to show: see `safeCode`. */
  readonly code?: string;
  /** Meaning of the code, when it is in the table. */
  readonly reason?: ProviderReason;
  /** Delivery time, when the vendor reports it with a known time zone. */
  readonly at?: Date;
}

/** Parses one provider's delivery receipts. Pure: they are queued elsewhere. */
export interface ReceiptReader {
  readonly methods: readonly ReceiptCall['method'][];
  /** Whether the call can have come from the vendor. */
  isGenuine(call: ReceiptCall): boolean;
  /** One entry per message; `undefined` for an unreadable entry or call. */
  read(call: ReceiptCall): readonly (VendorReceipt | undefined)[];
  /** JSON response that confirms the receipt to the vendor. */
  readonly answer: unknown;
}

export interface ReceiptReaderDeps {
  /** `http.publicUrl`: the address that vendors call and sign, without a trailing slash. */
  readonly publicUrl: string | undefined;
  /** Config of every provider: callbacks of one account may arrive at another provider's URL. */
  readonly providers: ReadonlyMap<string, { readonly type: string }>;
}

/** Whether `?token=` equals the provider's `receiptToken`, for vendors without signatures. False when no token is configured. */
export function hasReceiptToken({ target }: ReceiptCall, receiptToken: Secret | undefined): boolean {
  const given = queryOf(target).get('token');
  if (receiptToken === undefined || given === null) return false;
  // An unescaped plus arrives as a space.
  const expected = digest(receiptToken.reveal().replaceAll('+', ' '));
  return timingSafeEqual(digest(given.replaceAll('+', ' ')), expected);
}

/** Parses the query of a path as received. */
export function queryOf(target: string): URLSearchParams {
  const start = target.indexOf('?');
  return new URLSearchParams(start === -1 ? '' : target.slice(start + 1));
}

/** Hashes a value, so that the compared buffers have equal lengths. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** An inbound message to one of our numbers. */
export interface VendorInbound {
  readonly providerMessageId: string;
  /** The sender, in the vendor's notation. */
  readonly from: string;
  readonly text: string;
  /** The vendor's own classification, by the keywords that its customer configured. */
  readonly word?: 'stop' | 'start' | undefined;
}

/** Parses the inbound messages of one provider. Pure: they are queued elsewhere. */
export interface InboundReader {
  /** Whether the call can have come from the vendor. */
  isGenuine(call: ReceiptCall): boolean;
  /** Returns `undefined` when the call is unreadable. */
  read(call: ReceiptCall): VendorInbound | undefined;
  /** Response that confirms the message and sends no reply. */
  readonly answer: { readonly type: string; readonly body: string };
}

export type InboundReaderDeps = ReceiptReaderDeps;
