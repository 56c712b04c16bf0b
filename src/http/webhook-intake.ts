import { maskNumbers } from '../alert/phone.ts';
import type { Logger } from '../logger.ts';
import type { Producer } from '../queue/producer-port.ts';
import { HttpProblem } from './problem.ts';
import { type RejectedAlert, summarise, toVerdicts, type Verdicts } from './verdicts.ts';

/** What was made of one call. */
export interface Intake {
  readonly alerts: readonly { readonly index: number; readonly alert: unknown }[];
  /** Those of which nothing can be made. */
  readonly rejected: readonly RejectedAlert[];
}

export interface IntakeDeps {
  /** For the log: nobody reads what a webhook is answered. */
  readonly route: string;
  readonly producer: Pick<Producer, 'enqueueMany'>;
  readonly logger: Logger;
}

/**
 * Stores the good ones; the bad ones are told, and an error in our log.
 * @throws {HttpProblem} `all-rejected` when there is no good one among them
 */
export async function takeIn({ alerts, rejected }: Intake, { route, producer, logger }: IntakeDeps): Promise<Verdicts> {
  const results = alerts.length === 0 ? [] : await producer.enqueueMany(alerts.map(({ alert }) => alert));
  const verdicts = toVerdicts(
    results,
    alerts.map(({ index }) => index),
  );
  const answer: Verdicts = { accepted: verdicts.accepted, rejected: inOrder([...rejected, ...verdicts.rejected]) };
  if (answer.rejected.length > 0) {
    logger.error({ route, accepted: answer.accepted.length, rejected: printable(answer.rejected) }, 'webhook alerts refused');
    if (answer.accepted.length === 0) throw new HttpProblem('all-rejected', { detail: summarise(answer), members: { ...answer } });
  }
  return answer;
}

function inOrder(rejected: readonly RejectedAlert[]): readonly RejectedAlert[] {
  return rejected.toSorted((a, b) => a.index - b.index);
}

function printable(rejected: readonly RejectedAlert[]): { index: number; errors: string[] }[] {
  return rejected.map(({ index, errors }) => ({ index, errors: errors.map(({ path, message }) => maskNumbers(`${path}: ${message}`)) }));
}
