import { readJson, readMessageId, safeCode } from '../../http-client/read-answer.ts';
import {
  hasReceiptToken,
  queryOf,
  type ReceiptCall,
  type ReceiptReader,
  type ReceiptReaderDeps,
  type VendorReceipt,
} from '../contract/receipt-reader.ts';
import type { HttpConfig } from './config.ts';
import { readScalar, resolvePointer } from './json-pointer.ts';

type Rules = NonNullable<HttpConfig['receipt']>;

/**
 * Parses receipts of a vendor that is described by config only: JSON, a form, or only a query, in which `/name` refers
 * to a field. Fields missing from the body are read from the query, where our id may have been sent in a callback URL.
 */
export function createHttpReceiptReader({ receipt, receiptToken }: HttpConfig, _deps: ReceiptReaderDeps): ReceiptReader {
  return {
    methods: ['GET', 'POST'],
    // Without a `receipt` config no receipts are expected.
    isGenuine: (call) => receipt !== undefined && hasReceiptToken(call, receiptToken),
    read: (call) => (receipt === undefined ? [] : readCall(call, receipt)),
    answer: {},
  };
}

function readCall(call: ReceiptCall, rules: Rules): (VendorReceipt | undefined)[] {
  const document = readBody(call);
  const listed = rules.entries === undefined ? document : resolvePointer(document, rules.entries);
  const query = Object.fromEntries(queryOf(call.target));
  return (Array.isArray(listed) ? listed : [listed]).map((entry) => readEntry(entry, query, rules));
}

/** Parses a body as a form if declared so, else as JSON, else as a form again: vendors use many content types. */
function readBody({ headers, body }: ReceiptCall): unknown {
  if (body === '') return {};
  const form = () => Object.fromEntries(new URLSearchParams(body));
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded')) return form();
  return readJson(body) ?? (/^[^\s{}[\]<>]+=/.test(body) ? form() : undefined);
}

function readEntry(entry: unknown, query: Readonly<Record<string, string>>, rules: Rules): VendorReceipt | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const at = (pointer: string | undefined) =>
    pointer === undefined ? undefined : (readScalar(entry, pointer) ?? readScalar(query, pointer));
  const messageId = readMessageId(at(rules.reference));
  const providerMessageId = readMessageId(at(rules.id));
  const status = at(rules.status);
  if (status === undefined || (messageId === undefined && providerMessageId === undefined)) return undefined;
  const state = Object.hasOwn(rules.map, status) ? (rules.map[status] as VendorReceipt['state']) : 'pending';
  const code = state === 'undelivered' ? safeCode(at(rules.code)) : undefined;
  return {
    ...(messageId === undefined ? {} : { messageId }),
    ...(providerMessageId === undefined ? {} : { providerMessageId }),
    state,
    ...(code === undefined ? {} : { code }),
  };
}
