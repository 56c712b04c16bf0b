import type { DataLossKind } from '../redis/data-set.ts';
import { formatSpan, type HealthFinding, percent } from './finding.ts';
import type { Overview } from './overview.ts';

/** Warning threshold, as a share of `maxmemory`. */
const NEARLY_FULL = 0.9;

/** A loss is critical for as long as missed critical alerts are. */
const GRAVE_FOR_S = 3600;

const LOSSES: Readonly<Record<DataLossKind, string>> = {
  emptied: 'all our data in Redis was removed',
  rolled_back: 'Redis went back to older data, without its newest writes',
  replaced: 'Redis holds another data set than before',
  marker_lost: 'Redis lost individual keys',
};

/** Reports losses that a process noticed; they are stored in the data, so every reader sees them. */
function judgeLosses({ dataLosses: [newest, ...others] }: Overview): HealthFinding[] {
  if (newest === undefined) return [];
  const { kind, secondsAgo } = newest;
  const more = others.length === 0 ? '' : ` There ${others.length === 1 ? 'was' : 'were'} ${others.length} more in the last day.`;
  return [
    {
      level: secondsAgo < GRAVE_FOR_S ? 'critical' : 'warning',
      kind: 'redis_data_lost',
      reason: kind,
      text: `Data was lost ${formatSpan(secondsAgo)} ago: ${LOSSES[kind]}. Alerts may be lost, and messages may be sent again.${more}`,
      hint: 'Find out why, raise open alerts again, restore the opt-outs; then',
      command: 'sms-dispatch optouts list',
    },
  ];
}

/** Judges whether Redis loses, or may lose, data. */
export function judgeRedis(overview: Overview): HealthFinding[] {
  return [...judgeLosses(overview), ...judgeServer(overview)];
}

function judgeServer({ redis }: Overview): HealthFinding[] {
  if (redis === null) return [];
  const { evictedKeys, maxMemoryPolicy, appendOnly, lastWriteOk, usedMemoryBytes, maxMemoryBytes } = redis;
  const findings: HealthFinding[] = [];
  if (!lastWriteOk) {
    findings.push({
      level: 'critical',
      kind: 'redis_write_failed',
      text: 'Redis cannot write to its disk: a restart would lose messages.',
      hint: 'Free space on its disk, check its log, then',
      command: 'sms-dispatch doctor',
    });
  }
  if (evictedKeys > 0) {
    findings.push({
      level: 'critical',
      kind: 'redis_evicted',
      text: `Redis has evicted ${evictedKeys} keys: each may have been a message.`,
      hint: 'Set `maxmemory-policy noeviction` and give it more memory, then',
      command: 'sms-dispatch doctor',
    });
  } else if (maxMemoryBytes > 0 && maxMemoryPolicy !== 'noeviction') {
    findings.push({
      level: 'warning',
      kind: 'redis_may_evict',
      text: `Redis may evict messages when its memory is full (maxmemory-policy ${maxMemoryPolicy}).`,
      hint: 'Set `maxmemory-policy noeviction`, then',
      command: 'sms-dispatch doctor',
    });
  }
  if (maxMemoryBytes > 0 && usedMemoryBytes / maxMemoryBytes >= NEARLY_FULL) {
    findings.push({
      level: 'critical',
      kind: 'redis_memory',
      text: `Redis has used ${percent(usedMemoryBytes, maxMemoryBytes)} of its memory: when it is full, no alert is accepted.`,
      hint: 'Raise its `maxmemory`, then',
      command: 'sms-dispatch doctor',
    });
  }
  if (!appendOnly) {
    findings.push({
      level: 'warning',
      kind: 'redis_not_durable',
      text: 'Redis keeps no append-only file: if it crashes, the newest messages are lost.',
      hint: 'Set `appendonly yes`, then',
      command: 'sms-dispatch doctor',
    });
  }
  return findings;
}

/** Finds machines with a wrong clock, and jumps of the clock of Redis. */
export function judgeClocks({ processes }: Overview): HealthFinding[] {
  const [jump] = processes.flatMap(({ redisClockJump }) => redisClockJump ?? []).toSorted((a, b) => Math.abs(b.byMs) - Math.abs(a.byMs));
  const skewed = processes.filter(({ clockSkewMs }) => clockSkewMs !== undefined);
  const hosts = new Map(skewed.map(({ host, clockSkewMs = 0 }) => [host, clockSkewMs]));
  return [
    ...(jump === undefined ? [] : [jumped(jump)]),
    ...[...hosts].map(([host, skewMs]): HealthFinding => {
      const roles = skewed.filter((note) => note.host === host).map(({ role }) => role);
      const way = skewMs > 0 ? 'ahead of' : 'behind';
      return {
        level: 'warning',
        kind: 'clock_skew',
        text: `The clock of ${host} (${[...new Set(roles)].join(', ')}) is ${spanOf(skewMs)} ${way} the clock of Redis; messages use the clock of Redis.`,
        hint: 'Correct the clock of that machine (NTP), then',
        command: 'sms-dispatch status',
      };
    }),
  ];
}

function jumped({ byMs, at }: { readonly byMs: number; readonly at: string }): HealthFinding {
  return {
    level: 'warning',
    kind: 'redis_clock_jumped',
    text: `The clock of Redis was set ${byMs > 0 ? 'ahead' : 'back'} by ${spanOf(byMs)} (seen at ${at}): caps, waits and deadlines are off by the same amount.`,
    hint: 'Correct that clock (NTP, without steps), check unknown outcomes, then',
    command: 'sms-dispatch unknown list',
  };
}

function spanOf(ms: number): string {
  return formatSpan(Math.round(Math.abs(ms) / 1000));
}
