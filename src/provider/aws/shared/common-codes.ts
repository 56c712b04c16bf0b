import { parseRetryAfterMs, safeCode } from '../../../http-client/read-answer.ts';
import type { HttpAnswer } from '../../../http-client/transport.ts';
import { type CodeRow, meaningOfCode, refusalFromAnswer } from '../../contract/classify.ts';
import type { Refused } from '../../contract/provider.ts';

const THROTTLED: CodeRow = { reason: 'throttled', retryAfterMs: 1_000 };

/**
 * Codes common to all AWS services: https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html . Services with a
 * query API use the bare code, those with JSON the exception name. The throttling codes are those of AWS's own SDKs:
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 */
export const COMMON_CODES: readonly (readonly [code: string, row: CodeRow])[] = [
  // The keys or the signature are wrong, revoked or expired.
  ['InvalidClientTokenId', { reason: 'auth' }],
  ['UnrecognizedClientException', { reason: 'auth' }],
  ['SignatureDoesNotMatch', { reason: 'auth' }],
  ['InvalidSignatureException', { reason: 'auth' }],
  ['IncompleteSignature', { reason: 'auth' }],
  ['IncompleteSignatureException', { reason: 'auth' }],
  ['MissingAuthenticationToken', { reason: 'auth' }],
  ['MissingAuthenticationTokenException', { reason: 'auth' }],
  ['ExpiredToken', { reason: 'auth' }],
  ['ExpiredTokenException', { reason: 'auth' }],
  ['RequestExpired', { reason: 'auth' }], // clock skew larger than the lifetime of the signature
  // The keys are valid, but lack permissions.
  ['AccessDenied', { reason: 'auth' }],
  ['AccessDeniedException', { reason: 'auth' }],
  ['NotAuthorized', { reason: 'auth' }],
  ['OptInRequired', { reason: 'auth' }], // the account has not signed up for the service

  ['ValidationError', { reason: 'content' }],
  ['ValidationException', { reason: 'content' }],

  ['Throttling', THROTTLED],
  ['ThrottlingException', THROTTLED],
  ['Throttled', THROTTLED],
  ['ThrottledException', THROTTLED],
  ['RequestThrottled', THROTTLED],
  ['RequestThrottledException', THROTTLED],
  ['RequestLimitExceeded', THROTTLED],
  ['TooManyRequestsException', THROTTLED],
  ['BandwidthLimitExceeded', THROTTLED],
  ['SlowDown', THROTTLED],

  ['InternalFailure', { reason: 'unknown_outcome' }],
  ['ServiceUnavailable', { reason: 'unknown_outcome' }],
  ['ServiceUnavailableException', { reason: 'unknown_outcome' }],
];

/** Rejections by IAM, which come after the signature was verified. */
const DENIALS: ReadonlySet<string> = new Set(['AccessDenied', 'AccessDeniedException', 'NotAuthorized', 'AuthorizationError']);

export function isDenial(code: string | undefined): boolean {
  return code !== undefined && DENIALS.has(code);
}

/**
 * Classifies a response that is not a readable success.
 *
 * @param code as AWS returned it
 * @param row its entry in the tables; when `code` has none, possibly that of a broader code
 * @param listed whether the tables contain `code`
 */
export function classifyAws(
  answer: HttpAnswer,
  now: Date,
  code: string | undefined,
  row: CodeRow | undefined,
  listed: boolean = row !== undefined,
): Refused {
  const finding =
    code === undefined
      ? {}
      : meaningOfCode(answer.status, listed ? code : safeCode(code), listed ? row : undefined, listed ? undefined : row);
  // AWS's own header, which the SDK reads as well.
  const retryAfterMs = parseRetryAfterMs(answer.headers['x-amz-retry-after']) ?? finding.retryAfterMs;
  return refusalFromAnswer(answer, now, { ...finding, retryAfterMs });
}
