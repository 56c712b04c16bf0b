import type { HeldCriticals, MissedCriticals, MissedState } from '../ledger/criticals.ts';
import { formatSpan, type HealthFinding } from './finding.ts';
import type { Overview } from './overview.ts';

/** Finds critical messages that cannot be sent, and those that ended unsent in the last hour. */
export function judgeCriticals({ criticals, providers }: Pick<Overview, 'criticals' | 'providers'>): HealthFinding[] {
  const codeOf = (reason: string | null) => providers.find(({ down }) => down !== null && down.reason === reason)?.down?.code ?? null;
  return [
    ...criticals.held.map((group) => heldFinding(group, codeOf(group.reason))),
    ...criticals.missed.map((group) => missedFinding(group, codeOf(group.reason))),
  ];
}

function heldFinding({ route, reason, count, oldestSeconds, until, oldest }: HeldCriticals, code: string | null): HealthFinding {
  const who = count === 1 ? `1 critical of route ${route} waits` : `${count} criticals of route ${route} wait`;
  const wait = count === 1 ? `for ${formatSpan(oldestSeconds)}` : `the oldest for ${formatSpan(oldestSeconds)}`;
  const end = until === null ? '' : `, until ${until.slice(11, 16)} UTC`;
  return {
    level: 'critical',
    kind: 'criticals_held',
    route,
    reason,
    ...(code === null ? {} : { code }),
    text: `${who} because of ${code === null ? reason : `${reason} (${code})`}: ${wait}${end}.`,
    ...heldStep(reason, oldest),
  };
}

function heldStep(reason: string, messageId: string): Pick<HealthFinding, 'hint' | 'command'> {
  if (reason.startsWith('rate_cap')) return { hint: 'See what filled the cap', command: `sms-dispatch explain ${messageId}` };
  if (reason === 'budget')
    return { hint: 'See what is left; raise `money.budgets` in the config, or wait', command: 'sms-dispatch budget' };
  return { hint: 'See why its providers do not accept it', command: `sms-dispatch explain ${messageId}` };
}

/** Reasons that concern only this message: others are sent, and an operator must check it. */
const OF_THE_MESSAGE: readonly (string | null)[] = [
  ...['recipient', 'opted_out', 'content', 'malformed'],
  ...['no_consent', 'no_recipient', 'country_not_allowed', 'simulated', 'quiet_hours'],
];

function missedFinding(group: MissedCriticals, code: string | null): HealthFinding {
  const { route, state, reason, count } = group;
  const isOfMessage = state !== 'expired' && state !== 'unknown' && OF_THE_MESSAGE.includes(reason);
  const who = `${count} critical${count === 1 ? '' : 's'}${route === null ? '' : ` of route ${route}`}`;
  const why = reason === null ? '' : `: ${code === null ? reason : `${reason} (${code})`}`;
  return {
    level: isOfMessage ? 'warning' : 'critical',
    kind: 'criticals_missed',
    ...(route === null ? {} : { route }),
    ...(reason === null ? {} : { reason }),
    ...(code === null ? {} : { code }),
    text: `${who} ${endWords(state, count)} in the last hour${why}.`,
    ...missedStep(group),
  };
}

function endWords(state: MissedState, count: number): string {
  switch (state) {
    case 'expired':
    case 'failed':
      return state;
    case 'undelivered':
      return count === 1 ? 'was accepted but not delivered' : 'were accepted but not delivered';
    case 'unknown':
      return 'may not have been sent';
    case 'suppressed':
      return count === 1 ? 'was not sent' : 'were not sent';
  }
}

function missedStep({ route, state, newest }: MissedCriticals): Pick<HealthFinding, 'hint' | 'command'> {
  const explain = `sms-dispatch explain ${newest}`;
  if (state === 'unknown') return { hint: 'Ask the recipients or the vendor, then resolve each', command: 'sms-dispatch unknown list' };
  if (state === 'undelivered') return { hint: 'Contact the recipient in another way; see the receipt', command: explain };
  if (state === 'suppressed') return { hint: 'See why', command: explain };
  if (route === null) return { hint: 'They expired before they were routed; see one of them', command: explain };
  return { hint: 'See each of them, then replay or discard it', command: 'sms-dispatch dead list' };
}
