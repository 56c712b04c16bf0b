import { type FilledTemplate, fillVendorTemplate, type VendorTemplate, variablesByName } from '../fill-template.ts';
import type { ProviderError, SmsMessage } from '../provider.ts';
import type { Template, Templates } from '../template.ts';
import type { AlibabaConfig } from './config.ts';

/** The vendor's template for a message and what goes into its variables, by name. */
export function fillForAlibaba(
  message: SmsMessage,
  templates: Templates,
  { templateCode, variableLimit }: Pick<AlibabaConfig, 'templateCode' | 'variableLimit'>,
): FilledTemplate | ProviderError {
  return fillVendorTemplate(message, templates, toVendorTemplate, templateCode, { maxLength: variableLimit, noLinks: true });
}

export function toVendorTemplate(template: Template): VendorTemplate | undefined {
  const { alibaba } = template;
  return alibaba && { id: alibaba.code, variables: variablesByName(template, alibaba.params) };
}
