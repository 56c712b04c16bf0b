import { type TemplateBook, variablesByName } from '../template/fill-template.ts';
import type { AlibabaConfig } from './config.ts';

/** Variables by name, links refused: https://help.aliyun.com/document_detail/101346.html (isv.PARAM_NOT_SUPPORT_URL) */
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
