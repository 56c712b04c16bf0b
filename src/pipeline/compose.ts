import type { ParsedAlert } from '../alert/alert.ts';
import { messageId } from '../alert/id.ts';
import { phoneHash } from '../alert/phone.ts';
import { countSegments } from '../alert/segments.ts';
import { fillTemplate, renderText } from '../alert/text.ts';
import type { Config } from '../config/config.ts';
import { type AlertSubject, deadlineOf } from './alert-stages.ts';
import type { Message } from './message.ts';
import type { Recipient } from './recipients.ts';

/** One message a recipient: what the text says, until when it is worth sending, and by which rules. */
export function composeMessages(
  { id, alert, policy, dedupHash, receivedAt }: AlertSubject,
  recipients: readonly Recipient[],
  templates: Config['templates'],
): Message[] {
  const text = textOf(alert, templates);
  const shared = {
    alertId: id,
    severity: alert.severity,
    purpose: alert.purpose,
    text,
    segments: countSegments(text),
    ...(alert.template === undefined ? {} : { template: alert.template }),
    variables: { instance: alert.instance ?? '', priority: alert.severity.toUpperCase(), content: alert.text ?? text },
    receivedAt,
    expiresAt: deadlineOf(alert, receivedAt, policy.expiresAfterMs),
    dedupHash,
    route: policy.route,
    providers: [...policy.providers],
    overflow: policy.overflow,
    onUnknown: policy.onUnknown,
  };
  return recipients.map(({ phone, contact }) => ({
    ...shared,
    id: messageId(id, phone),
    to: phone,
    phoneHash: phoneHash(phone),
    ...(contact === undefined ? {} : { contact }),
  }));
}

function textOf({ severity, text, template, instance }: ParsedAlert, templates: Config['templates']): string {
  if (template === undefined) return renderText({ severity, text: text ?? '', instance });
  return fillTemplate(templates.get(template.name)?.text ?? '', template.params);
}
