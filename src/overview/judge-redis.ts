import type { Finding } from './finding.ts';
import type { Overview } from './overview.ts';
import { percent } from './percent.ts';

/** Of `maxmemory`. */
const NEARLY_FULL = 0.9;

/** Whether Redis loses, or may lose, what it was given. */
export function judgeRedis({ redis }: Overview): Finding[] {
  if (redis === null) return [];
  const { evictedKeys, maxMemoryPolicy, appendOnly, lastWriteOk, usedMemoryBytes, maxMemoryBytes } = redis;
  const findings: Finding[] = [];
  if (!lastWriteOk) {
    findings.push({
      level: 'alarm',
      what: 'Redis cannot write to its disk: a restart would lose texts.',
      todo: 'Make room on its disk, then look at its log.',
    });
  }
  if (evictedKeys > 0) {
    findings.push({
      level: 'alarm',
      what: `Redis has thrown ${evictedKeys} keys away to make room: each may have been a text.`,
      todo: 'Set `maxmemory-policy noeviction` and give it more memory.',
    });
  } else if (maxMemoryBytes > 0 && maxMemoryPolicy !== 'noeviction') {
    findings.push({
      level: 'concern',
      what: `Redis may throw texts away when its memory is full (maxmemory-policy ${maxMemoryPolicy}).`,
      todo: 'Set `maxmemory-policy noeviction`.',
    });
  }
  if (maxMemoryBytes > 0 && usedMemoryBytes / maxMemoryBytes >= NEARLY_FULL) {
    findings.push({
      level: 'alarm',
      what: `Redis has used ${percent(usedMemoryBytes, maxMemoryBytes)} of its memory.`,
      todo: 'Raise its maxmemory: when it is full, no alert is taken any more.',
    });
  }
  if (!appendOnly) {
    findings.push({
      level: 'concern',
      what: 'Redis keeps no append-only file: a crash of it loses the newest texts.',
      todo: 'Set `appendonly yes`.',
    });
  }
  return findings;
}
