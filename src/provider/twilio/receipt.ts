import { readMessageId, safeCode } from '../../http-client/read-answer.ts';
import type { ReceiptCall, ReceiptReader, ReceiptReaderDeps, VendorReceipt } from '../contract/receipt-reader.ts';
import { queryOf } from '../contract/receipt-token.ts';
import { deliveryReason } from './codes.ts';
import type { TwilioConfig } from './config.ts';
import { stateOf } from './message-status.ts';
import { createTwilioSeal } from './signature.ts';

/**
 * Status callbacks: https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
 * When the phone got a text, `RawDlrDoneDate`, comes without a time zone and is left alone.
 */
export function createTwilioReceiptReader(_config: TwilioConfig, deps: ReceiptReaderDeps): ReceiptReader {
  return {
    methods: ['POST'],
    isGenuine: createTwilioSeal(deps),
    read: (call) => [readReceipt(call)],
    answer: {},
  };
}

function readReceipt({ target, body }: ReceiptCall): VendorReceipt | undefined {
  const fields = new URLSearchParams(body);
  const messageId = queryOf(target).get('message') ?? undefined;
  const providerMessageId = readMessageId(fields.get('MessageSid') ?? fields.get('SmsSid'));
  const status = fields.get('MessageStatus') ?? fields.get('SmsStatus');
  if (status === null || (messageId === undefined && providerMessageId === undefined)) return undefined;
  const state = stateOf(status);
  const code = state === 'undelivered' ? safeCode(fields.get('ErrorCode')) : undefined;
  const reason = deliveryReason(code);
  return {
    state,
    ...(messageId === undefined ? {} : { messageId }),
    ...(providerMessageId === undefined ? {} : { providerMessageId }),
    ...(code === undefined ? {} : { code }),
    ...(reason === undefined ? {} : { reason }),
  };
}
