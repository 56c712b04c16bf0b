import { validateRequest, validateRequestWithBody } from 'twilio/lib/webhooks/webhooks.js';
import { readMessageId, safeCode, withoutBom } from '../../http-client/read-answer.ts';
import {
  type InboundReader,
  type InboundReaderDeps,
  queryOf,
  type ReceiptCall,
  type ReceiptReader,
  type ReceiptReaderDeps,
  type VendorInbound,
  type VendorReceipt,
} from '../contract/receipt-reader.ts';
import { deliveryReason, stateOf } from './codes.ts';
import type { TwilioConfig } from './config.ts';

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

/**
 * Tells calls of Twilio from forged ones. Of the SDK only the file that knows signatures is loaded, which needs nothing else
 * of it.
 */
export function createTwilioSeal({ publicUrl, providers }: ReceiptReaderDeps): (call: ReceiptCall) => boolean {
  const accounts = [...providers.values()].filter((config): config is TwilioConfig => config.type === 'twilio');
  return (call) => {
    if (publicUrl === undefined) return false;
    const url = `${publicUrl}${call.target}`;
    const named = new URLSearchParams(withoutBom(call.body)).get('AccountSid');
    // A rotated token may be configured for one name and not for the other, and subaccounts sign with tokens of their
    // own: the account that is named comes first, the others after it.
    return accounts
      .toSorted((a, b) => Number(b.accountSid === named) - Number(a.accountSid === named))
      .some(({ authToken }) => isSigned(call, url, authToken.reveal()));
  };
}

/**
 * Whether `X-Twilio-Signature` was made with this token, over this URL and body. A body that is no form is signed by its
 * hash in the URL. https://www.twilio.com/docs/usage/webhooks/webhooks-security#validating-signatures-from-twilio
 */
export function isSigned({ headers, body }: Pick<ReceiptCall, 'headers' | 'body'>, url: string, authToken: string): boolean {
  const signature = headers['x-twilio-signature'];
  if (signature === undefined || !URL.canParse(url)) return false;
  if (new URL(url).searchParams.has('bodySHA256')) return validateRequestWithBody(authToken, signature, url, body);
  return validateRequest(authToken, signature, url, formOf(body));
}

/** Names → values as the SDK takes them: a list where a name comes more than once. */
function formOf(body: string): Record<string, string | string[]> {
  const fields = new URLSearchParams(withoutBom(body));
  return Object.fromEntries(
    [...new Set(fields.keys())].map((name) => {
      const [value = '', ...more] = fields.getAll(name);
      return [name, more.length === 0 ? value : [value, ...more]];
    }),
  );
}
