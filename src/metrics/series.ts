import { PURPOSES } from '../alert/purpose.ts';
import { OUR_REASONS, PROVIDER_REASONS, type Reason } from '../alert/reason.ts';
import { SEVERITIES } from '../alert/severity.ts';
import type { HeldCriticals } from '../ledger/criticals.ts';
import type { BudgetFigures } from '../limit/budget/budget.ts';
import { CONTRIBUTION_RESULTS } from '../limit/caps/cap-usage-statistics.ts';
import type { CapFigures, QueueFigures, RedisFigures } from '../overview/figures.ts';
import {
  ACKNOWLEDGED_BY,
  type AlertOutcome,
  type CountedState,
  INBOUND_KINDS,
  RECEIPT_STATES,
  RESOLUTIONS,
  WEBHOOK_REFUSALS,
  WEBHOOKS,
} from '../pipeline/observer.ts';
import { DEFERRED_REASONS } from '../pipeline/outcome.ts';
import { ProviderError } from '../provider/contract/provider.ts';
import { DATA_LOSS_KINDS } from '../redis/data-set.ts';
import type { KeyOf } from './catalogue.ts';

/** Deferred critical messages, and the route names of the config. */
export interface HeldFigures {
  readonly groups: readonly HeldCriticals[];
  readonly routes: readonly string[];
}

/** Figures of the whole system, read from Redis at every scrape. A read may reject or hang: the scrape continues without it. */
export interface Sources {
  /** Messages without an outcome. */
  inFlight(): Promise<number>;
  queues(): Promise<readonly QueueFigures[]>;
  /** Critical messages that cannot be sent at present. */
  held?(): Promise<HeldFigures>;
  /** Messages with unknown outcome. */
  unknown?(): Promise<number>;
  /** Usage of the caps over all recipients; empty without such caps. */
  caps?(): Promise<readonly CapFigures[]>;
  /** `null` where Redis reports no figures. */
  redis?(): Promise<RedisFigures | null>;
  /** Empty where the config has no budget. */
  budgets?(): Promise<readonly BudgetFigures[]>;
}

/** Values of the label `source` of `sms_scrape_errors_total`. */
export const SOURCE_NAMES = ['in_flight', 'queues', 'criticals', 'unknown', 'caps', 'redis', 'budgets'] as const;

/** Reasons for which a provider, or our circuit breaker, refuses a request; an unknown outcome is not a refusal. */
const REFUSALS = PROVIDER_REASONS.filter((reason) => reason !== 'unknown_outcome');
const RETRIED = REFUSALS.filter((reason) => new ProviderError(reason).retry);

/** Reasons that suppress; the others end a message as failed and leave it to an operator. */
const SUPPRESSING = OUR_REASONS.filter((reason) => reason !== 'malformed' && reason !== 'simulated');

const ALERT_REASONS: Readonly<Record<AlertOutcome, readonly Reason[]>> = {
  routed: ['none'],
  suppressed: SUPPRESSING,
  malformed: ['malformed'],
};

const MESSAGE_REASONS: Readonly<Record<CountedState, readonly Reason[]>> = {
  accepted: ['none'],
  suppressed: SUPPRESSING,
  expired: ['expired'],
  cancelled: ['resolved', 'acknowledged'],
  unknown: ['unknown_outcome'],
  failed: [...REFUSALS, 'malformed', 'simulated'],
};

/** Queues whose jobs are added again when another client removed them. */
const REQUEUED_QUEUES = ['sms-alerts', 'sms-messages'] as const;
export type RequeuedQueue = (typeof REQUEUED_QUEUES)[number];

type Row = readonly string[];

/**
 * Label values of every possible series, in the order of the catalogue's labels. They start at 0, because a series
 * that starts with its first failure hides that failure from `rate()`.
 */
export function bornSeries(providers: readonly string[]): Readonly<Record<KeyOf<'counter' | 'histogram'>, readonly Row[]>> {
  return {
    alerts: [...product(SEVERITIES, PURPOSES), ['unknown', 'unknown']],
    alertOutcomes: Object.entries(ALERT_REASONS).flatMap(([outcome, reasons]) => product([outcome], reasons)),
    alertIdsReused: product(),
    messages: product(SEVERITIES),
    messageOutcomes: Object.entries(MESSAGE_REASONS).flatMap(([state, reasons]) => product([state], reasons, SEVERITIES)),
    deferred: product(DEFERRED_REASONS),
    // Sources are free text of producers; the other series start with the first message of a source.
    contributions: product(['none', 'other'], ['other'], CONTRIBUTION_RESULTS),
    providerRequests: [
      ...product(providers, ['accepted'], ['none']),
      ...product(providers, ['refused'], REFUSALS),
      ...product(providers, ['unknown'], ['unknown_outcome']),
    ],
    providerDuration: product(providers),
    unlistedCodes: product(providers),
    retries: product(providers, RETRIED),
    failovers: product(providers, providers).filter(([from, to]) => from !== to),
    unknownOutcomes: product(providers, RESOLUTIONS),
    segments: product(providers),
    cost: product(providers),
    acknowledgements: product(ACKNOWLEDGED_BY),
    receipts: product(providers, RECEIPT_STATES),
    inbound: product(providers, INBOUND_KINDS),
    alertToAccepted: product(SEVERITIES),
    acceptedToDelivered: product(providers),
    // Created when the channels are known.
    notices: [],
    webhookEvents: [],
    webhookAlertsRefused: product(WEBHOOKS, WEBHOOK_REFUSALS),
    webhookUnknownSeverities: product(WEBHOOKS),
    logLinesDropped: product(),
    jobsRequeued: product(REQUEUED_QUEUES),
    redisDataLoss: product(DATA_LOSS_KINDS),
    clockJumps: product(),
    scrapeErrors: product(SOURCE_NAMES),
  };
}

/** Returns every combination of one value from each list. */
function product(...lists: readonly (readonly string[])[]): Row[] {
  return lists.reduce<Row[]>((rows, list) => rows.flatMap((row) => list.map((value) => [...row, value])), [[]]);
}
