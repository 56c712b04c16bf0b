import { type HealthFinding, todoOf } from '../../overview/finding.ts';
import { judgeHealth } from '../../overview/judge-health.ts';
import type { Overview } from '../../overview/overview.ts';
import type { RedisInspection } from '../../redis/fitness/inspect.ts';
import { formatElapsed } from '../../text/format-time.ts';
import type { ProcessAnswer } from '../cli-deps.ts';
import type { Diagnosis } from './diagnosis.ts';

/** Warning threshold: a message takes about a dozen sequential round trips. */
const SLOW_MS = 20;
/** Expiry and quiet hours use this machine's clock here, caps and budgets the clock of Redis. */
const SKEW_WARNING_MS = 2_000;
const SKEW_FAILURE_MS = 60_000;

export function diagnoseRedis({ address, server, findings, latencyMs, clockAheadMs }: RedisInspection): Diagnosis[] {
  const reached = `${server} at ${address}, ${latencyMs.toFixed(1)} ms per round trip`;
  return [
    latencyMs < SLOW_MS
      ? { subject: 'redis', verdict: 'ok', found: reached }
      : { subject: 'redis', verdict: 'warning', found: reached, todo: 'Move Redis closer: a message takes about a dozen round trips.' },
    ...findings.map(
      ({ level, problem, hint }): Diagnosis => ({
        subject: 'redis',
        verdict: level === 'fault' ? 'failed' : 'warning',
        found: problem,
        todo: hint,
      }),
    ),
    diagnoseClock(clockAheadMs, latencyMs),
  ];
}

function diagnoseClock(aheadMs: number | undefined, latencyMs: number): Diagnosis {
  if (aheadMs === undefined) return { subject: 'clock', verdict: 'unchecked', found: 'this Redis does not report its time' };
  const apart = Math.max(0, Math.abs(aheadMs) - latencyMs);
  if (apart < SKEW_WARNING_MS) return { subject: 'clock', verdict: 'ok', found: 'agrees with Redis' };
  return {
    subject: 'clock',
    verdict: apart < SKEW_FAILURE_MS ? 'warning' : 'failed',
    found: `this machine is ${formatElapsed(apart)} ${aheadMs > 0 ? 'ahead of' : 'behind'} Redis; expiry times are off by the same amount`,
    todo: 'Correct both clocks, preferably with NTP (timedatectl set-ntp true).',
  };
}

/** Checks workers, queues, providers, caps and budgets, with the same rules as the console and `status`. */
export function diagnoseOverview(overview: Overview): Diagnosis[] {
  const { workers, queues, redis, inFlight, dead } = overview;
  // Persistence and eviction policy were already checked on Redis itself.
  const checked = redis === null ? null : { ...redis, appendOnly: true, maxMemoryPolicy: 'noeviction' };
  const { findings } = judgeHealth({ ...overview, redis: checked });
  const oldest = Math.max(0, ...queues.map(({ oldestAgeSeconds }) => oldestAgeSeconds));
  const waits = oldest === 0 ? 'no job is waiting' : `the oldest job has been waiting for ${formatElapsed(oldest * 1000)}`;
  return [
    ...diagnoseWorkers(workers),
    { subject: 'queues', verdict: 'ok', found: `${waits}, ${inFlight} message(s) in flight, ${dead} dead letter(s)` },
    ...findings.map(
      (finding): Diagnosis => ({
        subject: subjectOf(finding),
        verdict: finding.level === 'critical' ? 'failed' : 'warning',
        found: finding.text,
        todo: todoOf(finding),
        finding,
      }),
    ),
  ];
}

/** Returns the text of the first column. */
function subjectOf({ route, provider, queue, kind }: HealthFinding): string {
  if (route !== undefined) return `route ${route}`;
  if (provider !== undefined) return `provider ${provider}`;
  return queue ?? kind.replaceAll('_', ' ');
}

/** Describes the running workers; missing ones are among the findings. */
function diagnoseWorkers(workers: Overview['workers']): Diagnosis[] {
  if (workers === null) return [{ subject: 'workers', verdict: 'unchecked', found: 'this Redis does not list its clients' }];
  const { routers, dispatchers } = workers;
  if (routers === 0 || dispatchers === 0) return [];
  return [{ subject: 'workers', verdict: 'ok', found: `${routers} router(s), ${dispatchers} dispatcher(s)` }];
}

/** @param hash of the local config; `undefined` where it is invalid */
export function diagnoseProcess(url: string, answer: ProcessAnswer | undefined, hash: string | undefined): Diagnosis[] {
  if (answer === undefined) return [{ subject: 'receiver', verdict: 'unchecked', found: `no process of sms-dispatch listens on ${url}` }];
  const { ready, reasons, configHash } = answer;
  const state: Diagnosis = ready
    ? { subject: 'receiver', verdict: 'ok', found: `${url} is ready` }
    : { subject: 'receiver', verdict: 'failed', found: `${url} is not ready: ${reasons.join(', ')}`, todo: 'Check its log.' };
  if (hash === undefined || configHash === undefined || configHash === hash) return [state];
  const found = `${url} uses a different config (hash ${configHash}, local ${hash})`;
  return [
    state,
    { subject: 'receiver', verdict: 'warning', found, todo: 'Send it SIGHUP, or check its log for why it rejected the new one.' },
  ];
}
