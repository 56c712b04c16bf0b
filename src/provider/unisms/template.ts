import { type TemplateBook, variablesByName } from '../template/fill-template.ts';
import type { UnismsConfig } from './config.ts';

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
