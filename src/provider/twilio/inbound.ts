import { readMessageId } from '../../http-client/read-answer.ts';
import type { InboundReader, InboundReaderDeps, ReceiptCall, VendorInbound } from '../contract/receipt-reader.ts';
import type { TwilioConfig } from './config.ts';
import { createTwilioSeal } from './receipt.ts';

/** An empty TwiML: nothing goes back. Twilio itself answers STOP, START and HELP. */
const NO_REPLY = { type: 'text/xml', body: '<?xml version="1.0" encoding="UTF-8"?><Response/>' };

/** HELP is answered by Twilio, and asks nothing of us. */
const WORDS: ReadonlyMap<string, VendorInbound['word']> = new Map([
  ['STOP', 'stop'],
  ['START', 'start'],
]);

/**
 * Incoming texts: https://www.twilio.com/docs/messaging/guides/webhook-request
 * `OptOutType` comes from Messaging Services with Advanced Opt-Out, whose customers choose words and languages of their own;
 * `Body` may be missing beside it, and beside a picture.
 */
export function createTwilioInboundReader(_config: TwilioConfig, deps: InboundReaderDeps): InboundReader {
  return { isGenuine: createTwilioSeal(deps), read: readInbound, answer: NO_REPLY };
}

function readInbound({ body }: ReceiptCall): VendorInbound | undefined {
  const fields = new URLSearchParams(body);
  const providerMessageId = readMessageId(fields.get('MessageSid') ?? fields.get('SmsMessageSid') ?? fields.get('SmsSid'));
  const from = fields.get('From');
  if (providerMessageId === undefined || from === null) return undefined;
  return {
    providerMessageId,
    from,
    text: fields.get('Body') ?? '',
    word: WORDS.get((fields.get('OptOutType') ?? '').trim().toUpperCase()),
  };
}
