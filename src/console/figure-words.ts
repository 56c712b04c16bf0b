import { MICRO } from '../limit/budget/money.ts';
import type { QueueFigures, RedisFigures } from '../overview/figures.ts';
import { CRITICAL_WAITS_S, JOB_WAITS_S } from '../overview/judge-health.ts';
import type { ProviderHealth } from '../overview/provider-health.ts';
import type { Tone } from './describe-entry.ts';
import { spanOf } from './relative-time.ts';

/** Describes a queue: `3 waiting, 2 active, 1 later`, and the age of the oldest waiting job. */
export function queueWords({ counts, oldestAgeSeconds, oldestCriticalSeconds, paused }: QueueFigures): {
  readonly text: string;
  readonly age: string | undefined;
  readonly tone: Tone;
} {
  const { waiting, prioritized, active, delayed, failed } = counts;
  const parts = [
    [waiting + prioritized, 'waiting'],
    [active, 'active'],
    [delayed, 'later'],
    [failed, 'dead'],
  ] as const;
  const shown = [...(paused ? ['paused'] : []), ...parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)];
  return {
    text: shown.length === 0 ? 'empty' : shown.join(', '),
    age: oldestAgeSeconds > 0 ? spanOf(oldestAgeSeconds) : undefined,
    tone: paused || oldestCriticalSeconds > CRITICAL_WAITS_S ? 'bad' : oldestAgeSeconds > JOB_WAITS_S || failed > 0 ? 'wait' : 'plain',
  };
}

export function circuitWords({ circuit, reason, code }: ProviderHealth): { readonly text: string; readonly tone: Tone } {
  if (circuit === 'closed') return { text: 'working', tone: 'good' };
  if (circuit === 'half_open') return { text: 'half-open', tone: 'wait' };
  return { text: `open${reason === null ? '' : `: ${reason}${code === null ? '' : ` (${code})`}`}`, tone: 'bad' };
}

/** Describes results: `96% of 120 accepted, 3 refused, 1 unknown`. */
export function requestWords({ accepted, refused, unknown }: ProviderHealth): string {
  const all = accepted + refused + unknown;
  if (all === 0) return 'no recent requests';
  const rest = [...(refused > 0 ? [`${refused} refused`] : []), ...(unknown > 0 ? [`${unknown} unknown`] : [])];
  return [`${Math.floor((accepted / all) * 100)}% of ${all} accepted`, ...rest].join(', ');
}

/** Describes memory: `12 MB of 256 MB`. */
export function memoryWords({ usedMemoryBytes, maxMemoryBytes }: RedisFigures): string {
  return maxMemoryBytes === 0 ? `${bytes(usedMemoryBytes)}, no limit` : `${bytes(usedMemoryBytes)} of ${bytes(maxMemoryBytes)}`;
}

/** @param micro micro-units of the currency */
export function amountWords(micro: number): string {
  return (micro / MICRO).toFixed(2);
}

function bytes(count: number): string {
  const mega = count / 1_048_576;
  return mega >= 1024 ? `${(mega / 1024).toFixed(1)} GB` : `${mega.toFixed(mega < 10 ? 1 : 0)} MB`;
}
