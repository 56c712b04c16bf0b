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

/** Empty TwiML: no reply. Twilio itself replies to STOP, START and HELP. */
const NO_REPLY = { type: 'text/xml', body: '<?xml version="1.0" encoding="UTF-8"?><Response/>' };

/** Keywords of Twilio. HELP is answered by Twilio and needs no action. */
const WORDS: ReadonlyMap<string, VendorInbound['word']> = new Map([
  ['STOP', 'stop'],
  ['START', 'start'],
]);

/**
 * Parses inbound messages: https://www.twilio.com/docs/messaging/guides/webhook-request `OptOutType` comes from
 * Messaging Services with Advanced Opt-Out, whose customers configure keywords and languages; `Body` may be missing
 * with it, and with a picture.
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
 * Parses status callbacks: https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks The
 * delivery time, `RawDlrDoneDate`, has no time zone and is ignored.
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

/** Verifies signatures of Twilio's calls. Loads only the SDK file for signatures, which has no other dependencies. */
export function createTwilioSeal({ publicUrl, providers }: ReceiptReaderDeps): (call: ReceiptCall) => boolean {
  const accounts = [...providers.values()].filter((config): config is TwilioConfig => config.type === 'twilio');
  return (call) => {
    if (publicUrl === undefined) return false;
    const url = `${publicUrl}${call.target}`;
    const named = new URLSearchParams(withoutBom(call.body)).get('AccountSid');
    // A rotated token may be configured under only one of two names, and subaccounts sign with their own tokens: the
    // named account is tried first, the others after it.
    return accounts
      .toSorted((a, b) => Number(b.accountSid === named) - Number(a.accountSid === named))
      .some(({ authToken }) => isSigned(call, url, authToken.reveal()));
  };
}

/**
 * Whether `X-Twilio-Signature` matches this token, URL and body. A body that is not a form is signed by its hash in the
 * URL. https://www.twilio.com/docs/usage/webhooks/webhooks-security#validating-signatures-from-twilio
 */
export function isSigned({ headers, body }: Pick<ReceiptCall, 'headers' | 'body'>, url: string, authToken: string): boolean {
  const signature = headers['x-twilio-signature'];
  if (signature === undefined || !URL.canParse(url)) return false;
  if (new URL(url).searchParams.has('bodySHA256')) return validateRequestWithBody(authToken, signature, url, body);
  return validateRequest(authToken, signature, url, formOf(body));
}

/** Converts a form to the SDK's format: repeated names become a list. */
function formOf(body: string): Record<string, string | string[]> {
  const fields = new URLSearchParams(withoutBom(body));
  return Object.fromEntries(
    [...new Set(fields.keys())].map((name) => {
      const [value = '', ...more] = fields.getAll(name);
      return [name, more.length === 0 ? value : [value, ...more]];
    }),
  );
}
