import { parseRetryAfterMs, readJson, safeCode } from '../../http-client/read-answer.ts';
import type { HttpAnswer } from '../../http-client/transport.ts';
import { meaningOfCode, refusalFromAnswer } from '../contract/classify.ts';
import type { ProviderReason, Refused } from '../contract/provider.ts';
import { msUntilBeijing } from '../mainland/mainland.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/**
 * Returns how long to wait after `isv.BUSINESS_LIMIT_CONTROL`. Only the message names the limit, such as
 * `触发小时级流控Permits:5`. By default a number gets 1 login code a minute, 5 an hour, 10 a day, and 50 notifications a day:
 * https://help.aliyun.com/document_detail/2881383.html
 *
 * The vendor has described its day both as a calendar day and as the last 24 hours, and does not report when the first
 * message of those was sent. Midnight is the earliest moment in either reading; a try before the limit ends is only
 * rejected again.
 */
function flowControlWaitMs(message: string, now: Date): number {
  if (/分钟|minute/i.test(message)) return MINUTE_MS;
  if (/小时|hour/i.test(message)) return HOUR_MS;
  // A monthly limit may be raised earlier, so it is tried again the next day.
  if (/天|日|月|day|daily|month/i.test(message)) return msUntilBeijing(0, now);
  return MINUTE_MS;
}

const SECOND_MS = 1_000;

interface AlibabaCode {
  readonly reason: ProviderReason;
  /** Overrides the failover rule of the reason. */
  readonly failover?: boolean;
  /** Concerns only this number, country or text; other messages are unaffected. */
  readonly onlyThisMessage?: boolean;
  /** For `throttled`: the wait, computed from the response text and the time. */
  readonly wait?: (message: string, now: Date) => number;
}

const aSecond = () => SECOND_MS;
const untilMidnight = (_message: string, now: Date) => msUntilBeijing(0, now);

/**
 * Meaning of the vendor's codes for a rejected message. Listed on https://help.aliyun.com/document_detail/101346.html ,
 * except the gateway's at the end: https://error-center.aliyun.com/status/product/Dysmsapi
 */
export const ALIBABA_CODES: ReadonlyMap<string, AlibabaCode> = new Map<string, AlibabaCode>([
  // Credentials, permissions and account set-up: for the operator to fix, the same for every recipient.
  ['isv.ACCOUNT_NOT_EXISTS', { reason: 'auth' }], // no such account
  ['isv.ACCOUNT_ABNORMAL', { reason: 'auth' }], // the account is not in order
  ['isv.SECURITY_FROZEN_ACCOUNT', { reason: 'auth' }], // frozen after long disuse
  ['isv.PRODUCT_UN_SUBSCRIPT', { reason: 'auth' }], // the SMS service is not activated
  ['isv.PRODUCT_UNSUBSCRIBE', { reason: 'auth' }], // this part of the service is not activated
  ['isp.RAM_PERMISSION_DENY', { reason: 'auth' }], // the key lacks the right (RAM)
  ['isv.DENY_IP_RANGE', { reason: 'auth' }], // called from outside mainland China
  ['isv.SMS_TEST_NUMBER_LIMIT', { reason: 'auth', onlyThisMessage: true }], // a test signature or template reaches registered numbers only

  // Money.
  ['isv.AMOUNT_NOT_ENOUGH', { reason: 'balance' }], // balance too low
  ['isv.OUT_OF_SERVICE', { reason: 'balance' }], // suspended for want of money

  // The number.
  ['isv.MOBILE_NUMBER_ILLEGAL', { reason: 'recipient' }], // number not in the vendor's format
  // An international template with a mainland number: another vendor's template may work.
  ['isv.DOMESTIC_NUMBER_NOT_SUPPORTED', { reason: 'recipient', failover: true }],

  ['isv.CUSTOMER_REFUSED', { reason: 'opted_out' }], // the recipient unsubscribed

  // Template and signature.
  ['isv.SMS_TEMPLATE_ILLEGAL', { reason: 'content' }], // no such template, or not approved
  ['isv.SMS_SIGNATURE_ILLEGAL', { reason: 'content' }], // no such signature, or not approved
  ['isv.SMS_SIGNATURE_SCENE_ILLEGAL', { reason: 'content' }], // signature and template are of different kinds
  ['isv.SMS_SIGN_ILLEGAL', { reason: 'content' }], // the signature is forbidden
  ['isv.SIGN_NAME_ILLEGAL', { reason: 'content' }], // the signature breaks the rules
  ['isv.SIGN_STATE_ILLEGAL', { reason: 'content' }], // the signature is not usable
  ['isv.SIGN_SOURCE_ILLEGAL', { reason: 'content' }], // the signature's origin is no longer accepted
  ['SIGNATURE_BLACKLIST', { reason: 'content' }], // the signature is blacklisted
  ['isv.SMS_TEST_SIGN_TEMPLATE_LIMIT', { reason: 'content' }], // test signature and test template go together only
  ['isv.SMS_TEST_TEMPLATE_PARAMS_ILLEGAL', { reason: 'content' }], // a test template takes 4 to 6 digits
  ['isv.EXTEND_CODE_ERROR', { reason: 'content' }], // one extension code with several signatures
  ['isv.ONE_CODE_MULTIPLE_SIGN', { reason: 'content' }], // the same
  ['isv.CODE_EXCEED_LIMIT', { reason: 'content' }], // the extension code is too long
  ['isv.CODE_ERROR', { reason: 'content' }], // the extension code is wrong

  // The text.
  ['isv.TEMPLATE_MISSING_PARAMETERS', { reason: 'content' }], // a variable without a value
  ['isv.TEMPLATE_PARAMS_ILLEGAL', { reason: 'content' }], // a value does not match the type of its variable
  ['isv.INVALID_JSON_PARAM', { reason: 'content' }], // TemplateParam is not JSON of strings
  ['isv.INVALID_PARAMETERS', { reason: 'content' }], // a parameter is malformed
  ['isv.PARAM_LENGTH_LIMIT', { reason: 'content' }], // a value is too long
  ['isv.PARAM_NOT_SUPPORT_URL', { reason: 'content' }], // a value holds a URL, a host name or an IP address
  ['isv.SMS_CONTENT_ILLEGAL', { reason: 'content' }], // forbidden words
  ['isv.SMS_CONTENT_MISMATCH_TEMPLATE_TYPE', { reason: 'content' }], // advertising in a notification
  ['isv.UNSUPPORTED_CONTENT', { reason: 'content' }], // characters that are not carried
  ['isv.BLACK_KEY_CONTROL_LIMIT', { reason: 'content' }], // blacklisted
  ['isv.MOBILE_COUNT_OVER_LIMIT', { reason: 'content' }], // more than 1000 numbers

  // Rate limits.
  ['isv.BUSINESS_LIMIT_CONTROL', { reason: 'throttled', wait: flowControlWaitMs, onlyThisMessage: true }], // too many texts to one number
  // Limits that the account owner set for a day and for a month; the latter may be raised before the month ends.
  ['isv.DAY_LIMIT_CONTROL', { reason: 'throttled', wait: untilMidnight }],
  ['isv.MONTH_LIMIT_CONTROL', { reason: 'throttled', wait: untilMidnight }],

  // Server errors that do not say whether the message was processed.
  ['isp.SYSTEM_ERROR', { reason: 'unknown_outcome' }],
  ['isp.GATEWAY_ERROR', { reason: 'unknown_outcome' }],

  // Codes of the gateway, with a 4xx or 5xx.
  ['InvalidAccessKeyId.NotFound', { reason: 'auth' }],
  ['InvalidAccessKeyId.Inactive', { reason: 'auth' }],
  ['InvalidAccessKeyId', { reason: 'auth' }],
  ['MissingAccessKeyId', { reason: 'auth' }],
  ['SignatureDoesNotMatch', { reason: 'auth' }],
  ['IncompleteSignature', { reason: 'auth' }],
  ['InvalidTimeStamp.Expired', { reason: 'auth' }], // our clock is more than 15 minutes off
  ['InvalidTimeStamp.Format', { reason: 'auth' }],
  ['InvalidVersion', { reason: 'auth' }],
  ['InvalidAction.NotFound', { reason: 'auth' }], // no such API behind this address
  ['NoPermission', { reason: 'auth' }],
  ['Forbidden.RAM', { reason: 'auth' }],
  ['Throttling', { reason: 'throttled', wait: aSecond }],
  ['Throttling.User', { reason: 'throttled', wait: aSecond }],
  ['Throttling.Api', { reason: 'throttled', wait: aSecond }],
  // Each request has a fresh nonce: if it was used before, a proxy sent the request twice, and the first copy arrived.
  ['SignatureNonceUsed', { reason: 'unknown_outcome' }],
  ['ServiceUnavailable', { reason: 'unknown_outcome' }],
  ['InternalError', { reason: 'unknown_outcome' }],
]);

/** Meaning of codes that are not in the table, by prefix: `isv` is an error of the caller, `isp` one of the vendor. */
const FAMILIES: readonly (readonly [prefix: string, row: AlibabaCode])[] = [
  ['isv.', { reason: 'content' }],
  ['isp.', { reason: 'unknown_outcome' }],
  ['Throttling.', { reason: 'throttled', wait: aSecond }],
  ['InvalidAccessKeyId.', { reason: 'auth' }],
  ['InvalidTimeStamp.', { reason: 'auth' }],
  ['Forbidden.', { reason: 'auth' }],
  ['NoPermission.', { reason: 'auth' }],
];

/**
 * Delivery errors: https://help.aliyun.com/document_detail/101347.html . Codes of the API also appear in receipts, and
 * these in responses, where they concern only this message.
 */
export const ALIBABA_RECEIPT_CODES: ReadonlyMap<string, ProviderReason> = new Map<string, ProviderReason>([
  ['MOBILE_NOT_ON_SERVICE', 'recipient'], // off, out of reach, suspended, or not assigned
  ['MOBILE_ACCOUNT_ABNORMAL', 'recipient'], // the subscriber owes money, say
  ['MOBLLE_TERMINAL_ERROR', 'recipient'], // the phone itself; spelt so by the vendor
  ['INVALID_NUMBER', 'recipient'],
  ['SP_NOT_BY_INTER_SMS', 'recipient'], // takes no texts from abroad
  ['MOBILE_IN_BLACK', 'recipient'], // on a block list of a carrier or the vendor, not an opt-out from us
  ['USER_REJECT', 'opted_out'], // unsubscribed from these messages
  ['CONTENT_KEYWORD', 'content'], // forbidden words
  ['CONTENT_ERROR', 'content'], // advertising that does not say how to unsubscribe
  ['FILTER', 'content'], // forbidden words
  ['PARAMS_ILLEGAL', 'content'], // signature, template or number are wrong
  ['PORT_NOT_REGISTERED', 'content'], // the signature is not registered with the carrier
  ['NO_ROUTE', 'content'], // no channel takes this content
  ['MOBILE_SEND_LIMIT', 'throttled'], // too many texts to the number
  ['VALVE:M_MC', 'throttled'], // in a minute
  ['VALVE:H_MC', 'throttled'], // in an hour
  ['VALVE:D_MC', 'throttled'], // in a day
  ['IS_CLOSE', 'unavailable'], // the channel was closed
  ['SP_UNKNOWN_ERROR', 'unavailable'], // the carrier does not say why
]);

const VALVE_WAITS: Readonly<Record<string, NonNullable<AlibabaCode['wait']>>> = {
  'VALVE:M_MC': () => 60 * SECOND_MS,
  'VALVE:H_MC': () => 3_600 * SECOND_MS,
};

/** Meaning of a receipt code in a response. `failover`, because block lists and routes differ between vendors. */
function rowOfReceiptCode(code: string): AlibabaCode | undefined {
  const reason = ALIBABA_RECEIPT_CODES.get(code);
  if (reason === undefined) return undefined;
  const row = { reason, onlyThisMessage: true, ...(reason === 'recipient' ? { failover: true } : {}) };
  return reason === 'throttled' ? { ...row, wait: VALVE_WAITS[code] ?? untilMidnight } : row;
}

/** Common fields of every response body. */
interface AlibabaBody {
  readonly Code?: unknown;
  readonly Message?: unknown;
  readonly [key: string]: unknown;
}

/** Parses the body of a response; empty when it is not an object. */
export function readAlibabaBody(answer: HttpAnswer): AlibabaBody {
  const body = readJson(answer.body);
  return typeof body === 'object' && body !== null ? (body as AlibabaBody) : {};
}

/** Whether both HTTP status and code report success; most rejections have status 200, too. */
export function isOk({ status }: HttpAnswer, { Code }: AlibabaBody): boolean {
  return status >= 200 && status < 300 && Code === 'OK';
}

/** Classifies a response that is not {@link isOk}. */
export function classifyAlibaba(answer: HttpAnswer, now: Date): Refused {
  const { Code, Message } = readAlibabaBody(answer);
  if (typeof Code !== 'string' || Code === '' || Code === 'OK') return refusalFromAnswer(answer, now);
  const listed = ALIBABA_CODES.get(Code) ?? rowOfReceiptCode(Code);
  const family = FAMILIES.find(([prefix]) => Code.startsWith(prefix))?.[1];
  const message = typeof Message === 'string' ? Message : '';
  // The gateway's own header, which the vendor's SDK reads as well.
  const waitAskedMs = parseRetryAfterMs(answer.headers['x-acs-retry-after']);
  const retryAfterMs = waitAskedMs ?? (listed ?? family)?.wait?.(message, now);
  return refusalFromAnswer(answer, now, { ...meaningOfCode(answer.status, safeCode(Code), listed, family), retryAfterMs });
}
