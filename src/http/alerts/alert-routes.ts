import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { alertSchema } from '../../alert/alert.ts';
import { describeIssues, issueSentence } from '../../alert/parse/describe-issues.ts';
import type { Issue } from '../../alert/parse/parse-alert.ts';
import { tidyAlert } from '../../alert/parse/tidy-alert.ts';
import { SEVERITY_WORDS } from '../../alert/severity.ts';
import type { EnqueueResult, Producer } from '../../queue/producer/producer-port.ts';
import { HttpProblem } from '../server/problem.ts';

/** Maximum number of alerts in one call. */
export const MAX_ALERTS = 1000;

export const resolveSchema = z.strictObject({ dedupKey: alertSchema.shape.dedupKey.unwrap() });

/** `POST /v1/alerts` and `POST /v1/alerts/resolve`. */
export function alertRoutes(app: FastifyInstance, producer: Pick<Producer, 'enqueueMany' | 'resolve'>): void {
  app.post('/v1/alerts', async (request, reply) => {
    const alerts = listOf(request.body);
    const verdicts = toVerdicts(await producer.enqueueMany(alerts));
    if (verdicts.accepted.length === 0) throw new HttpProblem('all-rejected', { detail: summarise(verdicts), members: { ...verdicts } });
    if (!Array.isArray(request.body)) reply.header('location', `/v1/alerts/${verdicts.accepted[0]?.id}`);
    return reply.code(202).send(verdicts);
  });

  app.post('/v1/alerts/resolve', async (request, reply) => {
    const body = tidyAlert(request.body, SEVERITY_WORDS);
    const parsed = resolveSchema.safeParse(body, { error: issueSentence });
    if (!parsed.success) {
      throw new HttpProblem('invalid-request', {
        detail: 'Send { "dedupKey": "<dedup key>" }.',
        members: { errors: describeIssues(parsed.error.issues, body) },
      });
    }
    await producer.resolve(parsed.data.dedupKey);
    return reply.code(202).send(parsed.data);
  });
}

/** Returns the body as a list of unchecked alerts; the producer validates each. */
function listOf(body: unknown): readonly unknown[] {
  if (body === undefined) throw new HttpProblem('malformed-json', { detail: 'The body is empty.' });
  if (!Array.isArray(body)) return [body];
  if (body.length === 0) throw new HttpProblem('invalid-request', { detail: 'The list of alerts is empty.' });
  if (body.length > MAX_ALERTS) {
    throw new HttpProblem('too-many-alerts', { detail: `${body.length} alerts; send at most ${MAX_ALERTS} in one call.` });
  }
  return body;
}

export interface AcceptedAlert {
  /** Position in the call, from 0. */
  readonly index: number;
  readonly id: string;
  readonly duplicate: boolean;
}

export interface RejectedAlert {
  readonly index: number;
  readonly errors: readonly Issue[];
}

/** Verdicts on the alerts of one call, one per alert. */
export interface Verdicts {
  readonly accepted: readonly AcceptedAlert[];
  readonly rejected: readonly RejectedAlert[];
}

/** `indexes[i]` is the position in the call that `results[i]` belongs to; default `i`. */
export function toVerdicts(results: readonly EnqueueResult[], indexes: readonly number[] = [...results.keys()]): Verdicts {
  const accepted: AcceptedAlert[] = [];
  const rejected: RejectedAlert[] = [];
  for (const [i, result] of results.entries()) {
    const index = indexes[i] as number;
    if (result.ok) accepted.push({ index, id: result.id, duplicate: result.duplicate });
    else rejected.push({ index, errors: result.issues });
  }
  return { accepted, rejected };
}

/** Returns the first fault as one short sentence. */
export function summarise({ rejected }: Verdicts): string {
  const [first] = rejected;
  const error = first?.errors[0];
  if (first === undefined || error === undefined) return 'See rejected.';
  const where = rejected.length === 1 && first.index === 0 ? '' : `Alert ${first.index}: `;
  return `${where}${error.path === '' ? '' : `${error.path}: `}${error.message}`;
}
