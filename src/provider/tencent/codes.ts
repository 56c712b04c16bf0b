import type { HttpAnswer } from '../../http-client/transport.ts';
import { meaningOfCode, refusalFromAnswer } from '../contract/classify.ts';
import type { ProviderReason, Refused } from '../contract/provider.ts';
import { msUntilBeijing } from '../mainland/mainland.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

export interface TencentCode {
  readonly reason: ProviderReason;
  /** Only where the code departs from its class. */
  readonly failover?: boolean;
  /** It is about this number or this text, and says nothing of other messages. */
  readonly onlyThisMessage?: boolean;
  /** How long a limit holds: ms, or until an hour in Beijing, at which Tencent's day begins. */
  readonly wait?: number | { readonly untilBeijing: number };
}

const MIDNIGHT = { untilBeijing: 0 };
const EIGHT_IN_THE_MORNING = { untilBeijing: 8 };

const rows = (row: TencentCode, codes: readonly string[]): [string, TencentCode][] => codes.map((code) => [code, row]);

/**
 * What Tencent's codes mean for a text that it refused, whether for the whole request or for its number. Those of SMS:
 * https://cloud.tencent.com/document/product/382/59177 , with their meanings also in the official Go SDK:
 * https://github.com/TencentCloud/tencentcloud-sdk-go/blob/master/tencentcloud/sms/v20210111/errors.go
 * Those that every product shares: https://www.tencentcloud.com/document/api/1131/45350
 *
 * A limit for one number may fail over: it is Tencent's protection against floods, not the recipient's wish.
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
  // Of a template of the marketing kind.
  ...rows({ reason: 'auth', onlyThisMessage: true }, ['UnauthorizedOperation.IndividualUserMarketingSmsPermissionDeny']),

  ...rows({ reason: 'balance' }, [
    'FailedOperation.InsufficientBalanceInSmsPackage',
    'UnauthorizedOperation.SerivceSuspendDueToArrears', // spelt so
  ]),

  ...rows({ reason: 'recipient' }, ['InvalidParameterValue.IncorrectPhoneNumber']),
  // Tencent does not go there; another vendor may.
  ...rows({ reason: 'recipient', failover: true }, ['UnsupportedOperation.UnsuportedRegion']), // spelt so
  // On a do-not-disturb list of Tencent's or a carrier's, by whose wish it does not say: another vendor may reach the number.
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

  // Of one number.
  ...rows({ reason: 'throttled', wait: 30 * SECOND_MS, onlyThisMessage: true }, [
    'LimitExceeded.PhoneNumberThirtySecondLimit',
    'LimitExceeded.DeliveryFrequencyLimit', // which of the limits it does not say: this is the earliest that it can end
  ]),
  ...rows({ reason: 'throttled', wait: HOUR_MS, onlyThisMessage: true }, ['LimitExceeded.PhoneNumberOneHourLimit']),
  ...rows({ reason: 'throttled', wait: MIDNIGHT, onlyThisMessage: true }, [
    'LimitExceeded.PhoneNumberDailyLimit',
    'LimitExceeded.PhoneNumberSameContentDailyLimit',
  ]),
  // Of a template of the marketing kind: 08:00 to 22:00 only.
  ...rows({ reason: 'throttled', wait: EIGHT_IN_THE_MORNING, onlyThisMessage: true }, ['FailedOperation.MarketingSendTimeConstraint']),
  // Of the account.
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

/** What a code means that Tencent has added since, by the word before its dot. */
export const TENCENT_FAMILIES: ReadonlyMap<string, TencentCode> = new Map([
  ...rows({ reason: 'auth' }, ['AuthFailure', 'UnauthorizedOperation']),
  // Most of its limits are of one number.
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
 * A refusal from an answer that is not a yes.
 * @param code as Tencent gave it, for the request or for its number; anything but a text is no code
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

/** Tencent's codes are words joined by a dot, longer than other vendors': letters hide no phone number. */
export function showCode(code: unknown): string | undefined {
  return typeof code === 'string' && /^[A-Za-z.]{1,80}$/.test(code) ? code : undefined;
}
