import { z } from 'zod';
import { secretSchema } from '../../setting/secret.ts';
import { commonKeys, withTimeoutMs } from '../contract/common-config.ts';
import { type TemplateBook, variablesByName } from '../template/fill-template.ts';

/** Config of UniSMS: https://unisms.apistd.com/docs/api */
export const unismsConfig = z
  .strictObject({
    type: z.literal('unisms'),
    ...commonKeys,
    accessKeyId: secretSchema.describe('The only credential in simple mode'),
    authMode: z.enum(['simple', 'hmac']).default('simple'),
    accessKeySecret: secretSchema.optional(),
    signature: z.string().min(1),
    templateId: z.string().min(1).describe('Id of a template with the variables instance, priority, content'),
  })
  .superRefine(({ authMode, accessKeySecret }, ctx) => {
    if (authMode === 'simple' || accessKeySecret !== undefined) return;
    ctx.addIssue({ code: 'custom', path: ['accessKeySecret'], message: 'is required with authMode hmac, for signing' });
  })
  .transform(withTimeoutMs);

export type UnismsConfig = z.output<typeof unismsConfig>;

/** Named variables; the vendor documents no restrictions. */
export function unismsTemplates({ templateId }: Pick<UnismsConfig, 'templateId'>): TemplateBook {
  return {
    defaultId: templateId,
    rules: {},
    find: (template) => {
      const { unisms } = template;
      return unisms && { id: unisms.id, variables: variablesByName(template, unisms.params) };
    },
  };
}
