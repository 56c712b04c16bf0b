import { type Finding, refusalFromAnswer } from '../classify.ts';
import type { Accepted, Refused } from '../provider.ts';
import { readJson, readMessageId, safeCode } from '../read-answer.ts';
import type { HttpAnswer } from '../transport.ts';
import type { HttpConfig } from './config.ts';
import { readScalar } from './json-pointer.ts';

type Rules = Pick<HttpConfig, 'success' | 'messageId' | 'errors'>;

/**
 * What a vendor that we know only by its config has said. In this order: its own word for yes (`success.pointer`), its
 * own word for no (`errors`), then the HTTP status. A 2xx that says neither yes nor a known no is an unknown outcome:
 * the text may be on its way, and only the operator, by an entry in `errors.map`, can know better.
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
  return refusalFromAnswer(answer, now, { code: safeCode(code ?? at(success?.pointer)) });
}
