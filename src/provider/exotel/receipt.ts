import { readJson, readMessageId, safeCode } from '../../http-client/read-answer.ts';
import type { CodeMeaning } from '../contract/classify.ts';
import {
  hasReceiptToken,
  type ReceiptCall,
  type ReceiptReader,
  type ReceiptReaderDeps,
  type VendorReceipt,
} from '../contract/receipt-reader.ts';
import type { ExotelConfig } from './config.ts';

interface DeliveryStatus extends Pick<CodeMeaning, 'reason' | 'failover'> {
  readonly state: VendorReceipt['state'];
}

/** Delivery state of a message. `unlisted`: the code is not in the table; its range, or the status word, decided. */
export interface Delivery extends DeliveryStatus {
  readonly code?: string | undefined;
  readonly unlisted?: true;
}

const delivered: DeliveryStatus = { state: 'delivered' };
const pending: DeliveryStatus = { state: 'pending' };
const failed = (reason: NonNullable<DeliveryStatus['reason']>, departure: Pick<DeliveryStatus, 'failover'> = {}): DeliveryStatus => ({
  state: 'undelivered',
  reason,
  ...departure,
});

/**
 * Blocked by India's Do Not Disturb register, which applies to promotional messages only:
 * https://support.exotel.com/support/solutions/articles/127883 It is not an opt-out from our messages, and another
 * vendor, or `smsType: transactional`, may reach the number.
 */
const DO_NOT_DISTURB: DeliveryStatus = failed('recipient', { failover: true });

/**
 * Meaning of `DetailedStatusCode`: https://developer.exotel.com/docs/sms-api/api-reference/status-codes (five digits
 * from 20005) and https://developer.exotel.com/docs/sms-support/sms-status-codes (20000 to 20002, 30001 and on).
 */
export const EXOTEL_DELIVERY: ReadonlyMap<string, DeliveryStatus> = new Map<string, DeliveryStatus>([
  ['20000', delivered], // to the handset
  ['20001', pending], // with the operator; the handset has not confirmed
  ['20002', pending], // to the carrier
  ['20005', delivered], // to the handset
  ['20006', delivered], // to the operator: the last word where handsets give none

  ['21010', pending], // queued
  ['21015', pending], // on its way to the operator
  ['21020', pending], // with the operator

  ['23005', DO_NOT_DISTURB],
  ['23010', failed('recipient')], // wrong number, or a landline
  ['23015', failed('content')], // taken for spam
  // "Recipient number is blacklisted"; the older page says that it replied STOP. Who put it on the list is not
  // documented.
  ['23020', failed('recipient', { failover: true })],
  ['23030', failed('recipient', { failover: true })], // no route: another vendor may have one
  ['23035', failed('recipient')], // switched off, or out of coverage
  ['23040', failed('recipient')], // no such subscriber
  ['23050', failed('recipient')], // the operator tried until it expired
  ['23060', failed('content')], // rejected, no reason given
  ['23070', failed('content')], // too long, or holds a character that cannot be sent
  ['23072', failed('auth')], // sender ID not registered

  // India's register of senders, entities and templates (DLT).
  ['23080', failed('auth')], // sender blocked
  ['23081', failed('auth')], // entity blocked, or its id missing
  ['23082', failed('content')], // the text does not fit its template
  ['23083', failed('auth')], // blocked although registered
  ['23084', failed('recipient', { failover: true })], // no consent of the recipient is registered: not a STOP
  ['23181', failed('auth')], // template invalid
  ['23182', failed('auth')], // template not found
  ['23183', failed('auth')], // template inactive
  ['23184', failed('auth')], // template blacklisted
  ['23185', failed('content')], // the text does not fit its template
  ['23186', failed('content')], // longer than 2000 characters
  ['23281', failed('auth')], // entity not found

  ['24010', failed('unavailable')], // Exotel's own failure
  ['24105', failed('recipient')], // handset error
  ['24110', failed('unavailable')], // operator error
  ['24120', failed('recipient')], // subscriber error, such as an empty account
  ['24990', failed('unavailable')], // unspecified error

  ['30001', failed('content')], // the text does not fit its template
  ['30002', failed('auth')], // entity not registered
  ['30003', failed('auth')], // sender ID not registered
  ['30004', DO_NOT_DISTURB],
]);

/**
 * Ranges reserved for future failures (23084 to 24000), according to the page above; both pages agree on the meaning of
 * the ranges.
 */
const RANGES: readonly (readonly [pattern: RegExp, row: DeliveryStatus])[] = [
  [/^20\d{3}$/, delivered],
  [/^21\d{3}$/, pending],
  [/^(2[34]|3\d)\d{3}$/, { state: 'undelivered' }],
];

/** Meaning of `Status`: https://support.exotel.com/support/solutions/articles/127883-sms-message-status-codes */
const WORDS: ReadonlyMap<string, DeliveryStatus> = new Map<string, DeliveryStatus>([
  ['queued', pending],
  ['sending', pending],
  ['submitted', pending],
  ['sent', delivered],
  ['delivered', delivered],
  ['failed', { state: 'undelivered' }],
  ['failed_dnd', DO_NOT_DISTURB],
  ['expired', { state: 'undelivered' }],
  ['undelivered', { state: 'undelivered' }],
]);

/** Parses the two fields that responses, status queries and receipts share; `undefined` when both are missing or unknown. */
export function readDelivery(fields: { readonly Status?: unknown; readonly DetailedStatusCode?: unknown }): Delivery | undefined {
  const code = safeCode(fields.DetailedStatusCode);
  const listed = code === undefined ? undefined : EXOTEL_DELIVERY.get(code);
  if (listed !== undefined) return { ...listed, code };
  const inRange = RANGES.find(([pattern]) => code !== undefined && pattern.test(code))?.[1];
  const byWord = typeof fields.Status === 'string' ? WORDS.get(fields.Status.toLowerCase().replaceAll('-', '_')) : undefined;
  const found = inRange ?? byWord;
  return found && { ...found, ...(code === undefined ? {} : { code, unlisted: true }) };
}

/**
 * Parses receipts: one message per call, in a final state. They are not signed; their dates have no time zone and are
 * ignored. https://developer.exotel.com/api-console/send-sms-api-console
 */
export function createExotelReceiptReader({ receiptToken }: ExotelConfig, _deps: ReceiptReaderDeps): ReceiptReader {
  return {
    methods: ['POST'],
    isGenuine: (call) => hasReceiptToken(call, receiptToken),
    read: (call) => [readReceipt(fieldsOf(call))],
    answer: {},
  };
}

/**
 * Parses a form, as documented, or JSON, which the webhooks page shows for other products:
 * https://developer.exotel.com/docs/references/webhooks
 */
function fieldsOf({ body }: ReceiptCall): Readonly<Record<string, unknown>> {
  const json = readJson(body);
  return typeof json === 'object' && json !== null
    ? (json as Readonly<Record<string, unknown>>)
    : Object.fromEntries(new URLSearchParams(body));
}

function readReceipt(fields: Readonly<Record<string, unknown>>): VendorReceipt | undefined {
  const messageId = readMessageId(fields.CustomField);
  const providerMessageId = readMessageId(fields.SmsSid);
  const delivery = readDelivery(fields);
  if (delivery === undefined || (messageId === undefined && providerMessageId === undefined)) return undefined;
  const { state, code, reason } = delivery;
  return {
    ...(messageId === undefined ? {} : { messageId }),
    ...(providerMessageId === undefined ? {} : { providerMessageId }),
    state,
    ...(state === 'undelivered' && code !== undefined ? { code } : {}),
    ...(state === 'undelivered' && reason !== undefined ? { reason } : {}),
  };
}
