import { expect, it } from 'vitest';
import { ALIBABA_CODES } from '../../src/provider/alibaba/codes.ts';
import { SMS_VOICE_CODES } from '../../src/provider/aws/sms-voice/codes.ts';
import { SNS_CODES } from '../../src/provider/aws/sns/codes.ts';
import { refusalFromAnswer } from '../../src/provider/contract/classify.ts';
import { EXOTEL_CODES } from '../../src/provider/exotel/codes.ts';
import { SMSLOCAL_BARE_CODES } from '../../src/provider/smslocal/codes.ts';
import { classifyTencent, TENCENT_CODES } from '../../src/provider/tencent/codes.ts';
import { TWILIO_CODES } from '../../src/provider/twilio/codes.ts';
import { UNISMS_CODES } from '../../src/provider/unisms/codes.ts';

type Rows = ReadonlyMap<string | number, { readonly onlyThisMessage?: boolean | undefined }>;

/** The codes for which a provider is not left alone, although their reason would ask for it: by these it says no to one text. */
const NARROW: readonly (readonly [vendor: string, rows: Rows, codes: readonly (string | number)[]])[] = [
  ['twilio', TWILIO_CODES, [21215, 21219, 21401, 21408, 21606, 21608, 21657, 21659, 21703, 21709]],
  ['sns', SNS_CODES, []],
  ['aws-sms-voice', SMS_VOICE_CODES, ['DESTINATION_PHONE_NUMBER_NOT_VERIFIED', 'SENDER_ID_NOT_REGISTERED']],
  [
    'tencent',
    TENCENT_CODES,
    [
      'UnauthorizedOperation.IndividualUserMarketingSmsPermissionDeny',
      'LimitExceeded.PhoneNumberThirtySecondLimit',
      'LimitExceeded.DeliveryFrequencyLimit',
      'LimitExceeded.PhoneNumberOneHourLimit',
      'LimitExceeded.PhoneNumberDailyLimit',
      'LimitExceeded.PhoneNumberSameContentDailyLimit',
      'FailedOperation.MarketingSendTimeConstraint',
    ],
  ],
  ['alibaba', ALIBABA_CODES, ['isv.SMS_TEST_NUMBER_LIMIT', 'isv.BUSINESS_LIMIT_CONTROL']],
  ['unisms', UNISMS_CODES, ['105300']],
  ['smslocal', SMSLOCAL_BARE_CODES, []],
  ['exotel', EXOTEL_CODES, ['40000', '340030', '40003', '40206', '40300', '40301']],
];

it.each(NARROW)('%s says of which codes concern one number, country or text only', (_vendor, rows, codes) => {
  const narrow = [...rows].filter(([, { onlyThisMessage }]) => onlyThisMessage === true).map(([code]) => code);
  expect(narrow).toEqual(codes);
});

const now = new Date('2026-11-20T03:00:00.000Z');
const answer = { kind: 'answer', status: 200, headers: {}, body: '' } as const;

it('the error of such a code says so', () => {
  expect(refusalFromAnswer(answer, now, { reason: 'auth', onlyThisMessage: true }).error.onlyThisMessage).toBe(true);
  expect(refusalFromAnswer(answer, now, { reason: 'auth' }).error.onlyThisMessage).toBe(false);
});

it('a limit that Tencent has added since is taken for one of a number', () => {
  expect(classifyTencent(answer, 'LimitExceeded.SomethingNew', now).error.onlyThisMessage).toBe(true);
  expect(classifyTencent(answer, 'LimitExceeded.DailyLimit', now).error.onlyThisMessage).toBe(false);
});
