import { ACK_PLACE, ackCodesOf, keepAckLetters } from '../../alert/ack-code.ts';
import type { ParsedAlert } from '../../alert/alert.ts';
import { hash, messageId } from '../../alert/id.ts';
import { maskNumbers, phoneHash } from '../../alert/phone/phone.ts';
import type { Purpose } from '../../alert/purpose.ts';
import { countSegments, cutText } from '../../alert/segments.ts';
import { fillTemplate, placeholders, renderText } from '../../alert/text.ts';
import type { Config, Contact } from '../../config/config.ts';
import { textsAfterMs } from '../../policy/escalation.ts';
import { orderProviders } from '../../policy/provider-order.ts';
import type { QuietHours } from '../../policy/quiet-hours.ts';
import type { Policy } from '../../policy/route.ts';
import type { MessageTemplate } from '../../provider/contract/provider.ts';
import { wordingOf } from '../../provider/template/template.ts';
import type { Message } from '../message.ts';
import { shapeContent } from '../sending/shape-message.ts';
import { type AlertSubject, deadlineOf } from './alert-stages.ts';
import { isSimulatedOnly } from './fit-providers.ts';
import type { Recipient } from './recipients.ts';

export type ComposeConfig = Pick<Config, 'templates' | 'quietHours' | 'providers'>;

/** Creates one message per recipient: content, deadline and policy. */
export function composeMessages(
  { id, alert, policy, dedupHash, receivedAt, replayedAt = receivedAt, fromTrial }: AlertSubject,
  recipients: readonly Recipient[],
  { templates, quietHours, providers: configured }: ComposeConfig,
): Message[] {
  // The first candidate code; if another alert uses it, the replacement has the same length.
  const code = policy.acknowledge ? ackCodesOf(id, 1)[0] : undefined;
  const contentIn = remembered((language) => contentOf(alert, policy, templates, language, code));
  const afterMs = textsAfterMs(policy.ladder) ?? 0;
  const shared = {
    alertId: id,
    severity: alert.severity,
    purpose: alert.purpose,
    receivedAt,
    expiresAt: deadlineOf(alert, replayedAt, afterMs + policy.expiresAfterMs, receivedAt),
    ...(afterMs === 0 ? {} : { notBefore: replayedAt + afterMs }),
    dedupHash,
    route: policy.route,
    overflow: policy.overflow,
    onUnknown: policy.onUnknown,
    ...(policy.resolvedTexts ? { resolvedTexts: true } : {}),
    ...(policy.dedupeForMs === 0 ? {} : { dedupeForMs: policy.dedupeForMs }),
    ...(alert.source === undefined ? {} : { source: shownSource(alert.source), sourceHash: hash('source', alert.source) }),
  };
  return recipients.map((recipient) => {
    const { phone, contact, language, vouched } = recipient;
    const own = messageId(id, phone);
    const providers = orderProviders(policy, phone, own);
    const simulated = fromTrial || isSimulatedOnly({ providers: configured }, providers);
    const hours = quietHoursOf(policy, alert.purpose, recipient, { quietHours });
    return {
      ...shared,
      ...contentIn(language),
      id: own,
      to: phone,
      phoneHash: phoneHash(phone),
      providers,
      ...(simulated ? { simulated } : {}),
      ...(contact === undefined ? {} : { contact }),
      ...(hours === undefined ? {} : { quietHours: hours }),
      ...(contact === undefined || vouched || policy.consent === 'exempt' ? {} : { needsConsent: true }),
    };
  });
}

const LONGEST_SOURCE = 60;

export function shownSource(source: string): string {
  return cutText(maskNumbers(source), LONGEST_SOURCE);
}

/** Renders the content in a language. */
function contentOf(
  raised: ParsedAlert,
  policy: Policy,
  templates: Config['templates'],
  language: string | undefined,
  ackCode: string | undefined,
) {
  const alert = ackCode === undefined ? raised : withAckLetters(raised);
  const template = templateOf(alert, policy, templates, language);
  const text = textOf(alert, template, templates);
  const { maxSegments, transliterate } = policy;
  const content = {
    text,
    ...(template === undefined ? {} : { template }),
    variables: { instance: raised.instance ?? '', priority: alert.severity.toUpperCase(), content: alert.text ?? text },
    ...(maxSegments === undefined ? {} : { maxSegments }),
    ...(transliterate === undefined ? {} : { transliterate }),
    ...(ackCode === undefined ? {} : { ackCode }),
  };
  return { ...content, segments: countSegments(shapeContent(content, 'gsm7').text) };
}

/** Protects `{ack}` in values: only a template and the text itself may contain the placeholder. */
function withAckLetters(alert: ParsedAlert): ParsedAlert {
  const { instance, source, labels, template } = alert;
  const keepAll = (values: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, keepAckLetters(value)]));
  return {
    ...alert,
    labels: keepAll(labels),
    ...(instance === undefined ? {} : { instance: keepAckLetters(instance) }),
    ...(source === undefined ? {} : { source: keepAckLetters(source) }),
    ...(template === undefined ? {} : { template: { ...template, params: keepAll(template.params) } }),
  };
}

/** Caches results by language; a thousand recipients read few languages. */
function remembered<T>(make: (language: string | undefined) => T): typeof make {
  const made = new Map<string | undefined, T>();
  return (language) => {
    const known = made.get(language) ?? make(language);
    made.set(language, known);
    return known;
  };
}

/** Returns the producer's template, or the route's filled with fields of the alert. */
function templateOf(
  alert: ParsedAlert,
  { template: fallback, acknowledge }: Policy,
  templates: Config['templates'],
  language: string | undefined,
): MessageTemplate | undefined {
  const spoken = language === undefined ? {} : { language };
  // Each phone has its own code, inserted when the message is sent.
  const ack = { ack: acknowledge ? ACK_PLACE : '-' };
  // A template chosen by the producer takes precedence.
  if (alert.template !== undefined) {
    const { params, ...named } = alert.template;
    const asks = placeholders(wordingOf(templates, { language, ...named })?.text ?? '').includes('ack');
    return { ...spoken, ...named, params: { ...(asks ? ack : {}), ...params }, exact: true };
  }
  const text = fallback === undefined ? undefined : wordingOf(templates, { name: fallback, language })?.text;
  if (fallback === undefined || text === undefined) return undefined;
  return {
    name: fallback,
    ...spoken,
    params: Object.fromEntries(placeholders(text).map((name) => [name, name === 'ack' ? ack.ack : wordOf(alert, name)])),
    exact: false,
  };
}

/** Returns a field of the alert, else the label of that name. */
function wordOf({ severity, text, source, instance, labels }: ParsedAlert, name: string): string {
  const priority = severity.toUpperCase();
  const fields: Readonly<Record<string, string | undefined>> = { instance, source, text, content: text, priority, severity: priority };
  const own = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return (own ?? (Object.hasOwn(labels, name) ? labels[name] : undefined)) || '-';
}

function textOf({ severity, text, instance }: ParsedAlert, template: MessageTemplate | undefined, templates: Config['templates']): string {
  if (template === undefined) return renderText({ severity, text: text ?? '', instance });
  return fillTemplate(wordingOf(templates, template)?.text ?? '', template.params);
}

/**
 * Returns the quiet hours of one message: none on a route with `quietHours: off`; else the contact's own, the route's,
 * or the global ones, in the contact's time zone when known. Login codes are sent at any time, unless their route sets
 * hours.
 * @param contact absent for a bare number
 */
export function quietHoursOf(
  { quietHours: ofRoute }: Pick<Policy, 'quietHours'>,
  purpose: Purpose,
  contact: Pick<Contact, 'timeZone' | 'quietHours'>,
  { quietHours: ofAll }: Pick<Config, 'quietHours'>,
): QuietHours | undefined {
  const own = contact.quietHours;
  if (ofRoute === 'off' || own === 'off') return undefined;
  if (purpose === 'verification' && ofRoute === undefined) return undefined;
  const shared = ofRoute ?? ofAll;
  const timeZone = contact.timeZone ?? shared?.timeZone ?? 'UTC';
  if (own !== undefined) return { override: shared?.override ?? 'critical', ...own, timeZone };
  return shared && { ...shared, timeZone };
}
