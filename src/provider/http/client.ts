import { isGsm7 } from '../../alert/segments.ts';
import { readJson, readMessageId, safeCode } from '../../http-client/read-answer.ts';
import { createTransport, type HttpAnswer, type HttpRequest } from '../../http-client/transport.ts';
import { type CodeMeaning, meaningOfCode, refusalFromAnswer, refusalFromFault } from '../contract/classify.ts';
import type { Accepted, Provider, ProviderDeps, Refused, SmsMessage } from '../contract/provider.ts';
import { encodeForm, fillBody, type HttpConfig, type Json } from './config.ts';
import { readScalar } from './json-pointer.ts';

/** Values that vendors put into the error field when there is no error. */
const NO_ERROR = /^(0*|null|none|false|ok|success)$/i;

/**
 * Whether the value contradicts success: another number where a number means success, or `false` where `true` does.
 * Another word may be an intermediate state.
 */
function saysNo(said: string | undefined, yes: string | undefined): boolean {
  if (said === undefined || yes === undefined || said === yes) return false;
  return [/^-?\d+$/, /^(true|false)$/].some((kind) => kind.test(said) && kind.test(yes));
}

type Rules = Pick<HttpConfig, 'success' | 'messageId' | 'errors'>;

/**
 * Classifies the response of a vendor that is described by config only. In this order: the success value
 * (`success.pointer`), the error code (`errors`), the HTTP status. Without the success value, an error code outside of
 * `errors.map` is a refusal of the content. A 2xx with neither is an unknown outcome: the message may have been sent.
 */
export function classifyHttpAnswer(answer: HttpAnswer, { success, messageId, errors }: Rules, now: Date): Accepted | Refused {
  const body = readJson(answer.body);
  const at = (pointer: string | undefined) => (pointer === undefined ? undefined : readScalar(body, pointer));
  const accepted = (): Accepted => {
    const providerMessageId = readMessageId(at(messageId));
    return { kind: 'accepted', ...(providerMessageId === undefined ? {} : { providerMessageId }) };
  };

  const statusIsYes = success?.status?.includes(answer.status) ?? (answer.status >= 200 && answer.status < 300);
  if (statusIsYes && success?.pointer !== undefined && at(success.pointer) === success.equals) return accepted();

  const code = at(errors?.pointer);
  if (code !== undefined && errors !== undefined && Object.hasOwn(errors.map, code)) {
    return refusalFromAnswer(answer, now, { reason: errors.map[code], code: safeCode(code) } satisfies CodeMeaning);
  }

  // When the body should contain an id, a body that is not JSON does not come from the vendor: it may be a captive
  // portal.
  const expectsJson = messageId !== undefined && answer.body !== '';
  if (statusIsYes && success?.pointer === undefined && !(expectsJson && body === undefined)) return accepted();
  const said = at(success?.pointer);
  const isCoded = code !== undefined && success?.pointer !== undefined && !NO_ERROR.test(code);
  if (isCoded || saysNo(said, success?.equals))
    return refusalFromAnswer(answer, now, meaningOfCode(answer.status, safeCode(code ?? said), undefined));
  return refusalFromAnswer(answer, now, { code: safeCode(code ?? said) });
}

/** Provider for any vendor with an HTTP API, described by config only. */
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
