import { readJson, readMessageId } from '../../http-client/read-answer.ts';
import type { ReceiptCall, ReceiptReader, ReceiptReaderDeps, VendorReceipt } from '../contract/receipt-reader.ts';
import { hasReceiptToken } from '../contract/receipt-token.ts';
import type { ExotelConfig } from './config.ts';
import { readDelivery } from './delivery.ts';

/**
 * One text a call, once it has come to its end. Exotel signs nothing; its dates have no time zone, so none is told.
 * https://developer.exotel.com/api-console/send-sms-api-console
 */
export function createExotelReceiptReader({ receiptToken }: ExotelConfig, _deps: ReceiptReaderDeps): ReceiptReader {
  return {
    methods: ['POST'],
    isGenuine: (call) => hasReceiptToken(call, receiptToken),
    read: (call) => [readReceipt(fieldsOf(call))],
    answer: {},
  };
}

/** A form as documented; the webhooks page shows other products' in JSON: https://developer.exotel.com/docs/references/webhooks */
function fieldsOf({ body }: ReceiptCall): Readonly<Record<string, unknown>> {
  const json = readJson(body);
  return typeof json === 'object' && json !== null
    ? (json as Readonly<Record<string, unknown>>)
    : Object.fromEntries(new URLSearchParams(body));
}

function readReceipt(fields: Readonly<Record<string, unknown>>): VendorReceipt | undefined {
  const messageId = readMessageId(fields.CustomField);
  const providerMessageId = readMessageId(fields.SmsSid);
  const delivery = readDelivery(fields);
  if (delivery === undefined || (messageId === undefined && providerMessageId === undefined)) return undefined;
  const { state, code, reason } = delivery;
  return {
    ...(messageId === undefined ? {} : { messageId }),
    ...(providerMessageId === undefined ? {} : { providerMessageId }),
    state,
    ...(state === 'undelivered' && code !== undefined ? { code } : {}),
    ...(state === 'undelivered' && reason !== undefined ? { reason } : {}),
  };
}
