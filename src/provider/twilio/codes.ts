import type { ProviderReason } from '../../alert/reason.ts';
import { readJson, safeCode } from '../../http-client/read-answer.ts';
import type { HttpAnswer } from '../../http-client/transport.ts';
import { type CodeMeaning, type CodeRow, meaningOfCode, refusalFromAnswer } from '../contract/classify.ts';
import type { Refused } from '../contract/provider.ts';
import type { VendorReceipt } from '../contract/receipt-reader.ts';

/**
 * Final statuses; all others, and unknown ones, are intermediate. So is `sent`, although it stays the last one when the
 * carrier reports nothing. https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
 */
const FINAL: ReadonlyMap<string, VendorReceipt['state']> = new Map([
  ['delivered', 'delivered'],
  ['read', 'delivered'],
  ['undelivered', 'undelivered'],
  ['failed', 'undelivered'],
  ['canceled', 'undelivered'],
]);

export function stateOf(status: string): VendorReceipt['state'] {
  return FINAL.get(status.toLowerCase()) ?? 'pending';
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

/**
 * Meaning of Twilio's error codes for a rejected message. Each has a page
 * `https://www.twilio.com/docs/api/errors/<code>`. An unlisted code follows its HTTP status.
 */
export const TWILIO_CODES: ReadonlyMap<number, CodeRow> = new Map<number, CodeRow>([
  // Credentials, permissions, account and sender: the same for every recipient.
  [10001, { reason: 'auth' }], // account not active: suspended, or out of funds
  [10002, { reason: 'auth' }], // not available to trial accounts
  [20003, { reason: 'auth' }], // authentication failed
  [20004, { reason: 'auth' }], // method not allowed for this resource
  [20005, { reason: 'auth' }], // account not active
  [20006, { reason: 'auth' }], // access denied
  [20008, { reason: 'auth' }], // test credentials, which reach a few resources only
  [20010, { reason: 'auth' }], // the action is disabled for the account
  [20403, { reason: 'auth' }], // forbidden
  [20404, { reason: 'auth' }], // no such account or resource
  [20410, { reason: 'auth' }], // the API is discontinued
  [21212, { reason: 'auth' }], // From is not a valid sender
  [21267, { reason: 'auth' }], // a trial account may not use an alphanumeric sender
  [21407, { reason: 'auth' }], // the type of the number in From does not support SMS
  [21601, { reason: 'auth' }], // From is not a number of the account
  [21603, { reason: 'auth' }], // From or MessagingServiceSid is required
  [21607, { reason: 'auth' }], // a trial account must send from its trial number
  [21609, { reason: 'auth' }], // StatusCallback is not a valid URL
  [21616, { reason: 'auth' }], // From matches several numbers of the account: it must be in E.164
  [21660, { reason: 'auth' }], // From belongs to another account
  [21661, { reason: 'auth' }], // From is not SMS-capable
  [21701, { reason: 'auth' }], // no such Messaging Service
  [21704, { reason: 'auth' }], // the Messaging Service contains no senders
  [21705, { reason: 'auth' }], // the Messaging Service SID is invalid
  [21708, { reason: 'auth' }], // no alphanumeric sender given
  [30002, { reason: 'auth' }], // account suspended
  [63007, { reason: 'auth' }], // no channel has this From address
  [90010, { reason: 'auth' }], // account not active

  // Configuration of one country or number: other messages may pass.
  [21215, { reason: 'auth', onlyThisMessage: true }], // geographic permissions exclude the destination
  [21219, { reason: 'auth', onlyThisMessage: true }], // trial: To must be verified first
  [21401, { reason: 'auth', onlyThisMessage: true }], // From does not work for this country
  [21408, { reason: 'auth', onlyThisMessage: true }], // no permission for that region
  [21606, { reason: 'auth', onlyThisMessage: true }], // From cannot send messages to this destination
  [21608, { reason: 'auth', onlyThisMessage: true }], // trial, or no approved profile: To must be verified first
  [21657, { reason: 'auth', onlyThisMessage: true }], // the sender ID is not supported in this destination
  [21659, { reason: 'auth', onlyThisMessage: true }], // From is not a Twilio number, or a short code of another country
  [21703, { reason: 'auth', onlyThisMessage: true }], // no sender of the Messaging Service reaches this recipient, such as US and Canada
  [21709, { reason: 'auth', onlyThisMessage: true }], // the Messaging Service may not use the alphanumeric sender

  // Invalid number.
  [21211, { reason: 'recipient' }], // To is not a valid number
  [21217, { reason: 'recipient' }], // To does not appear to be valid
  [21265, { reason: 'recipient' }], // To is a short code
  [21266, { reason: 'recipient' }], // To and From are the same
  [21268, { reason: 'recipient' }], // To is a premium-rate or information service
  [21604, { reason: 'recipient' }], // To is required
  [21614, { reason: 'recipient' }], // To cannot receive SMS
  [21635, { reason: 'recipient' }], // To is a landline
  // Twilio does not deliver there: another vendor may.
  [21214, { reason: 'recipient', failover: true }], // To cannot be reached
  [21216, { reason: 'recipient', failover: true }], // Twilio blocks this destination
  [21612, { reason: 'recipient', failover: true }], // no route from this From to this To

  [21610, { reason: 'opted_out' }], // the recipient replied STOP

  // Invalid text.
  [20413, { reason: 'content' }], // the request is too large
  [20422, { reason: 'content' }], // a parameter is invalid
  [21602, { reason: 'content' }], // a body is required
  [21605, { reason: 'content' }], // longer than 160 characters, at the old API
  [21617, { reason: 'content' }], // longer than 1600 characters
  [21618, { reason: 'content' }], // carriers filter this body
  [21619, { reason: 'content' }], // a body, media or content template is required
  [21624, { reason: 'content' }], // invalid validity period
  [21654, { reason: 'content' }], // ContentVariables without ContentSid
  [21655, { reason: 'content' }], // invalid ContentSid
  [21656, { reason: 'content' }], // invalid ContentVariables
  [21658, { reason: 'content' }], // a parameter exceeds its limit of characters

  // Nothing was processed: "try again later".
  [20162, { reason: 'unavailable', retryAfterMs: SECOND_MS }], // another request is changing the resource; this one was rejected
  [20409, { reason: 'unavailable', retryAfterMs: SECOND_MS }], // the resource is in a state that does not allow it: wait
  [21702, { reason: 'unavailable', retryAfterMs: MINUTE_MS }], // the Messaging Service is not available to send: "Retry your API call"
  [21730, { reason: 'unavailable', retryAfterMs: MINUTE_MS }], // scheduled maintenance

  // Rate limits. 20429 is never processed and always safe to retry.
  [20429, { reason: 'throttled', retryAfterMs: SECOND_MS }], // too many concurrent requests
  [21611, { reason: 'throttled', retryAfterMs: 15 * MINUTE_MS }], // more than ten hours of texts queued for this From
  [60728, { reason: 'throttled', retryAfterMs: 15 * MINUTE_MS }], // the account's hourly limit
  [63017, { reason: 'throttled', retryAfterMs: SECOND_MS }], // over 2000 messages a second
  [63018, { reason: 'throttled', retryAfterMs: SECOND_MS }], // the rate limit of the channel
  [63038, { reason: 'throttled', retryAfterMs: 60 * MINUTE_MS }], // the account's limit in a rolling day

  // "If you retry the request, it is possible for a customer to receive multiple messages."
  [20500, { reason: 'unknown_outcome' }], // internal server error
  [20503, { reason: 'unknown_outcome' }], // service unavailable
]);

/** Meaning of codes that are not in the table, by range; the full list: https://www.twilio.com/docs/api/errors */
const FAMILIES: readonly (readonly [from: number, to: number, row: CodeRow])[] = [
  [10_001, 10_999, { reason: 'auth' }], // the account
  [20_101, 20_161, { reason: 'auth' }], // access tokens
  // Messaging Services, their senders and campaigns: mostly per country.
  [21_700, 21_799, { reason: 'auth', onlyThisMessage: true }],
];

/**
 * Delivery errors: `ErrorCode` of a callback, `error_code` of the resource. Their pages have the same address. Senders
 * are also checked after acceptance, so the codes above may occur here as well.
 */
export const TWILIO_DELIVERY_CODES: ReadonlyMap<number, ProviderReason> = new Map<number, ProviderReason>([
  [30001, 'throttled'], // queue overflow: sent faster than the sender may
  [30002, 'auth'], // account suspended
  [30003, 'recipient'], // handset switched off or out of reach
  [30004, 'recipient'], // the number is blocked from receiving this
  [30005, 'recipient'], // no such number
  [30006, 'recipient'], // a landline, or a carrier out of reach
  [30007, 'content'], // filtered by Twilio or the carrier
  [30008, 'unavailable'], // the carrier does not say why
  [30010, 'balance'], // the price exceeds MaxPrice
  [30011, 'recipient'], // the number does not take MMS
  [30012, 'content'], // the time to live is too small
  [30013, 'content'], // the time to live is too big
  [30014, 'recipient'], // To is invalid
  [30015, 'auth'], // the type of the channel is not supported
  [30016, 'auth'], // To and From are of different channels
  [30017, 'throttled'], // the carrier's network is congested
  [30018, 'auth'], // the country wants alphanumeric senders registered
  [30019, 'content'], // larger than the carrier takes
  [30020, 'unavailable'], // internal failure: message scheduling
  [30021, 'unavailable'], // internal failure: Messaging Service
  [30022, 'throttled'], // over the rate of the US A2P 10DLC campaign
  [30023, 'throttled'], // over the day's limit of the US A2P 10DLC brand
  [30024, 'auth'], // the numeric sender is not provisioned with the carrier
  [30027, 'throttled'], // over the day's limit of T-Mobile, until midnight Pacific time
  [30028, 'auth'], // invalid API version
  [30029, 'content'], // invalid ContentRetention
  [30030, 'content'], // invalid AddressRetention
  [30031, 'content'], // invalid MaxRate
  [30032, 'auth'], // the toll-free number is not verified
  [30033, 'auth'], // the US A2P 10DLC campaign is suspended
  [30034, 'auth'], // the US number belongs to no registered campaign
  [30035, 'auth'], // the US number is still being configured for its campaign
  [30036, 'throttled'], // queued for longer than ValidityPeriod allowed
  [30038, 'content'], // taken for a one-time passcode, which the receiving Twilio number may not get
  [30039, 'content'], // filtered as part of a loop of machine-made messages
  [30042, 'auth'], // the sender ID is blocked: generic, or with special characters
  [30110, 'content'], // a link leads to a blocked domain
  [30111, 'content'], // a link is on a deny list
  [30410, 'unavailable'], // the carrier did not answer in time
  [30450, 'throttled'], // fraud protection blocks the destination for a while
  [30453, 'throttled'], // the same
  [63009, 'unavailable'], // the channel's provider failed
  [63010, 'unavailable'], // Twilio failed
  [63012, 'unavailable'], // the channel's provider failed
]);

/** Reasons of delivery codes that are not in the table, by range. */
const DELIVERY_FAMILIES: readonly (readonly [from: number, to: number, reason: ProviderReason])[] = [
  [30_100, 30_199, 'auth'], // link shortening and its domains
  [30_440, 30_449, 'auth'], // the verification of the toll-free number was rejected
];

/** Returns the reason of a code that is safe to show; `undefined` for none or an unknown one. */
export function deliveryReason(code: string | undefined): ProviderReason | undefined {
  if (code === undefined || !/^\d+$/.test(code)) return undefined;
  const number = Number(code);
  const known = TWILIO_DELIVERY_CODES.get(number) ?? TWILIO_CODES.get(number)?.reason;
  return known ?? DELIVERY_FAMILIES.find(([from, to]) => number >= from && number <= to)?.[2];
}

/** Classifies an unsuccessful response: by the code in its body, else by its status. */
export function classifyTwilio(answer: HttpAnswer, now: Date): Refused {
  const { code } = (readJson(answer.body) ?? {}) as { code?: unknown };
  return refusalFromAnswer(answer, now, findTwilioCode(answer.status, code));
}

function findTwilioCode(status: number, written: unknown): CodeMeaning {
  const code = safeCode(written);
  if (code === undefined) return {};
  const number = /^\d+$/.test(code) ? Number(code) : Number.NaN;
  return meaningOfCode(status, code, TWILIO_CODES.get(number), FAMILIES.find(([from, to]) => number >= from && number <= to)?.[2]);
}

/**
 * Classifies a message that failed before it was sent, by its `error_code`: codes of rejections and of delivery, which
 * concern only this message here. Without a listed code it is a refusal all the same.
 */
export function refusalOfFailedText(answer: HttpAnswer, now: Date, written: unknown): Refused {
  const code = safeCode(written);
  const row = TWILIO_CODES.get(Number(code));
  if (row !== undefined && code !== undefined) return refusalFromAnswer(answer, now, { ...row, code });
  const reason = deliveryReason(code);
  return refusalFromAnswer(answer, now, {
    reason: reason ?? 'content',
    code: code ?? 'failed',
    unlisted: reason === undefined,
    onlyThisMessage: true,
    ...(reason === 'throttled' ? { retryAfterMs: 15 * MINUTE_MS } : {}),
  });
}
