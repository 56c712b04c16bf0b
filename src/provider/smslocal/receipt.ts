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
 * A GET or a POST with `msgid`, `status`, `errorcode`, repeated until it is answered with 200; its fields are named on
 * the vendor's site (https://www.smslocal.com/developer), its encoding is not. It is not signed.
 */
export function createSmslocalReceiptReader({ receiptToken }: SmslocalConfig, _deps: ReceiptReaderDeps): ReceiptReader {
  return {
    methods: ['GET', 'POST'],
    isGenuine: (call) => hasReceiptToken(call, receiptToken),
    read: (call) => reportsOf(call).map(readReceipt),
    answer: {},
  };
}

/** Whatever names a message wins: a body of JSON or a form, or the query. */
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
  // Replies of the recipient come to the same address.
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
