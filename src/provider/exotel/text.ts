import { readJson, readMessageId, readSegments } from '../../http-client/read-answer.ts';
import { type Delivery, readDelivery } from './delivery.ts';

/** A text as Exotel's answers show it: https://developer.exotel.com/api/sms-details */
export interface ExotelText {
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
