import type { VendorReceipt } from '../contract/receipt-reader.ts';

/**
 * What each final status says; all others, and those that Twilio may yet invent, are steps on the way. `sent` is one of
 * them, although it stays the last where the carrier reports nothing.
 * https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
 */
const FINAL: ReadonlyMap<string, VendorReceipt['state']> = new Map([
  ['delivered', 'delivered'],
  ['read', 'delivered'],
  ['undelivered', 'undelivered'],
  ['failed', 'undelivered'],
  ['canceled', 'undelivered'],
]);

export function stateOf(status: string): VendorReceipt['state'] {
  return FINAL.get(status.toLowerCase()) ?? 'pending';
}
