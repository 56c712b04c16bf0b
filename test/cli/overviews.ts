import type { QueueFigures } from '../../src/overview/figures.ts';
import type { RouteLane } from '../../src/overview/lanes.ts';
import type { Overview } from '../../src/overview/overview.ts';
import type { ProviderHealth } from '../../src/overview/provider-health.ts';

export function queueOf(
  queue: string,
  facts: Partial<Omit<QueueFigures, 'counts'>> & { counts?: Partial<QueueFigures['counts']> } = {},
): QueueFigures {
  const { counts, ...ages } = facts;
  return {
    queue,
    counts: { waiting: 0, prioritized: 0, active: 0, delayed: 0, 'waiting-children': 0, failed: 0, ...counts },
    oldestAgeSeconds: 0,
    oldestCriticalSeconds: 0,
    paused: false,
    ...ages,
  };
}

export function providerOf(provider: string, facts: Partial<ProviderHealth> = {}): ProviderHealth {
  return {
    provider,
    type: 'twilio',
    circuit: 'closed',
    since: null,
    reason: null,
    code: null,
    accepted: 0,
    refused: 0,
    unknown: 0,
    lastReason: null,
    last: { requests: 0, accepted: 0, reason: null, code: null },
    down: null,
    ...facts,
  };
}

export function laneOf(route: string, providers: readonly string[], facts: Partial<RouteLane> = {}): RouteLane {
  return { route, countries: null, providers, simulated: false, ...facts };
}

/** A provider behind an open circuit. */
export function downOf(provider: string, reason = 'auth', code: string | null = '20003'): ProviderHealth {
  const since = '2026-11-20T03:04:05.000Z';
  return providerOf(provider, { circuit: 'open', since, reason, code, down: { by: 'circuit', reason, code, since, until: null } });
}

/** A system that is well, but for these facts. */
export function overviewOf(facts: Partial<Overview> = {}): Overview {
  return {
    at: '2026-11-20T03:00:10.000Z',
    workers: { routers: 1, dispatchers: 2 },
    queues: [queueOf('sms-alerts'), queueOf('sms-messages'), queueOf('sms-receipts')],
    inFlight: 0,
    unknown: 0,
    dead: 0,
    lately: { seconds: 300, alerts: 0, messages: {} },
    providers: [providerOf('twilio-main'), providerOf('desk', { type: 'simulated' })],
    routes: [laneOf('default', ['twilio-main'])],
    criticals: { held: [], heldCount: 0, missed: [], missedCount: 0 },
    processes: [],
    caps: [{ cap: 'per_hour', used: 10, max: 100, criticalReserve: 20 }],
    budgets: [],
    currency: null,
    contributors: { accepted: [], heldBack: [] },
    requeued: 0,
    dataLosses: [],
    redis: {
      version: '7.0.15',
      uptimeSeconds: 86_400,
      usedMemoryBytes: 12_000_000,
      maxMemoryBytes: 0,
      maxMemoryPolicy: 'noeviction',
      evictedKeys: 0,
      appendOnly: true,
      lastWriteOk: true,
    },
    ...facts,
  };
}
