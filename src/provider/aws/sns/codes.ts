import type { HttpAnswer } from '../../../http-client/transport.ts';
import type { CodeRow } from '../../contract/classify.ts';
import type { Refused } from '../../contract/provider.ts';
import { COMMON_CODES, classifyAws } from '../shared/common-codes.ts';

/** Meaning of SNS's error codes: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html#API_Publish_Errors */
export const SNS_CODES: ReadonlyMap<string, CodeRow> = new Map<string, CodeRow>([
  ...COMMON_CODES,
  ['AuthorizationError', { reason: 'auth' }], // IAM
  ['InvalidSecurity', { reason: 'auth' }], // the credential's signature is not valid, or it was not sent over HTTPS
  ['NotFound', { reason: 'auth' }], // no such resource
  ['KMSAccessDenied', { reason: 'auth' }],
  ['KMSDisabled', { reason: 'auth' }],
  ['KMSInvalidState', { reason: 'auth' }],
  ['KMSNotFound', { reason: 'auth' }],
  ['KMSOptInRequired', { reason: 'auth' }],
  ['EndpointDisabled', { reason: 'auth' }],
  ['PlatformApplicationDisabled', { reason: 'auth' }],

  ['OptedOut', { reason: 'opted_out' }],

  // Concerns the number or another parameter: see `classifySns`.
  ['InvalidParameter', { reason: 'content' }],
  ['UserError', { reason: 'content' }], // a parameter beyond its constraints
  ['ParameterValueInvalid', { reason: 'content' }],
  ['InvalidParameterValue', { reason: 'content' }],
  ['InvalidParameterCombination', { reason: 'content' }],

  ['KMSThrottling', { reason: 'throttled', retryAfterMs: 1_000 }],

  ['InternalError', { reason: 'unknown_outcome' }],
]);

/** @param error the SDK's exception; contains `Code` and `message` of SNS when the body was readable */
export function classifySns(answer: HttpAnswer, error: unknown, now: Date): Refused {
  const code = snsCodeOf(error);
  const row = code === undefined ? undefined : SNS_CODES.get(code);
  return classifyAws(answer, now, code, row?.reason === 'content' && blamesNumber(error) ? { reason: 'recipient' } : row);
}

function snsCodeOf(error: unknown): string | undefined {
  const { Code } = (error ?? {}) as { readonly Code?: unknown };
  return typeof Code === 'string' && Code !== '' ? Code : undefined;
}

/**
 * Whether an error such as "Invalid parameter: PhoneNumber Reason: … is not valid to publish to" concerns the number.
 * The code alone does not name the parameter.
 */
function blamesNumber(error: unknown): boolean {
  const { message } = error as { readonly message?: unknown };
  return typeof message === 'string' && /^\s*Invalid parameter(?: value)?:\s*PhoneNumber\b/i.test(message);
}
