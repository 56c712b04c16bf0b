import { expect, it } from 'vitest';
import { COMMON_CODES } from '../../../../src/provider/aws/shared/common-codes.ts';
import { classifySmsVoice } from '../../../../src/provider/aws/sms-voice/codes.ts';
import { expectConsequence, type VendorRefusal } from '../../../support/fixtures/vendor-refusal.ts';

const NOW = new Date('2026-11-20T03:00:00.000Z');

function classify(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const written = typeof body === 'string' ? body : JSON.stringify(body);
  return classifySmsVoice({ kind: 'answer', status, headers, body: written }, NOW).error;
}

const said = (what: string, status: number, type: string, Reason: string | undefined, consequence: VendorRefusal[3]): VendorRefusal => [
  what,
  status,
  { __type: type, Message: 'said by AWS', ...(Reason === undefined ? {} : { Reason }) },
  consequence,
];
const ourFault = { reason: 'auth', failover: true, retry: true } as const;
const noRoute = { reason: 'recipient', failover: true, retry: false } as const;

it.each<VendorRefusal>([
  said('a disabled account', 400, 'AccessDeniedException', 'ACCOUNT_DISABLED', ourFault),
  said('no such sender', 400, 'ResourceNotFoundException', undefined, ourFault),
  said('the sandbox and a number that is not verified', 400, 'ConflictException', 'DESTINATION_PHONE_NUMBER_NOT_VERIFIED', {
    ...ourFault,
    onlyThisMessage: true,
  }),
  said('a recipient who opted out', 400, 'ConflictException', 'DESTINATION_PHONE_NUMBER_OPTED_OUT', {
    ...{ reason: 'opted_out', failover: false, retry: false },
  }),
  said('a blocked country, which another vendor may reach', 400, 'ValidationException', 'DESTINATION_COUNTRY_BLOCKED', noRoute),
  said('no sender for the country', 400, 'ConflictException', 'NO_ORIGINATION_IDENTITIES_FOUND', noRoute),
  said('a price above the limit', 400, 'ValidationException', 'PRICE_OVER_THRESHOLD', noRoute),
  said('the limit of a month', 400, 'ServiceQuotaExceededException', 'MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT', {
    ...{ reason: 'balance', failover: true, retry: true },
  }),
  said('a quota', 400, 'ServiceQuotaExceededException', undefined, { reason: 'throttled', failover: true, retry: true, waitMs: 900_000 }),
  said('a text that is too long', 400, 'ValidationException', 'MAXIMUM_SIZE_EXCEEDED', { reason: 'content', failover: true, retry: false }),
  said('an internal error, after which the text may go out', 500, 'InternalServerException', undefined, {
    ...{ reason: 'unknown_outcome', failover: false, retry: false },
  }),
])('%s (HTTP %i)', (_what, status, body, consequence) => {
  const { __type, Reason } = body as { readonly __type: string; readonly Reason?: string };
  expectConsequence(classify(status, body), consequence, NOW);
  expect(classify(status, body).code).toBe(Reason ?? __type);
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

it('falls back on the type for an unlisted reason, and on the status for an unlisted type', () => {
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
