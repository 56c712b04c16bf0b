import type { MessageListInstanceCreateOptions } from 'twilio/lib/rest/api/v2010/account/message.js';
import { readJson, readMessageId, readSegments } from '../../http-client/read-answer.ts';
import { createTransport, type HttpAnswer } from '../../http-client/transport.ts';
import { refusalFromFault } from '../contract/classify.ts';
import { type Accepted, type Provider, type ProviderDeps, type Refused, type SmsMessage, secondsLeft } from '../contract/provider.ts';
import { checkTwilio } from './check.ts';
import { classifyTwilio, refusalOfFailedText, stateOf } from './codes.ts';
import { accountUrl, credentialsOf, type TwilioConfig } from './config.ts';
import { askTwilio } from './status.ts';

/** Minimum in seconds; 1 to 36000 allowed, more than 5 recommended: https://www.twilio.com/docs/messaging/api/message-resource */
const MIN_VALIDITY_S = 6;
const MAX_VALIDITY_S = 36_000;

/** Longer texts are rejected with 21617: https://www.twilio.com/docs/api/errors/21617 */
const MAX_CHARACTERS = 1600;

/** Makes the request of Twilio's SDK without it: at 50 texts at a time the SDK costs more than the request. */
export async function createTwilioProvider(name: string, config: TwilioConfig, { clock }: ProviderDeps): Promise<Provider> {
  const transport = createTransport(config);
  const url = `${accountUrl(config)}/Messages.json`;
  const headers = { ...credentialsOf(config), Accept: 'application/json', 'Content-Type': 'application/x-www-form-urlencoded' };

  return {
    name,
    maxCharacters: MAX_CHARACTERS,
    async send(message, signal) {
      const body = new URLSearchParams(formOf(message, config, clock.now())).toString();
      const exchange = await transport.exchange({ method: 'POST', url, headers, body }, signal);
      return exchange.kind === 'fault' ? refusalFromFault(exchange) : readTwilioAnswer(exchange, clock.now());
    },
    status: (query, signal) => askTwilio(transport, config, query, () => clock.now(), signal),
    check: (signal) => checkTwilio(transport, config, () => clock.now(), signal),
    close: () => transport.close(),
  };
}

/** Names of the SDK's options as the API writes them, such as `ValidityPeriod`. */
type Form = { [Name in keyof MessageListInstanceCreateOptions as Capitalize<Name>]?: string };

/**
 * Fields of a new message, in the order of the SDK.
 * @see https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource
 */
function formOf(message: SmsMessage, config: TwilioConfig, now: Date): Record<string, string> {
  const { from, messagingServiceSid, statusCallback } = config;
  return {
    To: message.to,
    ...(statusCallback === undefined ? {} : { StatusCallback: callbackFor(statusCallback, message.id) }),
    ValidityPeriod: String(secondsLeft(message.expiresAt, now, MIN_VALIDITY_S, MAX_VALIDITY_S)),
    ...(from === undefined ? {} : { From: from }),
    ...(messagingServiceSid === undefined ? {} : { MessagingServiceSid: messagingServiceSid }),
    Body: message.text,
  } satisfies Form;
}

/** Adds our id to the callback URL, which Twilio signs and calls; Twilio has no field for a reference. */
function callbackFor(statusCallback: string, messageId: string): string {
  const url = new URL(statusCallback);
  url.searchParams.set('message', messageId);
  return url.href;
}

/** Fields in use of https://www.twilio.com/docs/messaging/api/message-resource#message-properties */
interface Resource {
  readonly sid?: unknown;
  readonly status?: unknown;
  readonly error_code?: unknown;
  readonly num_segments?: unknown;
}

/**
 * Parses the response to a send. Acceptance is a resource with a SID; a resource in state `failed`, or with an error
 * code, was rejected with that code.
 */
export function readTwilioAnswer(answer: HttpAnswer, now: Date): Accepted | Refused {
  if (answer.status < 200 || answer.status >= 300) return classifyTwilio(answer, now);
  const { sid, status, error_code, num_segments } = (readJson(answer.body) ?? {}) as Resource;
  const providerMessageId = readMessageId(sid);
  if (providerMessageId === undefined) return classifyTwilio(answer, now);
  const state = typeof status === 'string' ? stateOf(status) : 'pending';
  if (state === 'undelivered' || (state === 'pending' && isErrorCode(error_code))) return refusalOfFailedText(answer, now, error_code);
  // A Messaging Service returns "0": the sender is not chosen and the segments not counted yet.
  const segments = readSegments(num_segments);
  return { kind: 'accepted', providerMessageId, ...(segments === undefined ? {} : { segments }) };
}

/** Whether the value is an error code: a whole number, also in digits; `null` means no error. */
function isErrorCode(value: unknown): boolean {
  return (typeof value === 'number' || typeof value === 'string') && /^[1-9]\d*$/.test(String(value));
}
