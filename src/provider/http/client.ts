import { isGsm7 } from '../../alert/segments.ts';
import { readJson, readMessageId, safeCode } from '../../http-client/read-answer.ts';
import { createTransport, type HttpAnswer, type HttpRequest } from '../../http-client/transport.ts';
import { type CodeMeaning, meaningOfCode, refusalFromAnswer, refusalFromFault } from '../contract/classify.ts';
import type { Accepted, Provider, ProviderDeps, Refused, SmsMessage } from '../contract/provider.ts';
import { encodeForm, fillBody, type HttpConfig, type Json } from './config.ts';
import { readScalar } from './json-pointer.ts';

/** What vendors write where an error's code would stand when there is none. */
const NO_ERROR = /^(0*|null|none|false|ok|success)$/i;

/** Another number where a number means yes, or `false` where `true` does. Another word may be a step on the way. */
function saysNo(said: string | undefined, yes: string | undefined): boolean {
  if (said === undefined || yes === undefined || said === yes) return false;
  return [/^-?\d+$/, /^(true|false)$/].some((kind) => kind.test(said) && kind.test(yes));
}

type Rules = Pick<HttpConfig, 'success' | 'messageId' | 'errors'>;

/**
 * What a vendor that we know only by its config has said. In this order: its own word for yes (`success.pointer`), its
 * own word for no (`errors`), then the HTTP status. Where `success.pointer` had to say yes and does not, another code of the
 * vendor than those of `errors.map` is a refusal of the content. A 2xx that says neither yes nor a code is an unknown
 * outcome: the text may be on its way.
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

  // Where we expect to read something in the body, a body that is not JSON is not the vendor speaking: a captive portal, say.
  const expectsJson = messageId !== undefined && answer.body !== '';
  if (statusIsYes && success?.pointer === undefined && !(expectsJson && body === undefined)) return accepted();
  const said = at(success?.pointer);
  const isCoded = code !== undefined && success?.pointer !== undefined && !NO_ERROR.test(code);
  if (isCoded || saysNo(said, success?.equals))
    return refusalFromAnswer(answer, now, meaningOfCode(answer.status, safeCode(code ?? said), undefined));
  return refusalFromAnswer(answer, now, { code: safeCode(code ?? said) });
}

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
