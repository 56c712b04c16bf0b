import type twilioSdk from 'twilio';
import { readJson, readMessageId, readSegments } from '../../http-client/read-answer.ts';
import { createTransport, type Exchange, type HttpAnswer, type HttpRequest } from '../../http-client/transport.ts';
import { refusalFromFault } from '../contract/classify.ts';
import {
  type Accepted,
  type Provider,
  type ProviderDeps,
  type Refused,
  refuse,
  type SmsMessage,
  secondsLeft,
} from '../contract/provider.ts';
import { checkTwilio } from './check.ts';
import { classifyTwilio, refusalOfFailedText, stateOf } from './codes.ts';
import type { TwilioConfig } from './config.ts';
import { askTwilio } from './status.ts';

type SdkOptions = NonNullable<Parameters<typeof twilioSdk>[2]>;
type SdkHttpClient = NonNullable<SdkOptions['httpClient']>;
type SdkRequest = Parameters<SdkHttpClient['request']>[0];
type SdkMessage = Parameters<ReturnType<typeof twilioSdk>['messages']['create']>[0];

/** https://www.twilio.com/docs/messaging/api/message-resource : seconds, 1 to 36000, more than 5 recommended. */
const MIN_VALIDITY_S = 6;
const MAX_VALIDITY_S = 36_000;

/** Longer ones are refused with 21617: https://www.twilio.com/docs/api/errors/21617 */
const MAX_CHARACTERS = 1600;

/** Twilio's own SDK on our transport. The SDK is loaded here, so that only who configures Twilio pays for it. */
export async function createTwilioProvider(name: string, config: TwilioConfig, { clock }: ProviderDeps): Promise<Provider> {
  const { default: twilio } = await import('twilio');
  const transport = createTransport(config);

  return {
    name,
    maxCharacters: MAX_CHARACTERS,
    async send(message, signal) {
      const call: { exchange?: Exchange } = {};
      const httpClient = {
        async request(request: SdkRequest) {
          call.exchange = await transport.exchange(toHttpRequest(request), signal);
          if (call.exchange.kind === 'fault') throw new Error(call.exchange.code);
          return { statusCode: call.exchange.status, body: call.exchange.body, headers: call.exchange.headers };
        },
      };
      // A client a call costs 5 µs, and the SDK has no other way to hand a signal through. An empty region and edge
      // keep TWILIO_REGION and TWILIO_EDGE from changing the host.
      const sdk = twilio(config.accountSid, config.authToken.reveal(), {
        accountSid: config.accountSid,
        region: '',
        edge: '',
        autoRetry: false,
        httpClient: httpClient as unknown as SdkHttpClient,
      });
      // The SDK throws for whatever is not a yes, and quotes the vendor's text; what came over the wire says it all.
      await sdk.messages.create(toSdkMessage(message, config, clock.now())).catch(() => undefined);
      const { exchange } = call;
      if (exchange === undefined) return refuse('unavailable', { code: 'SDK_MADE_NO_REQUEST' });
      return exchange.kind === 'fault' ? refusalFromFault(exchange) : readTwilioAnswer(exchange, clock.now());
    },
    status: (query, signal) => askTwilio(transport, config, query, () => clock.now(), signal),
    check: (signal) => checkTwilio(transport, config, () => clock.now(), signal),
    close: () => transport.close(),
  };
}

function toSdkMessage(message: SmsMessage, config: TwilioConfig, now: Date): SdkMessage {
  return {
    to: message.to,
    body: message.text,
    validityPeriod: secondsLeft(message.expiresAt, now, MIN_VALIDITY_S, MAX_VALIDITY_S),
    ...(config.from === undefined ? {} : { from: config.from }),
    ...(config.messagingServiceSid === undefined ? {} : { messagingServiceSid: config.messagingServiceSid }),
    ...(config.statusCallback === undefined ? {} : { statusCallback: callbackFor(config.statusCallback, message.id) }),
  };
}

/** Twilio takes no reference of ours; in the callback's URL, which it signs, our id comes back with the receipt. */
function callbackFor(statusCallback: string, messageId: string): string {
  const url = new URL(statusCallback);
  url.searchParams.set('message', messageId);
  return url.href;
}

function toHttpRequest({ method, uri, username, password, headers, data }: SdkRequest): HttpRequest {
  return {
    method: method.toUpperCase(),
    url: uri,
    headers: {
      ...(headers as Record<string, string>),
      Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
    },
    body: new URLSearchParams(data as Record<string, string>).toString(),
  };
}

/** The fields that are read of https://www.twilio.com/docs/messaging/api/message-resource#message-properties */
interface Resource {
  readonly sid?: unknown;
  readonly status?: unknown;
  readonly error_code?: unknown;
  readonly num_segments?: unknown;
}

/**
 * What Twilio said to a send. It accepts a text by a resource with a SID; one whose resource is already `failed`, or
 * carries an error code, was refused by that code.
 */
export function readTwilioAnswer(answer: HttpAnswer, now: Date): Accepted | Refused {
  if (answer.status < 200 || answer.status >= 300) return classifyTwilio(answer, now);
  const { sid, status, error_code, num_segments } = (readJson(answer.body) ?? {}) as Resource;
  const providerMessageId = readMessageId(sid);
  if (providerMessageId === undefined) return classifyTwilio(answer, now);
  const state = typeof status === 'string' ? stateOf(status) : 'pending';
  if (state === 'undelivered' || (state === 'pending' && isErrorCode(error_code))) return refusalOfFailedText(answer, now, error_code);
  // A Messaging Service answers "0": it has not chosen a sender yet, and so has not counted.
  const segments = readSegments(num_segments);
  return { kind: 'accepted', providerMessageId, ...(segments === undefined ? {} : { segments }) };
}

/** `null` in a text without an error; a whole number, or one in digits, in one with. */
function isErrorCode(value: unknown): boolean {
  return (typeof value === 'number' || typeof value === 'string') && /^[1-9]\d*$/.test(String(value));
}
