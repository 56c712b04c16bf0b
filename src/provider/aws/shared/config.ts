import { z } from 'zod';
import { secretSchema } from '../../../setting/secret.ts';
import { commonKeys, refuseForms, withTimeoutMs } from '../../contract/common-config.ts';

/**
 * Regions whose SMS is missing or doubtful: there SNS refuses every number as "not valid to publish to". AWS lists those that
 * send SMS: https://docs.aws.amazon.com/sns/latest/dg/sns-supported-regions-countries.html . `late`: it is on the list today,
 * and was not when people reported good numbers refused: https://github.com/aws/aws-sdk-js/issues/1217
 */
const REGIONS: ReadonlyMap<string, 'none' | 'late'> = new Map([
  ['cn-north-1', 'none'],
  ['cn-northwest-1', 'none'],
  ['ap-east-1', 'none'],
  // https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-settings-email-phone-verification.html names Tokyo instead
  ['ap-northeast-2', 'none'],
  ['ap-northeast-3', 'late'],
  ['us-west-1', 'late'],
  ['us-gov-east-1', 'late'],
  ['us-gov-west-1', 'late'],
]);

/** Why no text may leave from a region, as the end of a sentence about it; `undefined` where nothing is known against it. */
export function doubtOfRegion(region: string): string | undefined {
  switch (REGIONS.get(region)) {
    case 'none':
      return 'is not among the regions from which AWS sends SMS: every number would be refused';
    case 'late':
      return 'got SMS later than other regions: where the account has none there, every number is refused as "not valid to publish to"';
    default:
      return undefined;
  }
}

const region = z.string().regex(/^[a-z]{2,5}(-[a-z]+)+-\d{1,2}$/, 'must be an AWS region such as eu-west-1');

/** Left out together: the chain of the AWS SDK finds credentials in the environment, a profile, or the machine's role. */
const credentials = {
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
  accessKeyId: z
    .string()
    .min(1)
    .superRefine(
      refuseForms(
        [
          /^ASIA/,
          'is a temporary key, which begins with ASIA and needs a session token: leave both keys out, and the AWS chain finds all three',
        ],
        [/^[A-Za-z0-9/+]{40}$/, 'has the form of a secret access key: give the key that begins with AKIA, and this as secretAccessKey'],
      ),
    )
    .optional(),
  secretAccessKey: secretSchema
    .superRefine(refuseForms([/^A[KS]IA[A-Z0-9]{16}$/, 'is an access key ID, which begins with AKIA: give it as accessKeyId']))
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
    message: 'accessKeyId and secretAccessKey must be given together; without both the AWS chain is used',
  });
}

/** https://docs.aws.amazon.com/sns/latest/dg/sms_sending-overview.html */
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
        'must be 3 to 11 letters and digits, with a letter among them; a number of yours cannot be named here',
      )
      .optional(),
    maxPrice: z.number().positive().optional().describe('Most that AWS may charge for one text, in USD'),
  })
  .superRefine(bothOrNeither)
  .transform(withTimeoutMs);

/** https://docs.aws.amazon.com/sms-voice/latest/userguide/ */
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
          [/^(whatsapp|messenger|rcs|sms|tel):/i, 'must be given without a channel in front of it; only SMS is sent here'],
          [
            /^arn:(?!aws[a-z-]*:sms-voice:[a-z0-9-]+:\d+:.)/,
            'must be the ARN of a number, sender ID or pool: arn:aws:sms-voice:<region>:<account>:…',
          ],
        ),
      )
      .optional()
      .describe('A number, sender ID, pool or ARN of yours; left out: AWS chooses'),
    messageType: z.enum(['TRANSACTIONAL', 'PROMOTIONAL']).default('TRANSACTIONAL'),
    configurationSet: z.string().min(1).max(256).optional(),
    // https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html : two digits, a point, five digits.
    maxPrice: z.number().min(0.00001).max(99.99999).optional().describe('Most that AWS may charge for one text, in USD'),
  })
  .superRefine(bothOrNeither)
  .transform(withTimeoutMs);

export type SnsConfig = z.output<typeof snsConfig>;
export type AwsSmsVoiceConfig = z.output<typeof awsSmsVoiceConfig>;
