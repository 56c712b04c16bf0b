import type { ProviderReason } from '../../alert/reason.ts';
import { type CodeRow, type Finding, refusalFromAnswer } from '../classify.ts';
import type { Refused } from '../provider.ts';
import { readJson, safeCode } from '../read-answer.ts';
import type { HttpAnswer } from '../transport.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

/**
 * What Twilio's error codes mean for a text that it refused. The page of each is
 * `https://www.twilio.com/docs/api/errors/<code>`. A code that is not here follows its HTTP status.
 */
export const TWILIO_CODES: ReadonlyMap<number, CodeRow> = new Map<number, CodeRow>([
  // Credentials, permissions and account set-up: ours to mend, the same for every recipient.
  [10001, { reason: 'auth' }], // account not active: suspended, or out of funds
  [10002, { reason: 'auth' }], // not available to trial accounts
  [20003, { reason: 'auth' }], // authentication failed
  [20005, { reason: 'auth' }], // account not active
  [20404, { reason: 'auth' }], // no such account or resource
  [21212, { reason: 'auth' }], // From is not a valid sender
  [21401, { reason: 'auth' }], // From is not SMS-enabled
  [21408, { reason: 'auth', onlyThisMessage: true }], // no permission for that region
  [21601, { reason: 'auth' }], // From is not a number of the account
  [21603, { reason: 'auth' }], // From or MessagingServiceSid is required
  [21606, { reason: 'auth', onlyThisMessage: true }], // From cannot send messages
  [21607, { reason: 'auth' }], // a trial account must send from its trial number
  [21608, { reason: 'auth', onlyThisMessage: true }], // trial, or no approved profile: To must be verified first
  [21609, { reason: 'auth' }], // StatusCallback is not a valid URL
  [21659, { reason: 'auth', onlyThisMessage: true }], // From is not a Twilio number, or a short code of another country
  [21660, { reason: 'auth' }], // From belongs to another account
  [21661, { reason: 'auth' }], // From is not SMS-capable
  [21701, { reason: 'auth' }], // no such Messaging Service
  [21703, { reason: 'auth' }], // the Messaging Service has no numbers
  [21705, { reason: 'auth' }], // the Messaging Service SID is invalid
  [30002, { reason: 'auth' }], // account suspended
  [90010, { reason: 'auth' }], // account not active

  // The number.
  [21211, { reason: 'recipient' }], // To is not a valid number
  [21265, { reason: 'recipient' }], // To is a short code
  [21266, { reason: 'recipient' }], // To and From are the same
  [21604, { reason: 'recipient' }], // To is required
  [21612, { reason: 'recipient', failover: true }], // no route from this From to this To: another vendor may have one
  [21614, { reason: 'recipient' }], // To cannot receive SMS
  [21635, { reason: 'recipient' }], // To is a landline

  [21610, { reason: 'opted_out' }], // the recipient replied STOP

  // The text.
  [21602, { reason: 'content' }], // a body is required
  [21617, { reason: 'content' }], // longer than 1600 characters
  [21619, { reason: 'content' }], // a body, media or content template is required

  // Their limits. 20429 is never processed and always safe to try again.
  [20429, { reason: 'throttled', retryAfterMs: SECOND_MS }], // too many requests at once
  [21611, { reason: 'throttled', retryAfterMs: 15 * MINUTE_MS }], // more than ten hours of texts queued for this From
  [60728, { reason: 'throttled', retryAfterMs: 15 * MINUTE_MS }], // the account's hourly limit
  [63017, { reason: 'throttled', retryAfterMs: SECOND_MS }], // over 2000 messages a second
  [63038, { reason: 'throttled', retryAfterMs: 60 * MINUTE_MS }], // the account's limit in a rolling day

  // "If you retry the request, it is possible for a customer to receive multiple messages."
  [20500, { reason: 'unknown_outcome' }], // internal server error
  [20503, { reason: 'unknown_outcome' }], // service unavailable
]);

/**
 * Why a text that Twilio had taken did not arrive: `ErrorCode` of a callback, `error_code` of the resource. The pages are
 * at the same address. Senders are also checked after the acceptance, so that the codes above may come here as well.
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
  [30022, 'throttled'], // over the rate of the US A2P 10DLC campaign
  [30023, 'throttled'], // over the day's limit of the US A2P 10DLC brand
  [30032, 'auth'], // the toll-free number is not verified
  [30034, 'auth'], // the US number belongs to no registered campaign
  [30036, 'throttled'], // queued for longer than ValidityPeriod allowed
  [30410, 'unavailable'], // the carrier did not answer in time
  [30450, 'throttled'], // fraud protection blocks the destination for a while
  [30453, 'throttled'], // the same
]);

/** Of a code fit to be shown; `undefined` for none, and for one that neither table holds. */
export function deliveryReason(code: string | undefined): ProviderReason | undefined {
  return TWILIO_DELIVERY_CODES.get(Number(code)) ?? TWILIO_CODES.get(Number(code))?.reason;
}

/**
 * A refusal from an answer that brought no message SID. Only a 4xx is a no: a 2xx may have been sent although it
 * cannot be read, and a 5xx too, whatever code it carries.
 */
export function classifyTwilio(answer: HttpAnswer, now: Date): Refused {
  const { code } = (readJson(answer.body) ?? {}) as { code?: unknown };
  const shown = safeCode(code);
  const row = TWILIO_CODES.get(Number(shown));
  const seen: Finding = { code: shown, unlisted: shown !== undefined && row === undefined };
  if (answer.status < 400 || answer.status >= 500) return refusalFromAnswer(answer, now, seen);
  // No such account in the URL, by a server that adds no code.
  const byStatus: Finding = answer.status === 404 ? { reason: 'auth' } : {};
  return refusalFromAnswer(answer, now, { ...(row ?? byStatus), ...seen });
}
