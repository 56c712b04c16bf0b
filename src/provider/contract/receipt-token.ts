import { createHash, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../setting/secret.ts';
import type { ReceiptCall } from './receipt-reader.ts';

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
