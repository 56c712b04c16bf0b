import type { TemplateBook } from '../template/fill-template.ts';
import type { TencentConfig } from './config.ts';

/** Variables by position, links refused: https://cloud.tencent.com/document/product/382/39023 */
export function tencentTemplates({ templateId, variableLimit }: Pick<TencentConfig, 'templateId' | 'variableLimit'>): TemplateBook {
  return {
    defaultId: templateId,
    rules: { maxLength: variableLimit, noLinks: true },
    find: ({ tencent }) =>
      tencent && { id: tencent.id, variables: tencent.params.map((ours, index) => [String(index + 1), ours] as const) },
  };
}
