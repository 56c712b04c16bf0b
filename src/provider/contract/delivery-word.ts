import type { ProviderReason } from '../../alert/reason.ts';
import type { VendorReceipt } from './receipt-reader.ts';

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
