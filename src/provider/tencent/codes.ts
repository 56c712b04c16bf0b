import type { HttpAnswer } from '../../http-client/transport.ts';
import { meaningOfCode, refusalFromAnswer } from '../contract/classify.ts';
import type { ProviderReason, Refused } from '../contract/provider.ts';
import { msUntilBeijing } from '../mainland/mainland.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

export interface TencentCode {
  readonly reason: ProviderReason;
  /** Overrides the failover rule of the reason. */
  readonly failover?: boolean;
  /** Concerns only this number or text; other messages are unaffected. */
  readonly onlyThisMessage?: boolean;
  /** Duration of a limit: ms, or until an hour in Beijing, at which Tencent's day begins. */
  readonly wait?: number | { readonly untilBeijing: number };
}

const MIDNIGHT = { untilBeijing: 0 };
const EIGHT_IN_THE_MORNING = { untilBeijing: 8 };

const rows = (row: TencentCode, codes: readonly string[]): [string, TencentCode][] => codes.map((code) => [code, row]);

/**
 * Meaning of Tencent's codes for a rejected request or number. SMS codes:
 * https://cloud.tencent.com/document/product/382/59177 , with their meanings also in the official Go SDK:
 * https://github.com/TencentCloud/tencentcloud-sdk-go/blob/master/tencentcloud/sms/v20210111/errors.go Common codes:
 * https://www.tencentcloud.com/document/api/1131/45350
 *
 * A limit per number may fail over: it is Tencent's protection against floods, not the recipient's wish.
 */
export const TENCENT_CODES: ReadonlyMap<string, TencentCode> = new Map([
  ...rows({ reason: 'auth' }, [
    'AuthFailure.InvalidAuthorization',
    'AuthFailure.InvalidSecretId',
    'AuthFailure.MFAFailure',
    'AuthFailure.SecretIdNotFound',
    'AuthFailure.SignatureExpire', // the clocks are more than five minutes apart
    'AuthFailure.SignatureFailure',
    'AuthFailure.TokenFailure',
    'AuthFailure.UnauthorizedOperation', // the key's policy does not allow the call
    'UnauthorizedOperation',
    'UnauthorizedOperation.RequestIpNotInWhitelist',
    'UnauthorizedOperation.RequestPermissionDeny',
    'UnauthorizedOperation.SdkAppIdIsDisabled',
    'UnauthorizedOperation.SmsSdkAppIdVerifyFail', // the app belongs to another account
    'InvalidParameter.AppidAndBizId', // the same
    'InvalidParameterValue.SdkAppIdNotExist',
    'InternalError.RequestTimeException', // the clocks are more than ten minutes apart
    'InternalError.RestApiInterfaceNotExist',
    'InternalError.SigFieldMissing',
    'InternalError.SigVerificationFail',
    'IpInBlacklist',
    'IpNotInWhitelist',
    'ActionOffline',
    'InvalidAction',
    'NoSuchProduct',
    'NoSuchVersion',
    'UnsupportedProtocol',
    'UnsupportedRegion', // of the request, not of the number
  ]),
  // Concerns templates of the marketing type.
  ...rows({ reason: 'auth', onlyThisMessage: true }, ['UnauthorizedOperation.IndividualUserMarketingSmsPermissionDeny']),

  ...rows({ reason: 'balance' }, [
    'FailedOperation.InsufficientBalanceInSmsPackage',
    'UnauthorizedOperation.SerivceSuspendDueToArrears', // spelt so
  ]),

  ...rows({ reason: 'recipient' }, ['InvalidParameterValue.IncorrectPhoneNumber']),
  // Tencent does not deliver there; another vendor may.
  ...rows({ reason: 'recipient', failover: true }, ['UnsupportedOperation.UnsuportedRegion']), // (sic)
  // On a do-not-disturb list of Tencent or a carrier; who requested it is not reported. Another vendor may reach the
  // number.
  ...rows({ reason: 'recipient', failover: true }, ['FailedOperation.PhoneNumberInBlacklist']),

  ...rows({ reason: 'content' }, [
    'FailedOperation.ContainSensitiveWord',
    'FailedOperation.FailResolvePacket',
    'FailedOperation.JsonParseFail',
    'FailedOperation.MissingSignature',
    'FailedOperation.OtherError', // most often a parameter out of order
    'FailedOperation.ParametersOtherError',
    'FailedOperation.SignatureIncorrectOrUnapproved',
    'FailedOperation.TemplateIncorrectOrUnapproved',
    'InternalError.JsonParseFail',
    'InvalidParameter',
    'InvalidParameter.DirtyWordFound',
    'InvalidParameter.InvalidParameters',
    'InvalidParameterValue',
    'InvalidParameterValue.ContentLengthLimit',
    'InvalidParameterValue.InvalidTemplateFormat',
    'InvalidParameterValue.ProhibitedUseUrlInTemplateParameter',
    'InvalidParameterValue.TemplateParameterFormatError', // templates of login codes take up to six digits
    'InvalidParameterValue.TemplateParameterLengthLimit', // over 12 characters, by an individual account
    'InvalidParameterValue.TemplateWithDirtyWords',
    'InvalidRequest',
    'LimitExceeded.PhoneNumberCountLimit', // over 200 in one request
    'MissingParameter',
    'MissingParameter.EmptyPhoneNumberSet',
    'RequestSizeLimitExceeded',
    'UnknownParameter',
    'UnsupportedOperation',
    'UnsupportedOperation.',
    'UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber',
  ]),

  // Limits per number.
  ...rows({ reason: 'throttled', wait: 30 * SECOND_MS, onlyThisMessage: true }, [
    'LimitExceeded.PhoneNumberThirtySecondLimit',
    'LimitExceeded.DeliveryFrequencyLimit', // which of the limits it does not say: this is the earliest that it can end
  ]),
  ...rows({ reason: 'throttled', wait: HOUR_MS, onlyThisMessage: true }, ['LimitExceeded.PhoneNumberOneHourLimit']),
  ...rows({ reason: 'throttled', wait: MIDNIGHT, onlyThisMessage: true }, [
    'LimitExceeded.PhoneNumberDailyLimit',
    'LimitExceeded.PhoneNumberSameContentDailyLimit',
  ]),
  // Marketing templates may be sent from 08:00 to 22:00 only.
  ...rows({ reason: 'throttled', wait: EIGHT_IN_THE_MORNING, onlyThisMessage: true }, ['FailedOperation.MarketingSendTimeConstraint']),
  // Limits of the account.
  ...rows({ reason: 'throttled', wait: MIDNIGHT }, ['LimitExceeded.AppDailyLimit', 'LimitExceeded.DailyLimit']),
  ...rows({ reason: 'throttled', wait: MINUTE_MS }, ['LimitExceeded']),
  ...rows({ reason: 'throttled', wait: SECOND_MS }, [
    'RequestLimitExceeded',
    'RequestLimitExceeded.GlobalRegionUinLimitExceeded',
    'RequestLimitExceeded.IPLimitExceeded',
    'RequestLimitExceeded.UinLimitExceeded',
  ]),

  ...rows({ reason: 'unavailable' }, ['ResourceInsufficient', 'ResourceUnavailable', 'ServiceUnavailable']),

  ...rows({ reason: 'unknown_outcome' }, [
    'InternalError',
    'InternalError.OtherError',
    'InternalError.SendAndRecvFail', // between the API and the gateway behind it
    'InternalError.Timeout',
    'InternalError.UnknownError',
    'ResponseSizeLimitExceeded',
  ]),
]);

/** Meaning of newer codes that are not in the table, by the part before the dot. */
export const TENCENT_FAMILIES: ReadonlyMap<string, TencentCode> = new Map([
  ...rows({ reason: 'auth' }, ['AuthFailure', 'UnauthorizedOperation']),
  // Most limits are per number.
  ...rows({ reason: 'throttled', wait: MINUTE_MS, onlyThisMessage: true }, ['LimitExceeded']),
  ...rows({ reason: 'throttled', wait: SECOND_MS }, ['RequestLimitExceeded']),
  ...rows({ reason: 'unknown_outcome' }, ['InternalError']),
  ...rows({ reason: 'content' }, [
    'FailedOperation',
    'InvalidParameter',
    'InvalidParameterValue',
    'MissingParameter',
    'UnknownParameter',
    'UnsupportedOperation',
  ]),
]);

/**
 * Classifies an unsuccessful response.
 * @param code of the request or of its number; anything but a string is ignored
 */
export function classifyTencent(answer: HttpAnswer, code: unknown, now: Date): Refused {
  if (typeof code !== 'string' || code === '' || code === 'Ok') return refusalFromAnswer(answer, now);
  const listed = TENCENT_CODES.get(code);
  const family = TENCENT_FAMILIES.get(code.replace(/\..*/s, ''));
  const wait = (listed ?? family)?.wait;
  return refusalFromAnswer(answer, now, {
    ...meaningOfCode(answer.status, showCode(code), listed, family),
    retryAfterMs: typeof wait === 'object' ? msUntilBeijing(wait.untilBeijing, now) : wait,
  });
}

/**
 * Returns a code that is safe to show. Tencent's codes are words joined by a dot, longer than other vendors': letters
 * contain no phone number.
 */
export function showCode(code: unknown): string | undefined {
  return typeof code === 'string' && /^[A-Za-z.]{1,80}$/.test(code) ? code : undefined;
}
