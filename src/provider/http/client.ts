import { isGsm7 } from '../../alert/segments.ts';
import { createTransport, type HttpRequest } from '../../http-client/transport.ts';
import { refusalFromFault } from '../contract/classify.ts';
import type { Provider, SmsMessage } from '../contract/provider.ts';
import type { ProviderDeps } from '../contract/provider-deps.ts';
import { classifyHttpAnswer } from './classify-answer.ts';
import type { HttpConfig } from './config.ts';
import { encodeForm, fillBody, type Json } from './template.ts';

/** Any vendor with an HTTP API, described by config alone. */
export async function createHttpProvider(name: string, config: HttpConfig, { clock }: ProviderDeps): Promise<Provider> {
  const transport = createTransport(config);
  const compose = compileRequest(config);
  return {
    name,
    async send(message, signal) {
      const exchange = await transport.exchange(compose(message), signal);
      return exchange.kind === 'fault' ? refusalFromFault(exchange) : classifyHttpAnswer(exchange, config, clock.now());
    },
    close: () => transport.close(),
  };
}

const CONTENT_TYPES = { json: 'application/json', form: 'application/x-www-form-urlencoded' } as const;

function compileRequest(config: HttpConfig): (message: SmsMessage) => HttpRequest {
  const { method, contentType } = config;
  const url = config.url.reveal();
  const plain = JSON.parse(config.body.reveal()) as Json;
  const unicode = JSON.parse(config.unicodeBody.reveal()) as Json;
  const bodyOf = (message: SmsMessage) => fillBody(isGsm7(message.text) ? plain : unicode, message);
  const ownHeaders = Object.fromEntries(Object.entries(config.headers).map(([header, value]) => [header, value.reveal()]));
  if (method === 'GET') {
    return (message) => ({ method, url: withQuery(url, encodeForm(bodyOf(message))), headers: ownHeaders });
  }
  const headers = { 'content-type': CONTENT_TYPES[contentType], ...ownHeaders };
  const encode = contentType === 'form' ? encodeForm : (body: Json) => JSON.stringify(body);
  return (message) => ({ method, url, headers, body: encode(bodyOf(message)) });
}

function withQuery(url: string, query: string): string {
  const target = new URL(url);
  target.search = target.search === '' ? query : `${target.search}&${query}`;
  return target.href;
}
