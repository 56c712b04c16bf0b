import { readJson, readMessageId, safeCode } from '../../http-client/read-answer.ts';
import {
  type DeliveryWord,
  hasReceiptToken,
  type ReceiptCall,
  type ReceiptReader,
  type ReceiptReaderDeps,
  readDeliveryWord,
  type VendorReceipt,
} from '../contract/receipt-reader.ts';
import type { UnismsConfig } from './config.ts';

/**
 * Parses delivery receipts, https://unisms.apistd.com/docs/extension/sms-dlr : a POST of JSON, to be enabled in the
 * console with `<http.publicUrl>/v1/receipts/<provider name>?token=<receiptToken>`. The vendor supports signatures, but
 * does not document them precisely, so the token is used.
 */
export function createUnismsReceiptReader({ receiptToken }: UnismsConfig, _deps: ReceiptReaderDeps): ReceiptReader {
  return {
    methods: ['POST'],
    isGenuine: (call) => hasReceiptToken(call, receiptToken),
    read: ({ body }: ReceiptCall) => {
      const json = readJson(body);
      return (Array.isArray(json) ? json : [json]).map(readReceipt);
    },
    answer: {},
  };
}

function readReceipt(entry: unknown): VendorReceipt | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const { id, status, errorCode, doneDate } = entry as Readonly<Record<string, unknown>>;
  const providerMessageId = readMessageId(id);
  if (providerMessageId === undefined || typeof status !== 'string') return undefined;

  const { state, reason } = judge(status, errorCode);
  if (state !== 'undelivered') return { providerMessageId, state, ...(state === 'delivered' ? deliveredAt(doneDate) : {}) };
  const code = safeCode(errorCode) ?? safeCode(status);
  return { providerMessageId, state, ...(code === undefined ? {} : { code }), ...(reason === undefined ? {} : { reason }) };
}

/**
 * Derives the state. The vendor documents `delivered` only; for an unknown word the carrier's code decides, and any
 * code other than an intermediate one is final.
 */
function judge(status: string, errorCode: unknown): DeliveryWord {
  const word = readDeliveryWord(status);
  const carrier = readDeliveryWord(errorCode);
  const reason = carrier?.reason ?? word?.reason;
  const state = word?.state ?? carrier?.state ?? (safeCode(errorCode) === undefined ? 'pending' : 'undelivered');
  return { state, ...(reason === undefined ? {} : { reason }) };
}

/** Parses ISO 8601 with zone. */
function deliveredAt(doneDate: unknown): { at?: Date } {
  if (typeof doneDate !== 'string' || !/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:?\d\d)$/.test(doneDate)) return {};
  const at = new Date(doneDate);
  return Number.isNaN(at.getTime()) ? {} : { at };
}
