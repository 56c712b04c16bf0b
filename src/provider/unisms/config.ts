import { z } from 'zod';
import { secretSchema } from '../../setting/secret.ts';
import { commonKeys, withTimeoutMs } from '../contract/common-config.ts';
import { type TemplateBook, variablesByName } from '../template/fill-template.ts';

/** https://unisms.apistd.com/docs/api */
export const unismsConfig = z
  .strictObject({
    type: z.literal('unisms'),
    ...commonKeys,
    accessKeyId: secretSchema.describe('In simple mode this is all that proves who you are'),
    authMode: z.enum(['simple', 'hmac']).default('simple'),
    accessKeySecret: secretSchema.optional(),
    signature: z.string().min(1),
    templateId: z.string().min(1).describe('Of a template with the variables instance, priority, content'),
  })
  .superRefine(({ authMode, accessKeySecret }, ctx) => {
    if (authMode === 'simple' || accessKeySecret !== undefined) return;
    ctx.addIssue({ code: 'custom', path: ['accessKeySecret'], message: 'authMode hmac needs it, to sign with' });
  })
  .transform(withTimeoutMs);

export type UnismsConfig = z.output<typeof unismsConfig>;

/** Variables by name; nothing is documented of what they may not hold. */
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
