import { type HealthFinding, todoOf } from '../../overview/finding.ts';
import { judgeHealth } from '../../overview/judge-health.ts';
import type { Overview } from '../../overview/overview.ts';
import type { RedisInspection } from '../../redis/fitness/inspect.ts';
import { formatElapsed } from '../../text/format-time.ts';
import type { ProcessAnswer } from '../cli-deps.ts';
import type { Diagnosis } from './diagnosis.ts';

/** A text takes about a dozen round trips, one after the other. */
const SLOW_MS = 20;
/** Expiry and quiet hours go by this clock, caps and budgets by that of Redis. */
const SKEW_WARNING_MS = 2_000;
const SKEW_FAILURE_MS = 60_000;

export function diagnoseRedis({ address, server, findings, latencyMs, clockAheadMs }: RedisInspection): Diagnosis[] {
  const reached = `${server} at ${address}, ${latencyMs.toFixed(1)} ms a round trip`;
  return [
    latencyMs < SLOW_MS
      ? { subject: 'redis', verdict: 'ok', found: reached }
      : { subject: 'redis', verdict: 'warning', found: reached, todo: 'Bring it nearer: a text takes about a dozen round trips.' },
    ...findings.map(
      ({ level, problem, remedy }): Diagnosis => ({
        subject: 'redis',
        verdict: level === 'fault' ? 'failed' : 'warning',
        found: problem,
        todo: remedy,
      }),
    ),
    diagnoseClock(clockAheadMs, latencyMs),
  ];
}

function diagnoseClock(aheadMs: number | undefined, latencyMs: number): Diagnosis {
  if (aheadMs === undefined) return { subject: 'clock', verdict: 'unchecked', found: 'this Redis does not tell its time' };
  const apart = Math.max(0, Math.abs(aheadMs) - latencyMs);
  if (apart < SKEW_WARNING_MS) return { subject: 'clock', verdict: 'ok', found: 'agrees with Redis' };
  return {
    subject: 'clock',
    verdict: apart < SKEW_FAILURE_MS ? 'warning' : 'failed',
    found: `this machine is ${formatElapsed(apart)} ${aheadMs > 0 ? 'ahead of' : 'behind'} Redis: what expires, and when, is off by as much`,
    todo: 'Set both clocks right, best by NTP (timedatectl set-ntp true).',
  };
}

/** Workers, queues, providers, caps and budgets, as the console and `status` judge them. */
export function diagnoseOverview(overview: Overview): Diagnosis[] {
  const { workers, queues, redis, inFlight, dead } = overview;
  // Whether it keeps what it is told, and throws nothing away, was asked of Redis itself.
  const told = redis === null ? null : { ...redis, appendOnly: true, maxMemoryPolicy: 'noeviction' };
  const { findings } = judgeHealth({ ...overview, redis: told });
  const oldest = Math.max(0, ...queues.map(({ oldestAgeSeconds }) => oldestAgeSeconds));
  const waits = oldest === 0 ? 'nothing waits' : `the oldest job has waited ${formatElapsed(oldest * 1000)}`;
  return [
    ...diagnoseWorkers(workers),
    { subject: 'queues', verdict: 'ok', found: `${waits}, ${inFlight} message(s) on the way, ${dead} dead` },
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

/** What the first column says. */
function subjectOf({ route, provider, queue, kind }: HealthFinding): string {
  if (route !== undefined) return `route ${route}`;
  if (provider !== undefined) return `provider ${provider}`;
  return queue ?? kind.replaceAll('_', ' ');
}

/** Those that are missing are among the findings. */
function diagnoseWorkers(workers: Overview['workers']): Diagnosis[] {
  if (workers === null) return [{ subject: 'workers', verdict: 'unchecked', found: 'this Redis does not list its clients' }];
  const { routers, dispatchers } = workers;
  if (routers === 0 || dispatchers === 0) return [];
  return [{ subject: 'workers', verdict: 'ok', found: `${routers} router(s), ${dispatchers} dispatcher(s)` }];
}

/** @param hash of the config at hand; `undefined` where it is broken */
export function diagnoseProcess(url: string, answer: ProcessAnswer | undefined, hash: string | undefined): Diagnosis[] {
  if (answer === undefined) return [{ subject: 'receiver', verdict: 'unchecked', found: `nothing of ours listens on ${url}` }];
  const { ready, reasons, configHash } = answer;
  const state: Diagnosis = ready
    ? { subject: 'receiver', verdict: 'ok', found: `${url} is ready` }
    : { subject: 'receiver', verdict: 'failed', found: `${url} is not ready: ${reasons.join(', ')}`, todo: 'Look at its log.' };
  if (hash === undefined || configHash === undefined || configHash === hash) return [state];
  const found = `${url} runs with another config (hash ${configHash}, here ${hash})`;
  return [state, { subject: 'receiver', verdict: 'warning', found, todo: 'Send it SIGHUP, or see in its log why it refused the new one.' }];
}
