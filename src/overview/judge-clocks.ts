import type { HealthFinding } from './finding.ts';
import type { Overview } from './overview.ts';
import { formatSpan } from './words.ts';

/** A machine whose clock is wrong, and a Redis whose clock was. */
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
        text: `The clock of ${host} (${[...new Set(roles)].join(', ')}) is ${spanOf(skewMs)} ${way} the clock of Redis; messages go by the clock of Redis.`,
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
    text: `The clock of Redis was set ${byMs > 0 ? 'ahead' : 'back'} by ${spanOf(byMs)} (seen at ${at}): caps, waits and deadlines are off by as much.`,
    hint: 'Keep that clock right (NTP, without steps), look for unknown outcomes, then',
    command: 'sms-dispatch unknown list',
  };
}

function spanOf(ms: number): string {
  return formatSpan(Math.round(Math.abs(ms) / 1000));
}
