import { readJson, readMessageId, safeCode } from '../../http-client/read-answer.ts';
import type { HttpAnswer } from '../../http-client/transport.ts';
import { type Finding, findingOfCode, refusalFromAnswer } from '../contract/classify.ts';
import type { Accepted, Refused } from '../contract/provider.ts';
import type { HttpConfig } from './config.ts';
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
    return refusalFromAnswer(answer, now, { reason: errors.map[code], code: safeCode(code) } satisfies Finding);
  }

  // Where we expect to read something in the body, a body that is not JSON is not the vendor speaking: a captive portal, say.
  const expectsJson = messageId !== undefined && answer.body !== '';
  if (statusIsYes && success?.pointer === undefined && !(expectsJson && body === undefined)) return accepted();
  const said = at(success?.pointer);
  const isCoded = code !== undefined && success?.pointer !== undefined && !NO_ERROR.test(code);
  if (isCoded || saysNo(said, success?.equals))
    return refusalFromAnswer(answer, now, findingOfCode(answer.status, safeCode(code ?? said), undefined));
  return refusalFromAnswer(answer, now, { code: safeCode(code ?? said) });
}
