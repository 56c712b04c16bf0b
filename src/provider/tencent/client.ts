import { readMessageId } from '../../http-client/read-answer.ts';
import type { HttpAnswer } from '../../http-client/transport.ts';
import { type Accepted, type Provider, type ProviderDeps, ProviderError, type Refused, type SmsMessage } from '../contract/provider.ts';
import { isMainland, mainlandSegmentRule } from '../mainland/mainland.ts';
import { fillVendorTemplate } from '../template/fill-template.ts';
import type { Templates } from '../template/template.ts';
import { createTencentApi, type Loose, type RequestOf, type ResponseOf, type SendStatus } from './api.ts';
import { checkTencent } from './check.ts';
import { classifyTencent } from './codes.ts';
import { type TencentConfig, tencentTemplates } from './config.ts';
import { askTencentStatus } from './status.ts';

/** Sends approved templates with variables by position: https://cloud.tencent.com/document/api/382/55981 */
export function createTencentProvider(name: string, config: TencentConfig, { clock, templates }: ProviderDeps): Provider {
  const api = createTencentApi(config, clock);

  return {
    name,
    async send(message, signal) {
      const request = toSendSms(message, config, templates);
      if (request instanceof ProviderError) return { kind: 'refused', error: request };
      const reply = await api.ask('SendSms', request, signal);
      return reply.kind === 'said' ? readSent(reply.said, reply.answer, clock.now()) : { kind: 'refused', error: reply.error };
    },
    // Mainland carriers count 70 and 67 characters, also for Latin text:
    // https://cloud.tencent.com/document/product/382/18058
    segmentRule: mainlandSegmentRule,
    preflight(message) {
      const request = toSendSms(message, config, templates);
      return request instanceof ProviderError ? request : undefined;
    },
    status: (query, signal) => askTencentStatus(query, api, config, clock.now(), signal),
    check: (signal) => checkTencent(api, config, templates, clock, signal),
    close: () => api.close(),
  };
}

/** Builds the request, or returns `content` when it would be rejected by Tencent or lacks something in the config. */
function toSendSms(message: SmsMessage, config: TencentConfig, templates: Templates): RequestOf<'SendSms'> | ProviderError {
  if (config.signName === undefined && isMainland(message.to)) return new ProviderError('content', { code: 'SIGN_NAME_NOT_SET' });
  const filled = fillVendorTemplate(message, templates, tencentTemplates(config));
  if (filled instanceof ProviderError) return filled;
  return {
    PhoneNumberSet: [message.to],
    SmsSdkAppId: config.appId,
    TemplateId: filled.id,
    ...(config.signName === undefined ? {} : { SignName: config.signName }),
    TemplateParamSet: filled.values.map(([, value]) => value),
    SessionContext: message.id,
  };
}

/** Reads the status of the only number of the request. */
function readSent({ SendStatusSet }: Loose<ResponseOf<'SendSms'>>, answer: HttpAnswer, now: Date): Accepted | Refused {
  const { Code, SerialNo, Fee } = (Array.isArray(SendStatusSet) ? (SendStatusSet[0] ?? {}) : {}) as Loose<SendStatus>;
  if (Code !== 'Ok') return classifyTencent(answer, Code, now);
  const providerMessageId = readMessageId(SerialNo);
  return {
    kind: 'accepted',
    ...(providerMessageId === undefined ? {} : { providerMessageId }),
    ...(typeof Fee === 'number' && Number.isInteger(Fee) && Fee > 0 ? { segments: Fee } : {}),
  };
}
