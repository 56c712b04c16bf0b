import { ackTail, putAckCode } from '../../alert/ack-code.ts';
import type { E164 } from '../../alert/phone/phone.ts';
import { cutText, type SegmentRule, shortenText } from '../../alert/segments.ts';
import { transliterate } from '../../alert/transliterate.ts';
import type { Shaping } from '../../policy/route.ts';
import { type Provider, ProviderError, type SmsMessage } from '../../provider/contract/provider.ts';
import type { Message } from '../message.ts';

/** Content of a message in every form that providers use. */
export type Content = Pick<SmsMessage, 'text' | 'template' | 'variables'>;

/** Code with which the recipient acknowledges, if any. */
interface Coded {
  readonly ackCode?: string | undefined;
}

/**
 * Shapes the content as the route requires for a segment rule: GSM-7 where it holds more, then truncated. A producer's
 * own params, and a text that contains them, stay unchanged. Any other text gets the acknowledge code, appended when it
 * has no placeholder.
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

/** Segment rule of a provider for this number. */
export function ruleOf(provider: Provider, to: E164): SegmentRule {
  return provider.segmentRule?.(to) ?? 'gsm7';
}

/** Shaping options of a message. */
export function shapingOf({ maxSegments, transliterate }: Message): Shaping {
  return { ...(maxSegments === undefined ? {} : { maxSegments }), ...(transliterate === undefined ? {} : { transliterate }) };
}

/** Converts a message for this provider. */
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

/** Applies `say` to a text, with the code appended where the result does not contain it. */
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

/** Returns why the provider would surely reject a shaped message; a producer's own content is sent in full or not at all. */
export function judgeFit(sms: SmsMessage, provider: Provider): ProviderError | undefined {
  // Code points are the smallest count: a text that is too long by them is too long for every vendor.
  const isTooLong = provider.maxCharacters !== undefined && [...sms.text].length > provider.maxCharacters;
  return isTooLong ? new ProviderError('content', { code: 'TOO_LONG' }) : provider.preflight?.(sms);
}
