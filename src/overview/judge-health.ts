import { formatElapsed } from '../explain/format-time.ts';
import type { Finding, HealthFinding, HealthLevel, HealthSubject } from './finding.ts';
import { judgeBudgets, judgeCaps } from './judge-limits.ts';
import { judgeRedis } from './judge-redis.ts';
import type { Overview } from './overview.ts';
import type { ProviderHealth } from './provider-health.ts';

export interface Health {
  /** The worst of the findings. */
  readonly level: HealthLevel;
  /** The one line at the top. */
  readonly line: string;
  /** The first thing to do; `null` while all is well. */
  readonly todo: string | null;
  /** The gravest first. */
  readonly findings: readonly HealthFinding[];
}

/** Requests of the last minutes that a provider may leave in doubt. */
const UNKNOWN_REQUESTS = 2;

/** Seconds that a critical may wait, and that others may. */
export const CRITICAL_WAITS_S = 60;
export const JOB_WAITS_S = 300;

const JUDGES: Readonly<Record<HealthSubject, (overview: Overview) => readonly Finding[]>> = {
  workers: judgeWorkers,
  redis: judgeRedis,
  queues: judgeQueues,
  providers: (overview) => [...judgeCircuits(overview), ...judgeUnknownRequests(overview)],
  budgets: judgeBudgets,
  caps: judgeCaps,
  unknown: judgeUnknown,
  dead: judgeDead,
};

/** Whether all is well, in plain words, and if not what is wrong and what to do. */
export function judgeHealth(overview: Overview): Health {
  const subjects = Object.keys(JUDGES) as HealthSubject[];
  const found = subjects.flatMap((subject) => JUDGES[subject](overview).map((finding) => ({ subject, ...finding })));
  const findings = [...found.filter(({ level }) => level === 'alarm'), ...found.filter(({ level }) => level === 'concern')];
  const [first] = findings;
  if (first === undefined) return { level: 'well', line: wellLine(overview), todo: null, findings };
  const more = findings.length > 1 ? ` And ${findings.length - 1} more.` : '';
  return { level: first.level, line: `${first.what}${more}`, todo: first.todo, findings };
}

function wellLine({ lately: { messages, seconds }, inFlight }: Overview): string {
  const texts = (messages.accepted ?? 0) + (messages.delivered ?? 0) === 0 ? 'nothing to text' : `${messages.accepted ?? 0} accepted`;
  const rest = inFlight === 0 ? '' : `, ${inFlight} on the way`;
  return `All is well: ${texts} in the last ${formatSpan(seconds)}${rest}.`;
}

function judgeWorkers({ workers }: Overview): Finding[] {
  if (workers === null) return [];
  const absent = [...(workers.routers === 0 ? ['router'] : []), ...(workers.dispatchers === 0 ? ['dispatcher'] : [])];
  const [one] = absent;
  if (one === undefined) return [];
  const how = absent.length > 1 ? '`sms-dispatch start` runs both' : `\`sms-dispatch ${one}\` runs one`;
  return [{ level: 'alarm', what: `No ${absent.join(' and no ')} runs: nothing is texted.`, todo: `Start it: ${how}.` }];
}

function judgeQueues({ queues }: Overview): Finding[] {
  const critical = Math.max(0, ...queues.map(({ oldestCriticalSeconds }) => oldestCriticalSeconds));
  if (critical > CRITICAL_WAITS_S) {
    return [
      {
        level: 'alarm',
        what: `The oldest critical alert or text has waited ${formatSpan(critical)}.`,
        todo: 'Look at the providers and the workers below; more dispatchers help where none of them is slow.',
      },
    ];
  }
  const [oldest] = queues.toSorted((a, b) => b.oldestAgeSeconds - a.oldestAgeSeconds);
  if (oldest === undefined || oldest.oldestAgeSeconds <= JOB_WAITS_S) return [];
  return [
    {
      level: 'concern',
      what: `The oldest job of ${oldest.queue} has waited ${formatSpan(oldest.oldestAgeSeconds)}.`,
      todo: 'Look at the providers and the workers below.',
    },
  ];
}

function judgeCircuits({ providers }: Overview): Finding[] {
  const open = providers.filter(({ circuit }) => circuit === 'open');
  const isLast = open.length > 0 && open.length === providers.length;
  return open.map((provider) => ({
    level: isLast ? 'alarm' : 'concern',
    what: `Provider ${provider.provider} is resting${sinceWords(provider)}${isLast && open.length > 1 ? ', as all of them are' : ''}.`,
    todo: providerTodo(provider),
  }));
}

/** Where others take over, or texts are resent, no other figure tells of it. */
function judgeUnknownRequests({ providers }: Overview): Finding[] {
  return providers
    .filter(({ unknown }) => unknown > UNKNOWN_REQUESTS)
    .map(({ provider, accepted, refused, unknown }) => ({
      level: 'concern',
      what: `Of ${accepted + refused + unknown} requests to ${provider} ${unknown} ended without a readable answer.`,
      todo: "Was a dispatcher killed? If not, see the vendor's status page, and take it out of its routes for a while.",
    }));
}

function sinceWords({ since, reason }: ProviderHealth): string {
  const time = since === null ? '' : ` since ${since.slice(11, 16)} UTC`;
  return `${time}${reason === null ? '' : `: ${reason}`}`;
}

function providerTodo({ provider, reason }: ProviderHealth): string {
  if (reason === 'auth') return `Check its credentials: \`sms-dispatch providers check ${provider}\`.`;
  if (reason === 'balance') return "Top its account up in the vendor's console.";
  return `It is tried again by itself; see the vendor's status page and \`sms-dispatch providers check ${provider}\`.`;
}

function judgeUnknown({ unknown }: Overview): Finding[] {
  if (unknown === 0) return [];
  const what = unknown === 1 ? 'Of 1 text nobody knows whether it went out.' : `Of ${unknown} texts nobody knows whether they went out.`;
  return [{ level: 'concern', what, todo: 'Ask the recipient or the vendor, then settle it: `sms-dispatch unknown list`.' }];
}

function judgeDead({ dead }: Overview): Finding[] {
  if (dead === 0) return [];
  const what = dead === 1 ? '1 dead letter waits for a person.' : `${dead} dead letters wait for a person.`;
  return [{ level: 'concern', what, todo: 'See why, then replay or discard: `sms-dispatch dead list`.' }];
}

/** `5 min`, `2 min 5 s`, `45 s`. */
function formatSpan(seconds: number): string {
  return seconds < 10 ? `${Math.round(seconds)} s` : formatElapsed(seconds * 1000).replace(' min 0 s', ' min');
}
