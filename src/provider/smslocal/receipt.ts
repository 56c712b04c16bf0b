import { readJson, readMessageId, safeCode } from '../../http-client/read-answer.ts';
import {
  hasReceiptToken,
  queryOf,
  type ReceiptCall,
  type ReceiptReader,
  type ReceiptReaderDeps,
  readDeliveryWord,
  type VendorReceipt,
} from '../contract/receipt-reader.ts';
import type { SmslocalConfig } from './config.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Parses receipts: a GET or a POST with `msgid`, `status`, `errorcode`, repeated until the response is 200. The vendor
 * documents the fields (https://www.smslocal.com/developer), but not their encoding. They are not signed.
 */
export function createSmslocalReceiptReader({ receiptToken }: SmslocalConfig, _deps: ReceiptReaderDeps): ReceiptReader {
  return {
    methods: ['GET', 'POST'],
    isGenuine: (call) => hasReceiptToken(call, receiptToken),
    read: (call) => reportsOf(call).map(readReceipt),
    answer: {},
  };
}

/** Returns the first of JSON body, form body and query that contains a message id. */
function reportsOf({ target, body }: ReceiptCall): readonly unknown[] {
  if (body === '') return [Object.fromEntries(queryOf(target))];
  const json = readJson(body);
  if (Array.isArray(json)) return json;
  return [{ ...Object.fromEntries(queryOf(target)), ...(json ?? Object.fromEntries(new URLSearchParams(body))) }];
}

function readReceipt(report: unknown): VendorReceipt | undefined {
  if (typeof report !== 'object' || report === null) return undefined;
  const fields = inLowerCase(report as Fields);
  const providerMessageId = readMessageId(fields.msgid ?? fields.id);
  // Replies of recipients arrive at the same URL.
  if (providerMessageId === undefined || fields.direction === 'mo') return undefined;
  const word = readDeliveryWord(fields.status);
  if (word === undefined) return typeof fields.status === 'string' ? { providerMessageId, state: 'pending' } : undefined;
  if (word.state !== 'undelivered') return { providerMessageId, state: word.state };

  const given = safeCode(fields.errorcode);
  const code = given === undefined || /^(0+|200)$/.test(given) ? safeCode(fields.status) : given;
  const { reason } = word;
  return { providerMessageId, state: word.state, ...(code === undefined ? {} : { code }), ...(reason === undefined ? {} : { reason }) };
}

function inLowerCase(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]));
}
