import { expect, it } from 'vitest';
import { COMMON_CODES } from '../../../../src/provider/aws/shared/common-codes.ts';
import { classifySmsVoice, SMS_VOICE_CODES } from '../../../../src/provider/aws/sms-voice/codes.ts';

const NOW = new Date('2026-11-20T03:00:00.000Z');

function classify(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const written = typeof body === 'string' ? body : JSON.stringify(body);
  return classifySmsVoice({ kind: 'answer', status, headers, body: written }, NOW).error;
}

const ROWS: readonly [type: string, reasonOfTheirs: string | undefined, reason: string, failover: boolean][] = [
  ['AccessDeniedException', 'ACCOUNT_DISABLED', 'auth', true],
  ['AccessDeniedException', 'INSUFFICIENT_ACCOUNT_REPUTATION', 'auth', true],
  ['ResourceNotFoundException', undefined, 'auth', true],
  ['ConflictException', 'DESTINATION_PHONE_NUMBER_OPTED_OUT', 'opted_out', false],
  ['ConflictException', 'DESTINATION_PHONE_NUMBER_NOT_VERIFIED', 'auth', true],
  ['ConflictException', 'DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE', 'recipient', true],
  ['ConflictException', 'DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION', 'recipient', true],
  ['ConflictException', 'NO_ORIGINATION_IDENTITIES_FOUND', 'recipient', true],
  ['ConflictException', 'MESSAGE_TYPE_MISMATCH', 'auth', true],
  ['ConflictException', 'NUMBER_CAPABILITIES_MISMATCH', 'auth', true],
  ['ConflictException', 'RESOURCE_NOT_ACTIVE', 'auth', true],
  ['ConflictException', 'REGISTRATION_NOT_COMPLETE', 'auth', true],
  ['ServiceQuotaExceededException', 'MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT', 'balance', true],
  ['ServiceQuotaExceededException', undefined, 'throttled', true],
  ['ValidationException', 'DESTINATION_COUNTRY_BLOCKED', 'recipient', true],
  ['ValidationException', 'COUNTRY_NOT_ENABLED', 'recipient', true],
  ['ValidationException', 'INTERNATIONAL_SENDING_NOT_SUPPORTED', 'recipient', true],
  ['ValidationException', 'INVALID_IDENTITY_FOR_DESTINATION_COUNTRY', 'recipient', true],
  ['ValidationException', 'SENDER_ID_NOT_SUPPORTED', 'recipient', true],
  ['ValidationException', 'SENDER_ID_REQUIRES_REGISTRATION', 'recipient', true],
  ['ValidationException', 'PRICE_OVER_THRESHOLD', 'recipient', true],
  ['ValidationException', 'SENDER_ID_NOT_REGISTERED', 'auth', true],
  ['ValidationException', 'RESOURCE_NOT_ACCESSIBLE', 'auth', true],
  ['ValidationException', 'CHANNEL_NOT_ENABLED', 'auth', true],
  ['ValidationException', 'INVALID_ARN', 'auth', true],
  ['ValidationException', 'CANNOT_PARSE', 'content', true],
  ['ValidationException', 'FIELD_VALIDATION_FAILED', 'content', true],
  ['ValidationException', 'INVALID_PARAMETER', 'content', true],
  ['ValidationException', 'INVALID_REQUEST', 'content', true],
  ['ValidationException', 'MAXIMUM_SIZE_EXCEEDED', 'content', true],
  ['ValidationException', 'MISSING_PARAMETER', 'content', true],
  ['ValidationException', 'OTHER', 'content', true],
  ['ValidationException', 'PARAMETERS_CANNOT_BE_USED_TOGETHER', 'content', true],
  ['ValidationException', 'UNSPECIFIED_PARAMETER_NOT_SUPPORTED', 'content', true],
  ['InternalServerException', undefined, 'unknown_outcome', false],
];

it.each(ROWS)('%s for %s is %s', (type, Reason, reason, failover) => {
  const status = type === 'InternalServerException' ? 500 : 400;
  const error = classify(status, { __type: type, Reason, Message: 'said by AWS' });
  expect(error).toMatchObject({ reason, failover, code: Reason ?? type, status, unlisted: false });
});

it('every row of the table is tested above, but for those of every AWS service', () => {
  const common = new Set(COMMON_CODES.map(([code]) => code));
  expect(ROWS.map(([type, reason]) => reason ?? type).sort()).toEqual(
    [...SMS_VOICE_CODES.keys()].filter((code) => !common.has(code)).sort(),
  );
});

it.each(COMMON_CODES.filter(([, { reason }]) => reason !== 'unknown_outcome'))(
  '%s means here what it means everywhere',
  (code, { reason }) => {
    expect(classify(400, { __type: code })).toMatchObject({ reason, code });
  },
);

it.each(['CANNOT_PARSE', 'FIELD_VALIDATION_FAILED', 'INVALID_PARAMETER', undefined])(
  'a validation (%s) that names the number is about the number',
  (Reason) => {
    const blaming = (Name: string) => ({ __type: 'ValidationException', Reason, Fields: [{ Name, Message: 'x' }] });
    expect(classify(400, blaming('DestinationPhoneNumber'))).toMatchObject({ reason: 'recipient', failover: false });
    expect(classify(400, blaming('MessageBody'))).toMatchObject({ reason: 'content' });
  },
);

it.each([
  ['with its namespace', { __type: 'com.amazonaws.pinpointsmsvoicev2#ThrottlingException' }, {}],
  ['bare', { __type: 'ThrottlingException' }, {}],
  ['in a header', {}, { 'x-amzn-errortype': 'ThrottlingException:http://internal.amazon.com/coral/' }],
])('reads a type %s', (_how, body, headers) => {
  expect(classify(400, body, headers)).toMatchObject({
    reason: 'throttled',
    code: 'ThrottlingException',
    retryAt: new Date(NOW.getTime() + 1_000),
  });
});

it('falls back on the type for a reason we never heard of, and on the status for a type we never heard of', () => {
  const withNewReason = (type: string) => classify(400, { __type: type, Reason: 'SOMETHING_NEW' });
  expect(withNewReason('ServiceQuotaExceededException')).toMatchObject({ reason: 'throttled', code: 'SOMETHING_NEW', unlisted: true });
  expect(withNewReason('ConflictException')).toMatchObject({ reason: 'content', code: 'SOMETHING_NEW', unlisted: true });
  expect(classify(400, { __type: 'NewException' })).toMatchObject({ reason: 'content', code: 'NewException', unlisted: true });
  expect(classify(403, { __type: 'NewException', Reason: 'WHY' })).toMatchObject({ reason: 'auth', code: 'WHY', unlisted: true });
});

it.each([
  ['HTML', '<html>'],
  ['nothing', ''],
  ['null', 'null'],
  ['a list', '[]'],
  ['fields that are none', { Fields: [null, 1], Reason: 1, __type: {} }],
])('a 400 with %s is about the content, for all we know', (_what, body) => {
  expect(classify(400, body)).toMatchObject({ reason: 'content', code: undefined, unlisted: false });
});

it('a known code is a refusal whatever the status, but not in a redirect', () => {
  const body = { __type: 'ConflictException', Reason: 'DESTINATION_PHONE_NUMBER_OPTED_OUT' };
  for (const status of [200, 500, 503]) expect(classify(status, body).reason).toBe('opted_out');
  expect(classify(302, body).reason).toBe('unknown_outcome');
});

it('a quota is tried again later, a throttle soon', () => {
  const at = (body: unknown) => (classify(400, body).retryAt?.getTime() ?? 0) - NOW.getTime();
  expect(at({ __type: 'ServiceQuotaExceededException' })).toBe(900_000);
  expect(at({ __type: 'ThrottlingException' })).toBe(1_000);
});
