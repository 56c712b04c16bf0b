import { parseAlert } from '../../alert/parse/parse-alert.ts';
import { isAtLeast, type Severity } from '../../alert/severity.ts';
import type { Config } from '../../config/config.ts';
import type { MessageRecord } from '../../ledger/records.ts';
import type { RouteCaps } from '../../limit/caps/rate-cap.ts';
import { textsAfterMs } from '../../policy/escalation.ts';
import { quietUntil } from '../../policy/quiet-hours.ts';
import { firstMismatch, type Mismatch, type Policy } from '../../policy/route.ts';
import { refuseRecipient } from '../gates/permission.ts';
import type { Message } from '../message.ts';
import { shapeContent, shapingOf } from '../sending/shape-message.ts';
import { deadlineOf } from './alert-stages.ts';
import { routeOf, subjectOf } from './alert-subject.ts';
import { composeMessages } from './compose.ts';
import { directoryOf } from './directory.ts';
import { planMessage } from './plan-message.ts';
import { openRecipients } from './recipients.ts';

export interface ExplainedRoute {
  readonly severity: Severity;
  /** The routes before it, each with its first mismatch. */
  readonly passedOver: readonly ({ readonly route: string } & Mismatch)[];
  /** False when no route matches: then all providers are used. */
  readonly matched: boolean;
  readonly policy: Policy;
  readonly caps: RouteCaps | undefined;
  /** Why no message is sent at all. */
  readonly stops: 'below_severity' | 'expired' | 'resolved' | 'no_recipient' | undefined;
  readonly recipients: readonly ExplainedRecipient[];
}

export interface ExplainedRecipient {
  /** Masked number. */
  readonly to: string;
  readonly contact: string | null;
  readonly state: 'queued' | 'deferred' | 'suppressed';
  /** For deferred and suppressed messages. */
  readonly reason: string | null;
  readonly until: Date | null;
  /** Providers in failover order. */
  readonly providers: readonly string[];
  readonly text: string;
  readonly segments: number;
}

/**
 * Simulates the router for an alert received `now`, except for state in Redis: duplicates, caps, opt-outs.
 * @throws {AlertError} for a malformed alert
 */
export function explainRoute(data: unknown, config: Config, now: Date): ExplainedRoute {
  const alert = parseAlert(data, directoryOf(config, { now: () => now }));
  const subject = subjectOf({ jobId: 'explained', data, timestamp: now.getTime() }, alert, config, now);
  const { policy } = subject;
  const route = routeOf(alert, config);
  const place = config.routes.indexOf(route);
  const before = place === -1 ? config.routes : config.routes.slice(0, place);

  const opened = openRecipients(alert.to, config, now);
  const texted = textsAfterMs(policy.ladder) === undefined ? [] : opened;
  const recipients = composeMessages(subject, texted, config).map((message, index): ExplainedRecipient => {
    const recipient = texted[index];
    const { record } = planMessage(message, recipient && refuseRecipient(recipient, policy, config.countries), undefined, now);
    const { to, contact } = record;
    return {
      to,
      contact,
      ...fateOf(message, record, now),
      providers: message.providers,
      text: textOf(message),
      segments: message.segments,
    };
  });
  const stops = (): ExplainedRoute['stops'] => {
    if (alert.status === 'resolved') return 'resolved';
    if (now.getTime() >= deadlineOf(alert, now.getTime(), policy.expiresAfterMs)) return 'expired';
    if (!isAtLeast(alert.severity, policy.minSeverity)) return 'below_severity';
    return opened.length === 0 ? 'no_recipient' : undefined;
  };
  return {
    severity: alert.severity,
    passedOver: before.flatMap(({ name, match }) => {
      const mismatch = firstMismatch(match, alert);
      return mismatch === undefined ? [] : [{ route: name, ...mismatch }];
    }),
    matched: place !== -1,
    policy,
    caps: route.caps,
    stops: stops(),
    recipients,
  };
}

/** Predicts the result of the dispatcher's gates. */
function fateOf(
  message: Message,
  { state, reason, until }: MessageRecord,
  now: Date,
): Pick<ExplainedRecipient, 'state' | 'reason' | 'until'> {
  const quiet = state === 'queued' ? quietUntil(message.quietHours, message.severity, now) : undefined;
  if (quiet !== undefined) return { state: 'deferred', reason: 'quiet_hours', until: quiet };
  return { state: state as ExplainedRecipient['state'], reason, until: until === null ? null : new Date(until) };
}

/** Text as sent by a carrier that counts in GSM-7. */
function textOf(message: Message): string {
  const { text, template, variables, ackCode } = message;
  const content = { text, variables, ackCode, ...(template === undefined ? {} : { template }) };
  return shapeContent({ ...content, ...shapingOf(message) }, 'gsm7').text;
}
