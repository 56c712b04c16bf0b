import { parseRetryAfterMs, safeCode } from '../../../http-client/read-answer.ts';
import type { HttpAnswer } from '../../../http-client/transport.ts';
import { type CodeRow, meaningOfCode, refusalFromAnswer } from '../../contract/classify.ts';
import type { Refused } from '../../contract/provider.ts';

const THROTTLED: CodeRow = { reason: 'throttled', retryAfterMs: 1_000 };

/**
 * Codes that every service of AWS may give: https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html . Services with
 * a query API write them bare, those with JSON as exceptions; the throttles are those that AWS's own SDKs take for one:
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 */
export const COMMON_CODES: readonly (readonly [code: string, row: CodeRow])[] = [
  // The keys are wrong, revoked or expired, or the signature is.
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
  ['RequestExpired', { reason: 'auth' }], // a clock off by more than the signature's life
  // The keys are good; what they may do is too little.
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

/** Refusals by IAM: the signature had been found right before. */
const DENIALS: ReadonlySet<string> = new Set(['AccessDenied', 'AccessDeniedException', 'NotAuthorized', 'AuthorizationError']);

export function isDenial(code: string | undefined): boolean {
  return code !== undefined && DENIALS.has(code);
}

/**
 * A refusal from an answer that is not a readable yes.
 *
 * @param code as AWS gave it
 * @param row what the tables make of it; where `code` is not in them, perhaps of a wider one beside it
 * @param listed whether the tables hold `code`
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
  // AWS's own header, which the SDK reads too.
  const retryAfterMs = parseRetryAfterMs(answer.headers['x-amz-retry-after']) ?? finding.retryAfterMs;
  return refusalFromAnswer(answer, now, { ...finding, retryAfterMs });
}
