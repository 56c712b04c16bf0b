import { z } from 'zod';
import { secretSchema } from '../../setting/secret.ts';
import { commonKeys, pollKeys, refuseForms, withTimeoutMs } from '../contract/common-config.ts';
import { type TemplateBook, variablesByName } from '../template/fill-template.ts';

/** Config of Alibaba Cloud SMS: https://help.aliyun.com/zh/sms/developer-reference/api-dysmsapi-2017-05-25-sendsms */
export const alibabaConfig = z
  .strictObject({
    type: z.literal('alibaba'),
    ...commonKeys,
    ...pollKeys,
    accessKeyId: z.string().min(1),
    accessKeySecret: secretSchema.superRefine(
      refuseForms([/^LTAI\w{12,26}$/, 'is an AccessKey ID, which begins with LTAI: give it as accessKeyId']),
    ),
    signName: z.string().min(1),
    templateCode: z
      .string()
      .min(1)
      .superRefine(refuseForms([/^\d+$/, 'must begin with SMS_, such as SMS_153055065, as the console shows it']))
      .describe('Code of a template with the variables instance, priority, content'),
    region: z.string().min(1).default('cn-hangzhou'),
    // Default limit of a notification variable; accounts can get more for a template:
    // https://developer.aliyun.com/ask/220871
    variableLimit: z
      .int()
      .min(1, 'must be at least 1')
      .max(500, 'must be at most 500, the length of a whole template')
      .default(35)
      .describe('Maximum number of characters per template variable'),
  })
  .transform(withTimeoutMs);

export type AlibabaConfig = z.output<typeof alibabaConfig>;

/** Named variables without links: https://help.aliyun.com/document_detail/101346.html (isv.PARAM_NOT_SUPPORT_URL) */
export function alibabaTemplates({ templateCode, variableLimit }: Pick<AlibabaConfig, 'templateCode' | 'variableLimit'>): TemplateBook {
  return {
    defaultId: templateCode,
    rules: { maxLength: variableLimit, noLinks: true },
    find: (template) => {
      const { alibaba } = template;
      return alibaba && { id: alibaba.code, variables: variablesByName(template, alibaba.params) };
    },
  };
}
