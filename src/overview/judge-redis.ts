import type { HealthFinding } from './finding.ts';
import type { Overview } from './overview.ts';
import { percent } from './words.ts';

/** Of `maxmemory`. */
const NEARLY_FULL = 0.9;

/** Whether Redis loses, or may lose, what it was given. */
export function judgeRedis({ redis }: Overview): HealthFinding[] {
  if (redis === null) return [];
  const { evictedKeys, maxMemoryPolicy, appendOnly, lastWriteOk, usedMemoryBytes, maxMemoryBytes } = redis;
  const findings: HealthFinding[] = [];
  if (!lastWriteOk) {
    findings.push({
      level: 'critical',
      kind: 'redis_write_failed',
      text: 'Redis cannot write to its disk: a restart would lose messages.',
      hint: 'Make room on its disk, look at its log, then',
      command: 'sms-dispatch doctor',
    });
  }
  if (evictedKeys > 0) {
    findings.push({
      level: 'critical',
      kind: 'redis_evicted',
      text: `Redis has evicted ${evictedKeys} keys to make room: each may have been a message.`,
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
      text: `Redis has used ${percent(usedMemoryBytes, maxMemoryBytes)} of its memory: when it is full, no alert is taken.`,
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
