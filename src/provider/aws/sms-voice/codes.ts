import { readJson } from '../../../http-client/read-answer.ts';
import type { HttpAnswer } from '../../../http-client/transport.ts';
import type { CodeRow } from '../../contract/classify.ts';
import type { Refused } from '../../contract/provider.ts';
import { COMMON_CODES, classifyAws } from '../shared/common-codes.ts';

/** Another vendor, or another sender, may have a route to the country or number. */
const NO_ROUTE: CodeRow = { reason: 'recipient', failover: true };

/**
 * Meaning of the errors of End User Messaging, by their `Reason` when present, else by their type:
 * https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html#API_SendTextMessage_Errors
 */
export const SMS_VOICE_CODES: ReadonlyMap<string, CodeRow> = new Map<string, CodeRow>([
  ...COMMON_CODES,
  // AccessDeniedException
  ['ACCOUNT_DISABLED', { reason: 'auth' }],
  ['INSUFFICIENT_ACCOUNT_REPUTATION', { reason: 'auth' }],

  // ResourceNotFoundException: no such sender, pool or configuration set
  ['ResourceNotFoundException', { reason: 'auth' }],

  // ConflictException; its other reasons follow the HTTP status, because the type alone is too general
  ['DESTINATION_PHONE_NUMBER_OPTED_OUT', { reason: 'opted_out' }],
  ['DESTINATION_PHONE_NUMBER_NOT_VERIFIED', { reason: 'auth', onlyThisMessage: true }], // the sandbox texts verified numbers only
  ['DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE', NO_ROUTE],
  ['DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION', NO_ROUTE],
  ['NO_ORIGINATION_IDENTITIES_FOUND', NO_ROUTE],
  ['MESSAGE_TYPE_MISMATCH', { reason: 'auth' }],
  ['NUMBER_CAPABILITIES_MISMATCH', { reason: 'auth' }],
  ['RESOURCE_NOT_ACTIVE', { reason: 'auth' }],
  ['REGISTRATION_NOT_COMPLETE', { reason: 'auth' }],

  // ServiceQuotaExceededException
  ['MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT', { reason: 'balance' }],
  ['ServiceQuotaExceededException', { reason: 'throttled', retryAfterMs: 15 * 60_000 }],

  // ValidationException. Errors whose `Fields` name the number: see `classifySmsVoice`.
  ['DESTINATION_COUNTRY_BLOCKED', NO_ROUTE],
  ['COUNTRY_NOT_ENABLED', NO_ROUTE],
  ['INTERNATIONAL_SENDING_NOT_SUPPORTED', NO_ROUTE],
  ['INVALID_IDENTITY_FOR_DESTINATION_COUNTRY', NO_ROUTE],
  ['SENDER_ID_NOT_SUPPORTED', NO_ROUTE],
  ['SENDER_ID_REQUIRES_REGISTRATION', NO_ROUTE],
  ['PRICE_OVER_THRESHOLD', NO_ROUTE],
  ['SENDER_ID_NOT_REGISTERED', { reason: 'auth', onlyThisMessage: true }],
  ['RESOURCE_NOT_ACCESSIBLE', { reason: 'auth' }],
  ['CHANNEL_NOT_ENABLED', { reason: 'auth' }],
  ['INVALID_ARN', { reason: 'auth' }],
  ['CANNOT_PARSE', { reason: 'content' }],
  ['FIELD_VALIDATION_FAILED', { reason: 'content' }],
  ['INVALID_PARAMETER', { reason: 'content' }],
  ['INVALID_REQUEST', { reason: 'content' }],
  ['MAXIMUM_SIZE_EXCEEDED', { reason: 'content' }],
  ['MISSING_PARAMETER', { reason: 'content' }],
  ['OTHER', { reason: 'content' }],
  ['PARAMETERS_CANNOT_BE_USED_TOGETHER', { reason: 'content' }],
  ['UNSPECIFIED_PARAMETER_NOT_SUPPORTED', { reason: 'content' }],

  ['InternalServerException', { reason: 'unknown_outcome' }],
]);

/** Parses the body itself: the SDK gives errors that it cannot parse a name of its own. */
export function classifySmsVoice(answer: HttpAnswer, now: Date): Refused {
  const { type, reason, fields } = readSmsVoiceError(answer);
  const code = reason ?? type;
  const row = SMS_VOICE_CODES.get(reason ?? '') ?? SMS_VOICE_CODES.get(type ?? '');
  const aboutNumber = row?.reason === 'content' && fields.includes('DestinationPhoneNumber');
  return classifyAws(answer, now, code, aboutNumber ? { reason: 'recipient' } : row, SMS_VOICE_CODES.has(code ?? ''));
}

interface SmsVoiceError {
  readonly type: string | undefined;
  readonly reason: string | undefined;
  readonly fields: readonly unknown[];
}

/**
 * Parses an error of AWS JSON 1.0:
 * https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html#operation-error-serialization
 */
function readSmsVoiceError({ headers, body }: HttpAnswer): SmsVoiceError {
  const { __type, Reason, Fields } = (readJson(body) ?? {}) as { __type?: unknown; Reason?: unknown; Fields?: unknown };
  const written = typeof __type === 'string' ? __type : headers['x-amzn-errortype'];
  return {
    // For example com.amazonaws.pinpointsmsvoicev2#ValidationException; some gateways append a colon and a URI
    type: written?.replace(/:.*$/s, '').replace(/^.*#/s, '') || undefined,
    reason: typeof Reason === 'string' && Reason !== '' ? Reason : undefined,
    fields: Array.isArray(Fields) ? Fields.map((field: { Name?: unknown } | null) => field?.Name) : [],
  };
}
