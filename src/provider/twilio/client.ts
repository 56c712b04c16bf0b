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

/** Minimum in seconds; 1 to 36000 allowed, more than 5 recommended: https://www.twilio.com/docs/messaging/api/message-resource */
const MIN_VALIDITY_S = 6;
const MAX_VALIDITY_S = 36_000;

/** Longer texts are rejected with 21617: https://www.twilio.com/docs/api/errors/21617 */
const MAX_CHARACTERS = 1600;

/** Uses Twilio's SDK on our transport. The SDK is loaded here, so that only users of Twilio load it. */
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
      // Creating a client per call costs 5 µs; the SDK has no other way to pass a signal. The empty region and edge
      // keep TWILIO_REGION and TWILIO_EDGE from changing the host.
      const sdk = twilio(config.accountSid, config.authToken.reveal(), {
        accountSid: config.accountSid,
        region: '',
        edge: '',
        autoRetry: false,
        httpClient: httpClient as unknown as SdkHttpClient,
      });
      // The SDK throws for every unsuccessful response and quotes the vendor's text; the recorded response is parsed
      // instead.
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

/** Adds our id to the callback URL, which Twilio signs and calls; Twilio has no field for a reference. */
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
