import type { HeldCriticals, MissedCriticals } from '../ledger/criticals.ts';
import type { HealthFinding } from './finding.ts';
import type { Overview } from './overview.ts';
import { formatSpan } from './words.ts';

/** Criticals that something keeps from being sent, and those that ended unsent in the last hour. */
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
  if (reason === 'budget') return { hint: 'See what is left, raise `money.budgets` in the config or wait', command: 'sms-dispatch budget' };
  return { hint: 'See why its providers do not accept it', command: `sms-dispatch explain ${messageId}` };
}

/** About this number or text: the system works, and a person must look at the entry. */
const OF_THE_MESSAGE: readonly (string | null)[] = ['recipient', 'opted_out', 'content', 'malformed'];

function missedFinding({ route, state, reason, count, newest }: MissedCriticals, code: string | null): HealthFinding {
  const isOfMessage = state === 'failed' && OF_THE_MESSAGE.includes(reason);
  const who = `${count} critical${count === 1 ? '' : 's'}${route === null ? '' : ` of route ${route}`}`;
  const why = reason === null ? '' : `: ${code === null ? reason : `${reason} (${code})`}`;
  const isAlert = route === null;
  return {
    level: isOfMessage ? 'warning' : 'critical',
    kind: 'criticals_missed',
    ...(route === null ? {} : { route }),
    ...(reason === null ? {} : { reason }),
    ...(code === null ? {} : { code }),
    text: `${who} ${state} in the last hour${why}.`,
    hint: isAlert ? 'They waited too long before they were routed; see one of them' : 'See each of them, then replay or discard it',
    command: isAlert ? `sms-dispatch explain ${newest}` : 'sms-dispatch dead list',
  };
}
