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
 * https://unisms.apistd.com/docs/extension/sms-dlr : a POST of JSON, to be switched on in the console with
 * `<http.publicUrl>/v1/receipts/<provider name>?token=<receiptToken>`. The vendor can be told to sign; how exactly its
 * page leaves open, so the token it is.
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
 * The vendor lists `delivered` only. Where it says a word that we do not know, the carrier's code decides: one that is
 * not on the way is the end of it.
 */
function judge(status: string, errorCode: unknown): DeliveryWord {
  const word = readDeliveryWord(status);
  const carrier = readDeliveryWord(errorCode);
  const reason = carrier?.reason ?? word?.reason;
  const state = word?.state ?? carrier?.state ?? (safeCode(errorCode) === undefined ? 'pending' : 'undelivered');
  return { state, ...(reason === undefined ? {} : { reason }) };
}

/** ISO 8601 with its zone. */
function deliveredAt(doneDate: unknown): { at?: Date } {
  if (typeof doneDate !== 'string' || !/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:?\d\d)$/.test(doneDate)) return {};
  const at = new Date(doneDate);
  return Number.isNaN(at.getTime()) ? {} : { at };
}
