import { AlertError, parseAlert } from '../../alert/parse/parse-alert.ts';
import { maskNumbers } from '../../alert/phone/phone.ts';
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/config.ts';
import type { Logger } from '../../logger.ts';
import type { Webhook, WebhookRefusal } from '../../pipeline/observer.ts';
import { directoryOf, type KnownNames } from '../../pipeline/routing/directory.ts';
import type { EnqueueResult, Producer } from '../../queue/producer/producer-port.ts';
import { type RejectedAlert, summarise, toVerdicts, type Verdicts } from '../alerts/alert-routes.ts';
import { HttpProblem } from '../server/problem.ts';
import type { RefusedEntry } from './webhook-alerts.ts';

type Query = Readonly<Record<string, unknown>>;

/**
 * Returns the recipients of a webhook's `?to=`, else `webhooks.to` of the config; possibly none. Validated once, so that a mistake
 * in the sender's URL is reported as such.
 * @throws {HttpProblem} `invalid-request` for an invalid recipient, or a parameter with another name that is meant as one
 */
export function webhookRecipients(query: Query, config: Pick<Config, 'http'> & KnownNames, clock: Clock): readonly string[] {
  const asked = askedIn(query);
  const to = asked.length > 0 ? asked : config.http.webhookTo;
  if (to.length === 0) return to;
  try {
    parseAlert({ severity: 'critical', text: 'recipients only', to }, directoryOf(config, clock));
    return to;
  } catch (error) {
    if (!(error instanceof AlertError)) throw error;
    throw new HttpProblem('invalid-request', { detail: `Recipients: ${error.message}`, members: { errors: error.issues } });
  }
}

/** `to`, also in the notation of PHP and jQuery: `to[]`, `to[0]`. */
const TO = /^to(?:\[\d*\])?$/i;
/** Parameter names that are probably meant as `to`. Ignoring them would send the alert to the recipients of the config. */
const MEANT_AS_TO = /^(?:tos|recipients?|receivers?|contacts?|groups?|rotations?|phones?|numbers?|users?)(?:\[\d*\])?$/i;

function askedIn(query: Query): string[] {
  const strange = Object.keys(query).find((name) => MEANT_AS_TO.test(name));
  if (strange !== undefined) {
    const message = 'unknown parameter: specify recipients with ?to=, such as ?to=group:oncall';
    throw new HttpProblem('invalid-request', { detail: `${strange}: ${message}`, members: { errors: [{ path: strange, message }] } });
  }
  return Object.entries(query)
    .filter(([name]) => TO.test(name))
    .flatMap(([, value]) => value)
    .flatMap((entry) => {
      // An unescaped plus sign arrives as a space.
      const name = typeof entry === 'string' ? entry.replace(/^ (?=\s*\d)/, '+').trim() : '';
      return name === '' ? [] : [name];
    });
}

/** Alerts and rejected entries of one call. */
export interface Intake {
  readonly alerts: readonly { readonly index: number; readonly alert: unknown }[];
  /** Entries that cannot be converted into an alert. */
  readonly rejected: readonly RefusedEntry[];
}

/** Counters for rejected alerts; senders of webhooks do not read the response, so metrics must show them. */
export interface WebhookCounts {
  readonly refused: (webhook: Webhook, reason: WebhookRefusal, count: number) => void;
  readonly unknownSeverities: (webhook: Webhook, count: number) => void;
}

interface IntakeDeps {
  readonly webhook: Webhook;
  /** Route pattern for the log. */
  readonly route: string;
  readonly producer: Pick<Producer, 'enqueueMany'>;
  readonly counts: WebhookCounts;
  readonly logger: Logger;
}

/** Alerts per Redis command; each must finish within the deadline, and other requests are served in between. */
const BATCH = 200;

/** Maximum number of rejected alerts in one log line. */
const MOST_LOGGED = 20;

/**
 * Stores the valid alerts of a call; the rejected ones are listed in the response, counted and logged.
 * @throws {HttpProblem} `all-rejected` when no alert is valid
 */
export async function takeIn({ alerts, rejected }: Intake, { webhook, route, producer, counts, logger }: IntakeDeps): Promise<Verdicts> {
  const results: EnqueueResult[] = [];
  for (let from = 0; from < alerts.length; from += BATCH) {
    results.push(...(await producer.enqueueMany(alerts.slice(from, from + BATCH).map(({ alert }) => alert))));
  }
  const verdicts = toVerdicts(
    results,
    alerts.map(({ index }) => index),
  );
  // Alerts beyond the limit are counted elsewhere, where their number is known.
  for (const { reason } of rejected) if (reason !== 'over_limit') counts.refused(webhook, reason, 1);
  for (const { errors } of verdicts.rejected) counts.refused(webhook, reasonOf(errors), 1);
  const answer: Verdicts = {
    accepted: verdicts.accepted,
    rejected: inOrder([...rejected.map(({ index, errors }) => ({ index, errors })), ...verdicts.rejected]),
  };
  if (answer.rejected.length > 0) {
    const named = printable(answer.rejected.slice(0, MOST_LOGGED));
    logger.warn({ route, accepted: answer.accepted.length, refused: answer.rejected.length, rejected: named }, 'webhook alerts rejected');
    if (answer.accepted.length === 0) throw new HttpProblem('all-rejected', { detail: summarise(answer), members: { ...answer } });
  }
  return answer;
}

function reasonOf(errors: RejectedAlert['errors']): WebhookRefusal {
  return errors.some(({ path }) => /^(?:data\.)?to(?:\[|$)/.test(path)) ? 'recipient' : 'invalid';
}

function inOrder(rejected: readonly RejectedAlert[]): readonly RejectedAlert[] {
  return rejected.toSorted((a, b) => a.index - b.index);
}

function printable(rejected: readonly RejectedAlert[]): { index: number; errors: string[] }[] {
  return rejected.map(({ index, errors }) => ({ index, errors: errors.map(({ path, message }) => maskNumbers(`${path}: ${message}`)) }));
}
