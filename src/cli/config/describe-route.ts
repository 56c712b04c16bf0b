import type { Config } from '../../config/config.ts';
import { reasonWords } from '../../explain/reason-words.ts';
import type { Window } from '../../limit/caps/rate-cap.ts';
import type { ExplainedRecipient, ExplainedRoute } from '../../pipeline/routing/explain-route.ts';
import { describeStep } from '../../policy/escalation.ts';
import type { Mismatch } from '../../policy/route.ts';
import { formatTable } from '../../text/format-table.ts';
import { formatDuration, formatTime } from '../../text/format-time.ts';
import { formatHours, formatPlan, plainMatcher } from './summarise-config.ts';

/** Maximum number of phones shown; more would not fit on a screen. */
const PHONES_SHOWN = 20;

/** Describes how an alert is routed and why, its policy, recipients and messages. */
export function describeRoute(explained: ExplainedRoute, { caps, quietHours }: Config): string {
  const { severity, passedOver, matched, policy, stops, recipients } = explained;
  const { route, minSeverity, dedupeForMs, expiresAfterMs, overflow, onUnknown, template, maxSegments, ladder } = policy;
  const hours = policy.quietHours ?? quietHours;
  const facts = [
    ['route', matched ? route : 'no route matches: every provider, default policy'],
    ...passedOver.map((mismatch, index) => [index === 0 ? 'not' : '', describeMismatch(mismatch)]),
    ['severity', `${severity}; the route sends from ${minSeverity} up`],
    ['dedupe', dedupeForMs === 0 ? 'off' : formatDuration(dedupeForMs)],
    ['expires', `after ${formatDuration(expiresAfterMs)}`],
    ['providers', formatPlan(policy)],
    ...capLines(explained, caps).map((line, index) => [index === 0 ? 'caps' : '', line]),
    ['overflow', overflow],
    ['on unknown', onUnknown],
    ['quiet hours', hours === undefined || hours === 'off' ? 'none, except those of contacts' : formatHours(hours)],
    ...(ladder === undefined ? [] : [['ladder', ladder.map(describeStep).join('; ')]]),
    ...(template === undefined ? [] : [['template', template]]),
    ...(maxSegments === undefined ? [] : [['at most', `${maxSegments} segment(s)`]]),
    ['consent', policy.consent ?? 'required'],
    ['acknowledge', policy.acknowledge ? 'by a code in the message' : 'no code in the message'],
    ['on resolve', policy.resolvedTexts ? 'a message to each phone that received the alert' : 'no message'],
  ];
  const stopped = stops === undefined ? [] : [`Nothing would be sent: ${reasonWords(stops).because} (${stops}). Otherwise:`, ''];
  return [formatTable(facts), '', ...stopped, describeRecipients(recipients), ''].join('\n');
}

/** Describes a mismatch, such as `login-codes: severity is critical, wants info or warning`. */
function describeMismatch({ route, key, found, wanted }: { readonly route: string } & Mismatch): string {
  const plain = plainMatcher(wanted);
  return `${route}: ${key} is ${found === undefined ? 'not given' : found}, wants ${typeof plain === 'string' ? plain : plain.join(' or ')}`;
}

function capLines({ caps: own }: ExplainedRoute, caps: Config['caps']): string[] {
  const unit = caps.weight === 'segments' ? ' segments' : '';
  const all = (windows: readonly Window[]) => windows.map(({ max, perMs }) => `${max}${unit} per ${formatDuration(perMs)}`).join(' and ');
  const { perHour, perSource = [], perRecipient } = caps;
  const lines = [
    ['each phone', perRecipient] as const,
    ['each phone on this route', own?.perRecipient ?? []] as const,
    ['this route', own?.perRoute ?? []] as const,
    ['this source', perSource] as const,
    ...[...(caps.perCountry ?? [])].map(([code, windows]) => [`+${code}`, windows] as const),
  ].filter(([, windows]) => windows.length > 0);
  return [
    ...lines.map(([whose, windows]) => `${whose}: ${all(windows)}`),
    `all phones: ${perHour === undefined ? 'off' : `${perHour.max}${unit} per 1h, ${perHour.criticalReserve} of them reserved for criticals`}`,
  ];
}

function describeRecipients(recipients: readonly ExplainedRecipient[]): string {
  if (recipients.length === 0) return 'No recipients.';
  const rows = recipients
    .slice(0, PHONES_SHOWN)
    .map(({ to, contact, providers, segments, ...fate }) => [
      to,
      contact ?? '-',
      providers.join(','),
      String(segments),
      describeFate(fate),
    ]);
  const left = recipients.length - rows.length;
  const texts = new Map<string, number>();
  for (const { text, segments } of recipients) texts.set(text, segments);
  return [
    formatTable([['TO', 'CONTACT', 'PROVIDERS', 'SEGMENTS', 'RESULT'], ...rows]),
    ...(left > 0 ? [`… and ${left} more; see --json`] : []),
    ...[...texts].flatMap(([text, segments]) => ['', `${segments} segment(s), ${[...text].length} characters:`, text]),
  ].join('\n');
}

function describeFate({ state, reason, until }: Pick<ExplainedRecipient, 'state' | 'reason' | 'until'>): string {
  if (state === 'queued') return 'sent immediately';
  if (state === 'deferred') return `waits (${reason}) until ${until === null ? 'a later time' : formatTime(until)}`;
  return `not sent (${reason})`;
}
