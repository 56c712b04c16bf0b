import { formatSpan, type HealthFinding, type HealthLevel, todoOf } from './finding.ts';
import { judgeCriticals } from './judge-criticals.ts';
import { judgeBudgets, judgeCaps } from './judge-limits.ts';
import { judgeClocks, judgeRedis } from './judge-redis.ts';
import { judgeRoutes } from './judge-routes.ts';
import type { Overview } from './overview.ts';

export interface Health {
  /** The most severe level of the findings. */
  readonly level: HealthLevel;
  /** Summary in one line. */
  readonly line: string;
  /** The first remedy; `null` without findings. */
  readonly todo: string | null;
  /** Most severe first. */
  readonly findings: readonly HealthFinding[];
}

/** Maximum waiting time for a worker in seconds, of critical and of other jobs. */
export const CRITICAL_WAITS_S = 60;
export const JOB_WAITS_S = 300;

/** Queues that every alert passes. */
const PAGE_QUEUES: readonly string[] = ['sms-alerts', 'sms-messages'];

/** In the order in which findings of the same level are shown: causes before their consequences. */
const JUDGES: readonly ((overview: Overview) => readonly HealthFinding[])[] = [
  judgeWorkers,
  judgeStuck,
  judgeRefused,
  judgePauses,
  judgeRedis,
  judgeClocks,
  judgeRoutes,
  judgeBudgets,
  judgeCaps,
  judgeCriticals,
  judgeQueues,
  judgeRequeued,
  judgeConfig,
  judgeUnknown,
  judgeDead,
];

/** Judges whether messages are sent; if not, what is wrong and how to fix it. */
export function judgeHealth(overview: Overview): Health {
  const found = JUDGES.flatMap((judge) => judge(overview));
  const findings = [...found.filter(({ level }) => level === 'critical'), ...found.filter(({ level }) => level === 'warning')];
  const [first] = findings;
  if (first === undefined) return { level: 'ok', line: okLine(overview), todo: null, findings };
  const more = findings.length > 1 ? ` And ${findings.length - 1} more.` : '';
  return { level: first.level, line: `${first.text}${more}`, todo: todoOf(first), findings };
}

function okLine({ lately: { messages, seconds }, inFlight }: Overview): string {
  const texts = (messages.accepted ?? 0) + (messages.delivered ?? 0) === 0 ? 'nothing to send' : `${messages.accepted ?? 0} accepted`;
  const rest = inFlight === 0 ? '' : `, ${inFlight} in flight`;
  return `OK: ${texts} in the last ${formatSpan(seconds)}${rest}.`;
}

function judgeWorkers({ workers }: Overview): HealthFinding[] {
  if (workers === null) return [];
  const absent = [...(workers.routers === 0 ? ['router'] : []), ...(workers.dispatchers === 0 ? ['dispatcher'] : [])];
  const [one] = absent;
  if (one === undefined) return [];
  return [
    {
      level: 'critical',
      kind: 'workers_absent',
      text: `No ${absent.join(' and no ')} is running: nothing is sent.`,
      hint: 'Start it',
      command: absent.length > 1 ? 'sms-dispatch start' : `sms-dispatch ${one}`,
    },
  ];
}

/** Finds workers that no longer fetch jobs: they replace themselves, and need a restart only if that fails. */
function judgeStuck({ processes }: Overview): HealthFinding[] {
  return processes.flatMap(({ role, host, stuck = [] }) =>
    stuck.map((queue) => ({
      level: 'critical',
      kind: 'workers_stuck',
      queue,
      text: `A worker of the ${role} on ${host} no longer fetches jobs of ${queue}.`,
      hint: 'It is replaced automatically within seconds; if this persists, restart that process, then',
      command: 'sms-dispatch status',
    })),
  );
}

/** Finds processes without required Redis permissions: they accept, route or send nothing. */
function judgeRefused({ processes }: Overview): HealthFinding[] {
  return processes.flatMap(({ role, host, refused = [] }) =>
    refused.map((problem) => ({
      level: 'critical',
      kind: 'redis_refuses',
      text: `Redis denies a permission to the ${role} on ${host}: ${problem}.`,
      hint: 'Grant it as described in docs/redis.md, then',
      command: 'sms-dispatch doctor',
    })),
  );
}

/** Finds paused queues. Our own commands never pause a queue: it was paused in a queue board or by a BullMQ client. */
function judgePauses({ queues }: Overview): HealthFinding[] {
  return queues
    .filter(({ paused }) => paused)
    .map(({ queue, counts }) => ({
      level: PAGE_QUEUES.includes(queue) ? 'critical' : 'warning',
      kind: 'queue_paused',
      queue,
      reason: 'paused',
      text: `The queue ${queue} is paused: its ${counts.waiting + counts.prioritized} waiting jobs are not processed.`,
      hint: 'Resume it where it was paused (queue board of the console, or `queue.resume()` of BullMQ), then',
      command: 'sms-dispatch status',
    }));
}

function judgeQueues({ queues }: Overview): HealthFinding[] {
  const next = { hint: 'Check whether workers are stuck or too few', command: 'sms-dispatch doctor' };
  const served = queues.filter(({ paused }) => !paused);
  const critical = Math.max(
    0,
    ...served.filter(({ queue }) => PAGE_QUEUES.includes(queue)).map(({ oldestCriticalSeconds }) => oldestCriticalSeconds),
  );
  if (critical > CRITICAL_WAITS_S) {
    const text = `The oldest critical alert or message has been waiting ${formatSpan(critical)} for a worker.`;
    return [{ level: 'critical', kind: 'criticals_waiting', text, ...next }];
  }
  const [oldest] = served.toSorted((a, b) => b.oldestAgeSeconds - a.oldestAgeSeconds);
  if (oldest === undefined || oldest.oldestAgeSeconds <= JOB_WAITS_S) return [];
  const text = `The oldest job of ${oldest.queue} has been waiting ${formatSpan(oldest.oldestAgeSeconds)} for a worker.`;
  return [{ level: 'warning', kind: 'jobs_waiting', queue: oldest.queue, text, ...next }];
}

/** Reports jobs that were added again: nothing is lost, but messages are late. */
function judgeRequeued({ requeued }: Overview): HealthFinding[] {
  if (requeued === 0) return [];
  const what = requeued === 1 ? '1 job was missing from our queues and was' : `${requeued} jobs were missing from our queues and were`;
  return [
    {
      level: 'warning',
      kind: 'jobs_requeued',
      text: `In the last hour ${what} added again: another client removed jobs.`,
      hint: 'Find the client (a queue board, a script that drains or cleans); look for "requeued" with',
      command: 'sms-dispatch explain',
    },
  ];
}

/** Reports a rejected config: messages are sent with the previous one, so this is only a warning; the next restart would fail. */
function judgeConfig({ processes }: Overview): HealthFinding[] {
  const refused = processes.filter(({ refusedAt }) => refusedAt !== null);
  const [first] = refused;
  if (first !== undefined) {
    const who = refused.length === 1 ? `The ${first.role} on ${first.host}` : `${refused.length} processes`;
    return [
      {
        level: 'warning',
        kind: 'config_refused',
        reason: 'config',
        text: `${who} rejected the config at the last reload and ${refused.length === 1 ? 'uses' : 'use'} the previous one (hash ${first.hash}).`,
        hint: 'Correct the file, then send SIGHUP',
        command: 'sms-dispatch config check',
      },
    ];
  }
  const hashes = [...new Set(processes.map(({ hash }) => hash))];
  if (hashes.length < 2) return [];
  return [
    {
      level: 'warning',
      kind: 'config_differs',
      reason: 'config',
      text: `The running processes use ${hashes.length} different configs (hashes ${hashes.slice(0, 5).join(', ')}).`,
      hint: 'Roll out the same file to all of them and reload',
      command: 'sms-dispatch doctor',
    },
  ];
}

/** Reports unknown outcomes that no finding about criticals includes. */
function judgeUnknown({ unknown, criticals }: Overview): HealthFinding[] {
  const named = criticals.missed.reduce((sum, { state, count }) => sum + (state === 'unknown' ? count : 0), 0);
  const rest = unknown - named;
  if (rest <= 0) return [];
  const who = `${rest}${named === 0 ? '' : ' more'} message${rest === 1 ? ' has' : 's have'}`;
  return [
    {
      level: 'warning',
      kind: 'unknown_outcomes',
      reason: 'unknown_outcome',
      text: `${who} an unknown outcome and will not be sent again.`,
      hint: 'Ask the recipient or the vendor, then resolve each',
      command: 'sms-dispatch unknown list',
    },
  ];
}

function judgeDead({ dead }: Overview): HealthFinding[] {
  if (dead === 0) return [];
  return [
    {
      level: 'warning',
      kind: 'dead_letters',
      text: dead === 1 ? '1 dead letter needs an operator.' : `${dead} dead letters need an operator.`,
      hint: 'See why, then replay or discard',
      command: 'sms-dispatch dead list',
    },
  ];
}
