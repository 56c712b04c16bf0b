import { readMessageId } from '../../http-client/read-answer.ts';
import type { HttpAnswer } from '../../http-client/transport.ts';
import { refusalFromFault } from '../contract/classify.ts';
import { type Accepted, type Provider, type ProviderDeps, ProviderError } from '../contract/provider.ts';
import { mainlandSegmentRule } from '../mainland/mainland.ts';
import { fillVendorTemplate } from '../template/fill-template.ts';
import { createAlibabaApi } from './api.ts';
import { checkAlibaba } from './check.ts';
import { classifyAlibaba, isOk, readAlibabaBody } from './codes.ts';
import { type AlibabaConfig, alibabaTemplates } from './config.ts';
import { askAlibaba, toAlibabaNumber } from './status.ts';

/** Sends through Alibaba Cloud SMS: https://help.aliyun.com/zh/sms/developer-reference/api-dysmsapi-2017-05-25-sendsms */
export async function createAlibabaProvider(name: string, config: AlibabaConfig, { clock, templates }: ProviderDeps): Promise<Provider> {
  const api = createAlibabaApi(config, clock);
  const book = alibabaTemplates(config);
  return {
    name,
    async send(message, signal) {
      const filled = fillVendorTemplate(message, templates, book);
      if (filled instanceof ProviderError) return { kind: 'refused', error: filled };
      const params = {
        PhoneNumbers: toAlibabaNumber(message.to),
        SignName: config.signName,
        TemplateCode: filled.id,
        TemplateParam: JSON.stringify(Object.fromEntries(filled.values)),
        // Returned in the receipt and the records; it does not prevent duplicates at the vendor.
        OutId: message.id,
      };
      const exchange = await api.call('SendSms', params, signal);
      if (exchange.kind === 'fault') return refusalFromFault(exchange);
      return readAccepted(exchange) ?? classifyAlibaba(exchange, clock.now());
    },
    segmentRule: mainlandSegmentRule,
    preflight(message) {
      const filled = fillVendorTemplate(message, templates, book);
      return filled instanceof ProviderError ? filled : undefined;
    },
    status: (query, signal) => askAlibaba(query, api, clock, signal),
    check: (signal) => checkAlibaba(config, templates, api, clock, signal),
    close: () => api.close(),
  };
}

/** BizId identifies the request. Each request has one number, so it identifies the message. */
function readAccepted(answer: HttpAnswer): Accepted | undefined {
  const body = readAlibabaBody(answer);
  if (!isOk(answer, body)) return undefined;
  const providerMessageId = readMessageId(body.BizId);
  return { kind: 'accepted', ...(providerMessageId === undefined ? {} : { providerMessageId }) };
}
