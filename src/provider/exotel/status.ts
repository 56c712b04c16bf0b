import type { Clock } from '../../clock.ts';
import { readJson, readMessageId, readSegments } from '../../http-client/read-answer.ts';
import type { Transport } from '../../http-client/transport.ts';
import { refusalFromFault } from '../contract/classify.ts';
import { type StatusQuery, unclear, type VendorStatus } from '../contract/status.ts';
import { classifyExotel } from './codes.ts';
import type { Account } from './config.ts';
import { type Delivery, readDelivery } from './receipt.ts';

/**
 * Exotel finds a text by its Sid alone, so one whose Sid never came back stays unclear.
 * https://developer.exotel.com/api/sms-details
 */
export async function askExotel(
  { providerMessageId }: StatusQuery,
  account: Account,
  transport: Transport,
  signal: AbortSignal,
  clock: Clock,
): Promise<VendorStatus> {
  if (providerMessageId === undefined) return unclear('NO_VENDOR_ID');
  const exchange = await transport.exchange(account.get(`/SMS/Messages/${encodeURIComponent(providerMessageId)}.json`), signal);
  if (exchange.kind === 'fault') return unclear(refusalFromFault(exchange).error);
  const text = exchange.status === 200 ? readText(exchange.body) : undefined;
  if (text?.sid !== providerMessageId || text.delivery === undefined) return unclear(classifyExotel(exchange, clock.now()).error);
  const { state, code, reason } = text.delivery;
  const known = { providerMessageId, ...(text.segments === undefined ? {} : { segments: text.segments }) };
  if (state !== 'undelivered') return { kind: state, ...known };
  return { kind: state, ...(code === undefined ? {} : { code }), ...(reason === undefined ? {} : { reason }), ...known };
}

/** A text as Exotel's answers show it: https://developer.exotel.com/api/sms-details */
interface ExotelText {
  readonly sid: string;
  readonly segments?: number;
  /** Absent when it says nothing that we understand. */
  readonly delivery?: Delivery | undefined;
}

/** `undefined` when the body is not about a text. */
export function readText(body: string): ExotelText | undefined {
  const { SMSMessage } = (readJson(body) ?? {}) as { readonly SMSMessage?: Readonly<Record<string, unknown>> | null };
  const sid = readMessageId(SMSMessage?.Sid);
  if (!SMSMessage || sid === undefined) return undefined;
  const segments = readSegments(SMSMessage.SmsUnits);
  return { sid, ...(segments === undefined ? {} : { segments }), delivery: readDelivery(SMSMessage) };
}
