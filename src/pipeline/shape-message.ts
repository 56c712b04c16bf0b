import type { E164 } from '../alert/phone.ts';
import type { SegmentRule } from '../alert/segments.ts';
import { cutText, shortenText } from '../alert/shorten-text.ts';
import { transliterate } from '../alert/transliterate.ts';
import { type Provider, ProviderError, type SmsMessage } from '../provider/provider.ts';
import type { Message } from './message.ts';
import type { Shaping } from './route.ts';

/** What a message says, in each of the forms that a carrier may want. */
export type Content = Pick<SmsMessage, 'text' | 'template' | 'variables'>;

/**
 * What is to be said, as the route wants it for a carrier that counts by this rule: in GSM-7 where that holds more, then
 * its head. A producer's own params are said as they are, and so is the text that they are in.
 */
export function shapeContent({ text, template, variables, ...route }: Content & Shaping, rule: SegmentRule): Content {
  if (template?.exact === true) return { text, template, variables };
  const spell = (said: string) => (route.transliterate === true && rule === 'gsm7' ? transliterate(said) : said);
  const shape = (said: string) => (route.maxSegments === undefined ? spell(said) : shortenText(spell(said), route.maxSegments, rule));
  return {
    text: shape(text),
    variables: { ...variables, instance: spell(variables.instance), content: shape(variables.content) },
    ...(template === undefined ? {} : { template: { ...template, params: mapValues(template.params, shape) } }),
  };
}

/** How a provider counts the segments of a text to this number. */
export function ruleOf(provider: Provider, to: E164): SegmentRule {
  return provider.segmentRule?.(to) ?? 'gsm7';
}

/** A message as this provider gets it. */
export function shapeMessage(message: Message, provider: Provider): SmsMessage {
  const { id, to, text, expiresAt, severity, template, variables, maxSegments, transliterate } = message;
  const content = { text, variables, ...(template === undefined ? {} : { template }) };
  const route = { ...(maxSegments === undefined ? {} : { maxSegments }), ...(transliterate === undefined ? {} : { transliterate }) };
  const shaped = shapeContent({ ...content, ...route }, ruleOf(provider, to));
  const isExact = template?.exact === true;
  const said = isExact || provider.maxCharacters === undefined ? shaped.text : cutText(shaped.text, provider.maxCharacters);
  return { id, to, expiresAt: new Date(expiresAt), urgent: severity === 'critical', ...shaped, text: said };
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
