import { z } from 'zod';
import { secretSchema } from '../../config/secret.ts';
import { commonKeys, withTimeoutMs } from '../common-config.ts';

const region = z.string().regex(/^[a-z]{2,5}(-[a-z]+)+-\d{1,2}$/, 'must be an AWS region such as eu-west-1');

/** Left out together: the chain of the AWS SDK finds credentials in the environment, a profile, or the machine's role. */
const credentials = {
  accessKeyId: z.string().min(1).optional(),
  secretAccessKey: secretSchema.optional(),
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
    senderId: z
      .string()
      .regex(/^(?=.*[A-Za-z])[A-Za-z0-9]{3,11}$/, 'must be 3 to 11 letters and digits, with a letter among them')
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
    originationIdentity: z.string().min(1).max(256).optional().describe('A number, sender ID, pool or ARN of yours; left out: AWS chooses'),
    messageType: z.enum(['TRANSACTIONAL', 'PROMOTIONAL']).default('TRANSACTIONAL'),
    configurationSet: z.string().min(1).max(256).optional(),
    // https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html : two digits, a point, five digits.
    maxPrice: z.number().min(0.00001).max(99.99999).optional().describe('Most that AWS may charge for one text, in USD'),
  })
  .superRefine(bothOrNeither)
  .transform(withTimeoutMs);

export type SnsConfig = z.output<typeof snsConfig>;
export type AwsSmsVoiceConfig = z.output<typeof awsSmsVoiceConfig>;
