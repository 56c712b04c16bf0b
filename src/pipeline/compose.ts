import type { ParsedAlert } from '../alert/alert.ts';
import { messageId } from '../alert/id.ts';
import { phoneHash } from '../alert/phone.ts';
import { countSegments } from '../alert/segments.ts';
import { fillTemplate, placeholders, renderText } from '../alert/text.ts';
import type { Config } from '../config/config.ts';
import type { MessageTemplate } from '../provider/provider.ts';
import { type AlertSubject, deadlineOf } from './alert-stages.ts';
import type { Message } from './message.ts';
import { orderProviders } from './provider-order.ts';
import type { Recipient } from './recipients.ts';
import { shapeContent } from './shape-message.ts';

/** One message a recipient: what the text says, until when it is worth sending, and by which rules. */
export function composeMessages(
  { id, alert, policy, dedupHash, receivedAt, replayedAt = receivedAt }: AlertSubject,
  recipients: readonly Recipient[],
  templates: Config['templates'],
): Message[] {
  const template = templateOf(alert, policy.template, templates);
  const text = textOf(alert, template, templates);
  const { maxSegments, transliterate } = policy;
  const content = {
    text,
    ...(template === undefined ? {} : { template }),
    variables: { instance: alert.instance ?? '', priority: alert.severity.toUpperCase(), content: alert.text ?? text },
    ...(maxSegments === undefined ? {} : { maxSegments }),
    ...(transliterate === undefined ? {} : { transliterate }),
  };
  const shared = {
    ...content,
    alertId: id,
    severity: alert.severity,
    purpose: alert.purpose,
    segments: countSegments(shapeContent(content, 'gsm7').text),
    receivedAt,
    expiresAt: deadlineOf(alert, replayedAt, policy.expiresAfterMs),
    dedupHash,
    route: policy.route,
    overflow: policy.overflow,
    onUnknown: policy.onUnknown,
  };
  return recipients.map(({ phone, contact }) => {
    const own = messageId(id, phone);
    return {
      ...shared,
      id: own,
      to: phone,
      phoneHash: phoneHash(phone),
      providers: orderProviders(policy, phone, own),
      ...(contact === undefined ? {} : { contact }),
    };
  });
}

/** The producer's own, or the route's filled with what the alert says. */
function templateOf(alert: ParsedAlert, fallback: string | undefined, templates: Config['templates']): MessageTemplate | undefined {
  if (alert.template !== undefined) return { ...alert.template, exact: true };
  const text = fallback === undefined ? undefined : templates.get(fallback)?.text;
  if (fallback === undefined || text === undefined) return undefined;
  return { name: fallback, params: Object.fromEntries(placeholders(text).map((name) => [name, wordOf(alert, name)])), exact: false };
}

/** What an alert says under a name: one of its own fields, else a label. */
function wordOf({ severity, text, source, instance, labels }: ParsedAlert, name: string): string {
  const priority = severity.toUpperCase();
  const fields: Readonly<Record<string, string | undefined>> = { instance, source, text, content: text, priority, severity: priority };
  const own = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return (own ?? (Object.hasOwn(labels, name) ? labels[name] : undefined)) || '-';
}

function textOf({ severity, text, instance }: ParsedAlert, template: MessageTemplate | undefined, templates: Config['templates']): string {
  if (template === undefined) return renderText({ severity, text: text ?? '', instance });
  return fillTemplate(templates.get(template.name)?.text ?? '', template.params);
}
