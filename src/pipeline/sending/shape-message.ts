import { ackTail, putAckCode } from '../../alert/ack-code.ts';
import type { E164 } from '../../alert/phone.ts';
import { cutText, type SegmentRule, shortenText } from '../../alert/segments.ts';
import { transliterate } from '../../alert/transliterate.ts';
import type { Shaping } from '../../policy/route.ts';
import { type Provider, ProviderError, type SmsMessage } from '../../provider/contract/provider.ts';
import type { Message } from '../message.ts';

/** What a message says, in each of the forms that a target may want. */
export type Content = Pick<SmsMessage, 'text' | 'template' | 'variables'>;

/** The code by which its recipient acknowledges, where there is one. */
interface Coded {
  readonly ackCode?: string | undefined;
}

/**
 * What is to be said, as the route wants it for a target that counts by this rule: in GSM-7 where that holds more, then
 * its head. A producer's own params are said as they are, and so is the text that they are in. Any other text holds the
 * code to acknowledge by, at its end where nothing says where.
 */
export function shapeContent({ ackCode, ...uncoded }: Content & Coded & Shaping, rule: SegmentRule): Content {
  const { text, template, variables, ...route } = ackCode === undefined ? uncoded : putCode(uncoded, ackCode);
  if (template?.exact === true) return { text, template, variables };
  const spell = (said: string) => (route.transliterate === true && rule === 'gsm7' ? transliterate(said) : said);
  const shape = (said: string, tail = '') =>
    route.maxSegments === undefined ? spell(said) + tail : shortenText(spell(said), route.maxSegments, rule, tail);
  return {
    text: withCode(ackCode, (tail) => shape(text, tail)),
    variables: { ...variables, instance: spell(variables.instance), content: shape(variables.content) },
    ...(template === undefined ? {} : { template: { ...template, params: mapValues(template.params, (value) => shape(value)) } }),
  };
}

/** How a provider counts the segments of a text to this number. */
export function ruleOf(provider: Provider, to: E164): SegmentRule {
  return provider.segmentRule?.(to) ?? 'gsm7';
}

/** How its route wants a message. */
export function shapingOf({ maxSegments, transliterate }: Message): Shaping {
  return { ...(maxSegments === undefined ? {} : { maxSegments }), ...(transliterate === undefined ? {} : { transliterate }) };
}

/** A message as this provider gets it. */
export function shapeMessage(message: Message, provider: Provider): SmsMessage {
  const { id, to, text, expiresAt, severity, template, variables, ackCode } = message;
  const content = { text, variables, ackCode, ...(template === undefined ? {} : { template }) };
  const shaped = shapeContent({ ...content, ...shapingOf(message) }, ruleOf(provider, to));
  const isExact = template?.exact === true;
  const { maxCharacters } = provider;
  const said =
    isExact || maxCharacters === undefined ? shaped.text : withCode(ackCode, (tail) => cutText(shaped.text, maxCharacters, tail));
  return { id, to, expiresAt: new Date(expiresAt), urgent: severity === 'critical', ...shaped, text: said };
}

/** What `say` makes of a text; with the tail that holds the code where it does not, or not any more. */
function withCode(code: string | undefined, say: (tail: string) => string): string {
  const said = say('');
  return code === undefined || said.includes(code) ? said : say(ackTail(code));
}

function putCode<T extends Content>(content: T, code: string): T {
  const put = (said: string) => putAckCode(said, code);
  const { text, variables, template } = content;
  return {
    ...content,
    text: put(text),
    variables: { ...variables, content: put(variables.content) },
    ...(template === undefined ? {} : { template: { ...template, params: mapValues(template.params, put) } }),
  };
}

function mapValues(record: Readonly<Record<string, string>>, change: (value: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

/** Why the provider would surely refuse a shaped message; a producer's own words are said whole or not at all. */
export function judgeFit(sms: SmsMessage, provider: Provider): ProviderError | undefined {
  // By code points there are fewest characters: what is too long by them is so however a vendor counts.
  const isTooLong = provider.maxCharacters !== undefined && [...sms.text].length > provider.maxCharacters;
  return isTooLong ? new ProviderError('content', { code: 'TOO_LONG' }) : provider.preflight?.(sms);
}
