import type { Criticals } from '../ledger/criticals.ts';
import type { MessageState } from '../ledger/history/history.ts';
import type { Journal } from '../ledger/journal/journal.ts';
import type { JournalEntry } from '../ledger/journal/journal-entry.ts';
import type { BudgetFigures } from '../limit/budget/budget.ts';
import type { Contributor, CountedContribution } from '../limit/caps/cap-usage-statistics.ts';
import type { DataLossKind } from '../redis/data-set.ts';
import type { Circuits } from './circuits.ts';
import type { CapFigures, QueueFigures, RedisFigures } from './figures.ts';
import type { RouteLane, SendingSetup } from './lanes.ts';
import { mergeSetups, type ProcessNote } from './processes.ts';
import { judgeProviders, type ProviderHealth } from './provider-health.ts';

/** Sources whose messages were accepted, or held back by a cap or a budget, in the last hour, largest first. */
interface Contributors {
  readonly accepted: readonly (Contributor & { readonly count: number })[];
  /** Counted once for each limit that held the message back. */
  readonly heldBack: readonly (Contributor & { readonly reason: string; readonly count: number })[];
}

/** Maximum number shown; metrics have all. */
const SHOWN = 5;

/** @param counted largest first */
function topContributors(counted: readonly CountedContribution[]): Contributors {
  const of = (result: CountedContribution['result']) => counted.filter((one) => one.result === result).slice(0, SHOWN);
  return {
    accepted: of('accepted').map(({ source, route, contact, count }) => ({ source, route, contact, count })),
    heldBack: of('held_back').map(({ source, route, contact, reason, count }) => ({ source, route, contact, reason, count })),
  };
}

/** State of the whole system, as the console, `status` and `doctor` show it. No phone numbers, no secrets. */
export interface Overview {
  /** ISO 8601. */
  readonly at: string;
  /** Processes with workers, by role; `null` where Redis does not report it. */
  readonly workers: Workers | null;
  readonly queues: readonly QueueFigures[];
  /** Messages without an outcome, deferred ones included. */
  readonly inFlight: number;
  /** Messages with unknown outcome. */
  readonly unknown: number;
  /** Jobs in the failed sets, which need an operator. */
  readonly dead: number;
  readonly lately: Lately;
  readonly providers: readonly ProviderHealth[];
  /** Providers of each route. */
  readonly routes: readonly RouteLane[];
  /** Critical messages that are held, or ended unsent in the last hour. */
  readonly criticals: Criticals;
  /** The config of each running process. */
  readonly processes: readonly Omit<ProcessNote, 'sends' | 'capNames'>[];
  readonly caps: readonly CapFigures[];
  readonly budgets: readonly BudgetFigures[];
  /** Currency of budgets and prices, such as USD; `null` without them. */
  readonly currency: string | null;
  /** Largest contributors to caps and budgets. */
  readonly contributors: Contributors;
  /** `null` where Redis reports no figures. */
  readonly redis: RedisFigures | null;
  /** Jobs that were missing from a queue in the last hour and were added again. */
  readonly requeued: number;
  /** Losses of confirmed data that a process noticed in the last day, newest first. */
  readonly dataLosses: readonly NoticedLoss[];
}

interface NoticedLoss {
  readonly kind: DataLossKind;
  /** Measured by the clock of Redis. */
  readonly secondsAgo: number;
}

export interface Workers {
  readonly routers: number;
  readonly dispatchers: number;
}

/** Sources of the figures; each call reads Redis. */
interface OverviewSources {
  queues(): Promise<readonly QueueFigures[]>;
  workers(): Promise<Workers | null>;
  inFlight(): Promise<number>;
  unknown(): Promise<number>;
  caps(): Promise<readonly CapFigures[]>;
  budgets(): Promise<readonly BudgetFigures[]>;
  contributions(): Promise<readonly CountedContribution[]>;
  redis(): Promise<RedisFigures | null>;
  requeued(): Promise<number>;
  dataLosses(): Promise<readonly NoticedLoss[]>;
  criticals(): Promise<Criticals>;
  processes(): Promise<readonly ProcessNote[]>;
  readonly journal: Pick<Journal, 'newest'>;
  readonly circuits: Pick<Circuits, 'read'>;
}

/** Period covered by "lately". */
const LATELY_MS = 5 * 60_000;
/** Maximum number of journal entries read, which limits the cost under load. */
const ENTRIES = 1_000;

/** Values from the reader's own config. */
interface OverviewSetup extends SendingSetup {
  readonly currency: string | null;
}

/**
 * Reads the overview. Routes are those of the running processes; the reader's own config, which may have faults or not be
 * loaded by them yet, is used only while no process runs. Rejects when Redis does not answer.
 */
export async function readOverview(sources: OverviewSources, setup: OverviewSetup, now: Date): Promise<Overview> {
  const [
    queues,
    workers,
    inFlight,
    unknown,
    criticals,
    processes,
    caps,
    budgets,
    contributions,
    redis,
    requeued,
    dataLosses,
    entries,
    circuits,
  ] = await Promise.all([
    sources.queues(),
    sources.workers(),
    sources.inFlight(),
    sources.unknown(),
    sources.criticals(),
    sources.processes(),
    sources.caps(),
    sources.budgets(),
    sources.contributions(),
    sources.redis(),
    sources.requeued(),
    sources.dataLosses(),
    sources.journal.newest(ENTRIES),
    sources.circuits.read(now),
  ]);
  const { providers, routes } = mergeSetups(processes) ?? setup;
  const { lately, recent } = countLately(entries, entries.length < ENTRIES, now, LATELY_MS);
  return {
    at: now.toISOString(),
    workers,
    queues,
    inFlight,
    unknown,
    dead: queues.reduce((sum, { counts }) => sum + counts.failed, 0),
    lately,
    providers: judgeProviders(new Map(Object.entries(providers)), entries, recent.length, circuits, now),
    routes,
    criticals,
    processes: processes.map(({ sends: _sends, capNames: _names, ...note }) => note),
    caps,
    budgets,
    currency: setup.currency,
    contributors: topContributors(contributions),
    redis,
    requeued,
    dataLosses,
  };
}

/** Journal figures of the last minutes. */
interface Lately {
  /** Period covered: shorter than requested when not all entries could be read. */
  readonly seconds: number;
  /** Number of alerts that reached an outcome. */
  readonly alerts: number;
  /** Number of state changes of messages, by new state. */
  readonly messages: Readonly<Partial<Record<MessageState, number>>>;
}

/**
 * Selects the entries that are not older than `windowMs`, and sums them up.
 * @param isWhole whether the entries reach back to the start of the journal
 */
export function countLately(
  entries: readonly JournalEntry[],
  isWhole: boolean,
  now: Date,
  windowMs: number,
): { readonly lately: Lately; readonly recent: readonly JournalEntry[] } {
  const from = now.getTime() - windowMs;
  const recent = entries.filter(({ at }) => at.getTime() >= from);
  const oldest = entries.at(-1);
  const reachesBack = isWhole || recent.length < entries.length || oldest === undefined;
  const seconds = reachesBack ? windowMs / 1000 : Math.max(1, Math.round((now.getTime() - oldest.at.getTime()) / 1000));
  const messages: Partial<Record<MessageState, number>> = {};
  let alerts = 0;
  for (const entry of recent) {
    if (entry.kind === 'alert') alerts += entry.alert.outcome === 'acknowledged' ? 0 : 1;
    else if (!isOnlyRefused(entry)) messages[entry.message.state] = (messages[entry.message.state] ?? 0) + 1;
  }
  return { lately: { seconds, alerts, messages }, recent };
}

/** Returns whether a journal entry is only a failed request of a message that keeps its state. */
function isOnlyRefused({ message }: Extract<JournalEntry, { kind: 'message' }>): boolean {
  return message.state === 'sending' || (message.state === 'queued' && message.attempt !== null);
}
