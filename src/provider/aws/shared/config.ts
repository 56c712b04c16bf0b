import { z } from 'zod';
import { secretSchema } from '../../../setting/secret.ts';
import { commonKeys, refuseForms, withTimeoutMs } from '../../contract/common-config.ts';

/**
 * Regions without SMS, or where it is uncertain: there SNS rejects every number as "not valid to publish to". Regions
 * with SMS: https://docs.aws.amazon.com/sns/latest/dg/sns-supported-regions-countries.html . `late`: the region is on
 * the list today, and was not when users reported that valid numbers were rejected:
 * https://github.com/aws/aws-sdk-js/issues/1217
 */
const REGIONS: ReadonlyMap<string, 'none' | 'late'> = new Map([
  ['cn-north-1', 'none'],
  ['cn-northwest-1', 'none'],
  ['ap-east-1', 'none'],
  // https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-settings-email-phone-verification.html
  // recommends Tokyo instead
  ['ap-northeast-2', 'none'],
  ['ap-northeast-3', 'late'],
  ['us-west-1', 'late'],
  ['us-gov-east-1', 'late'],
  ['us-gov-west-1', 'late'],
]);

/** Returns why a region may not send SMS, as the end of a sentence; `undefined` when no problem is known. */
export function doubtOfRegion(region: string): string | undefined {
  switch (REGIONS.get(region)) {
    case 'none':
      return 'is not a region from which AWS sends SMS: every number would be rejected';
    case 'late':
      return 'got SMS later than other regions: if the account has none there, every number is rejected as "not valid to publish to"';
    default:
      return undefined;
  }
}

const region = z.string().regex(/^[a-z]{2,5}(-[a-z]+)+-\d{1,2}$/, 'must be an AWS region such as eu-west-1');

/**
 * Optional together: without them the AWS SDK's chain resolves credentials from the environment, a profile, or the role
 * of the machine.
 */
const credentials = {
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
  accessKeyId: z
    .string()
    .min(1)
    .superRefine(
      refuseForms(
        [
          /^ASIA/,
          'is a temporary key (prefix ASIA), which needs a session token: omit both keys, so that the AWS chain provides all three',
        ],
        [/^[A-Za-z0-9/+]{40}$/, 'looks like a secret access key: set it as secretAccessKey, and the key that begins with AKIA here'],
      ),
    )
    .optional(),
  secretAccessKey: secretSchema
    .superRefine(refuseForms([/^A[KS]IA[A-Z0-9]{16}$/, 'is an access key ID (prefix AKIA): set it as accessKeyId']))
    .optional(),
};

function bothOrNeither(
  { accessKeyId, secretAccessKey }: { readonly accessKeyId?: string | undefined; readonly secretAccessKey?: unknown },
  ctx: z.RefinementCtx,
): void {
  if ((accessKeyId === undefined) === (secretAccessKey === undefined)) return;
  const path = [accessKeyId === undefined ? 'accessKeyId' : 'secretAccessKey'];
  ctx.addIssue({
    code: 'custom',
    path,
    message: 'accessKeyId and secretAccessKey must be set together; without both the AWS chain is used',
  });
}

/** Config of SNS: https://docs.aws.amazon.com/sns/latest/dg/sms_sending-overview.html */
export const snsConfig = z
  .strictObject({
    type: z.literal('sns'),
    ...commonKeys,
    region,
    ...credentials,
    smsType: z.enum(['Transactional', 'Promotional']).default('Transactional'),
    // https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html
    senderId: z
      .string()
      .regex(
        /^(?=.*[A-Za-z])[A-Za-z0-9]{3,11}$/,
        'must be 3 to 11 letters and digits with at least one letter; a phone number is not allowed',
      )
      .optional(),
    maxPrice: z.number().positive().optional().describe('Maximum price of one message, in USD'),
  })
  .superRefine(bothOrNeither)
  .transform(withTimeoutMs);

/** Config of End User Messaging SMS: https://docs.aws.amazon.com/sms-voice/latest/userguide/ */
export const awsSmsVoiceConfig = z
  .strictObject({
    type: z.literal('aws-sms-voice'),
    ...commonKeys,
    region,
    ...credentials,
    originationIdentity: z
      .string()
      .min(1)
      .max(256)
      .regex(
        /^[A-Za-z0-9_:/+-]+$/,
        'must be a number as + and digits, a sender ID, a pool or an ARN, without spaces and without whatsapp: in front',
      )
      .superRefine(
        refuseForms(
          [/^(whatsapp|messenger|rcs|sms|tel):/i, 'must not have a channel prefix; only SMS is supported'],
          [
            /^arn:(?!aws[a-z-]*:sms-voice:[a-z0-9-]+:\d+:.)/,
            'must be the ARN of a number, sender ID or pool: arn:aws:sms-voice:<region>:<account>:…',
          ],
        ),
      )
      .optional()
      .describe('Number, sender ID, pool or ARN of the account; default: AWS chooses'),
    messageType: z.enum(['TRANSACTIONAL', 'PROMOTIONAL']).default('TRANSACTIONAL'),
    configurationSet: z.string().min(1).max(256).optional(),
    // https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html : at most two
    // digits, a point, five digits
    maxPrice: z.number().min(0.00001).max(99.99999).optional().describe('Maximum price of one message, in USD'),
  })
  .superRefine(bothOrNeither)
  .transform(withTimeoutMs);

export type SnsConfig = z.output<typeof snsConfig>;
export type AwsSmsVoiceConfig = z.output<typeof awsSmsVoiceConfig>;
