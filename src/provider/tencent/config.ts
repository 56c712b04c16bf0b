import { z } from 'zod';
import { secretSchema } from '../../setting/secret.ts';
import { commonKeys, pollKeys, refuseForms, withTimeoutMs } from '../contract/common-config.ts';
import type { TemplateBook } from '../template/fill-template.ts';

/** Config of Tencent Cloud SMS: https://www.tencentcloud.com/document/product/382/40465 */
export const tencentConfig = z
  .strictObject({
    type: z.literal('tencent'),
    ...commonKeys,
    ...pollKeys,
    secretId: z
      .string()
      .min(1)
      .superRefine(
        refuseForms([/^\d{6,12}$/, 'consists of digits, like an appId: set the SecretId of an API key, which begins with AKID or IKID']),
      ),
    secretKey: secretSchema.superRefine(refuseForms([/^[AI]KID\w{32}$/, 'is a SecretId (prefix AKID or IKID): set it as secretId'])),
    appId: z.string().regex(/^\d{6,12}$/, 'must be an SmsSdkAppId: digits, such as 1400006666 (the SecretId goes into secretId)'),
    templateId: z
      .string()
      .min(1)
      .superRefine(refuseForms([/^SMS_/i, 'is a template code of Alibaba: template ids of Tencent are digits']))
      .describe('Id of a template with three variables: instance, priority, content'),
    signName: z.string().min(1).optional().describe('The approved signature; required for numbers in mainland China'),
    region: z.string().min(1).default('ap-guangzhou'),
    variableLimit: z
      .int()
      .positive('must be at least 1; omit it for no limit')
      .optional()
      .describe('Maximum number of characters per template variable: 12 for individual accounts, no limit for enterprise accounts'),
  })
  .transform(withTimeoutMs);

export type TencentConfig = z.output<typeof tencentConfig>;

/** Positional variables without links: https://cloud.tencent.com/document/product/382/39023 */
export function tencentTemplates({ templateId, variableLimit }: Pick<TencentConfig, 'templateId' | 'variableLimit'>): TemplateBook {
  return {
    defaultId: templateId,
    rules: { maxLength: variableLimit, noLinks: true },
    find: ({ tencent }) =>
      tencent && { id: tencent.id, variables: tencent.params.map((ours, index) => [String(index + 1), ours] as const) },
  };
}
