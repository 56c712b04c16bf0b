import { readJson, readMessageId, readSegments, safeCode, textOf } from '../../http-client/read-answer.ts';
import type { HttpAnswer, Transport } from '../../http-client/transport.ts';
import { refusalFromFault } from '../contract/classify.ts';
import { type StatusQuery, unclear, type VendorStatus } from '../contract/provider.ts';
import { classifyTwilio, deliveryReason, stateOf } from './codes.ts';
import { accountUrl, credentialsOf, type TwilioConfig } from './config.ts';

/** Newest first; a number gets few messages, and the response must stay small. */
const PAGE_SIZE = 20;
/** Tolerated clock difference. */
const SKEW_MS = 60_000;
/** Prefix that Twilio adds to every message of a trial account. */
const TRIAL_PREFIX = 'Sent from your Twilio trial account - ';

/**
 * Queries a message by its SID or, when the SID is unknown, among the newest messages to the number. The result is
 * never `absent`: the list is ordered by a date that a message gets only once it is sent, so a missing message proves
 * nothing. https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources
 */
export async function askTwilio(
  transport: Transport,
  config: TwilioConfig,
  query: StatusQuery,
  now: () => Date,
  signal: AbortSignal,
): Promise<VendorStatus> {
  const { providerMessageId, to, text } = query;
  if (providerMessageId === undefined && (to === undefined || text === undefined)) return unclear('NOTHING_TO_ASK_BY');
  const url =
    providerMessageId === undefined
      ? `${accountUrl(config)}/Messages.json?${new URLSearchParams({ To: to ?? '', PageSize: String(PAGE_SIZE) })}`
      : `${accountUrl(config)}/Messages/${encodeURIComponent(providerMessageId)}.json`;
  const exchange = await transport.exchange({ method: 'GET', url, headers: credentialsOf(config) }, signal);
  if (exchange.kind === 'fault') return unclear(refusalFromFault(exchange).error);
  if (exchange.status !== 200) return unclear(classifyTwilio(exchange, now()).error);
  const found = providerMessageId === undefined ? findByText(exchange, query, config.timeoutMs) : findBySid(exchange, providerMessageId);
  return found === undefined ? unclear('NOT_FOUND') : statusOf(found);
}

/** Fields in use of https://www.twilio.com/docs/messaging/api/message-resource#message-properties */
interface Resource {
  readonly sid?: unknown;
  readonly status: string;
  readonly body?: unknown;
  readonly direction?: unknown;
  readonly date_created?: unknown;
  readonly error_code?: unknown;
  readonly num_segments?: unknown;
}

function findBySid({ body }: HttpAnswer, sid: string): Resource | undefined {
  const resource = readJson(body);
  return isResource(resource) && resource.sid === sid ? resource : undefined;
}

/** Returns the only message with this text that was created during the attempt; two of them could be two attempts. */
function findByText({ body }: HttpAnswer, { sentAt, text }: StatusQuery, timeoutMs: number): Resource | undefined {
  const { messages } = (readJson(body) ?? {}) as { messages?: unknown };
  if (!Array.isArray(messages)) return undefined;
  const from = sentAt.getTime() - SKEW_MS;
  const until = sentAt.getTime() + timeoutMs + SKEW_MS;
  const found = messages.filter((message): message is Resource => {
    if (!isResource(message) || message.direction === 'inbound') return false;
    const createdAt = Date.parse(textOf(message.date_created) ?? '');
    return createdAt >= from && createdAt <= until && (message.body === text || message.body === TRIAL_PREFIX + text);
  });
  return found.length === 1 ? found[0] : undefined;
}

function isResource(value: unknown): value is Resource {
  return typeof value === 'object' && value !== null && 'status' in value && typeof value.status === 'string';
}

function statusOf(resource: Resource): VendorStatus {
  const providerMessageId = readMessageId(resource.sid);
  const segments = readSegments(resource.num_segments);
  const known = {
    ...(providerMessageId === undefined ? {} : { providerMessageId }),
    ...(segments === undefined ? {} : { segments }),
  };
  const kind = stateOf(resource.status);
  if (kind !== 'undelivered') return { kind, ...known };
  const code = safeCode(resource.error_code);
  const reason = deliveryReason(code);
  return { kind, ...known, ...(code === undefined ? {} : { code }), ...(reason === undefined ? {} : { reason }) };
}
