import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ALERT_ID_PATTERN } from '../../alert/id.ts';
import { describeIssues, issueSentence } from '../../alert/parse/describe-issues.ts';
import { withoutBlanks } from '../../alert/parse/tidy-alert.ts';
import type { Acknowledgement, Producer } from '../../queue/producer/producer-port.ts';
import { HttpProblem } from '../server/problem.ts';

export const acknowledgeSchema = z.strictObject({
  by: z.string().trim().min(1).max(64).optional().describe('Who acknowledges the alert; shown in its history'),
});

export interface AcknowledgeDeps {
  readonly producer: Pick<Producer, 'acknowledge'>;
  /** Called for the first acknowledgement of each alert. */
  readonly onAcknowledged: () => void;
}

/** `POST /v1/alerts/{id}/acknowledge`; repeating it succeeds and changes nothing. */
export function acknowledgeRoutes(app: FastifyInstance, { producer, onAcknowledged }: AcknowledgeDeps): void {
  app.post<{ Params: { id: string } }>('/v1/alerts/:id/acknowledge', async ({ params: { id }, body }) => {
    const { by } = parseBody(body ?? {});
    const known = ALERT_ID_PATTERN.test(id);
    const answer: Acknowledgement = known
      ? await producer.acknowledge(id, by === undefined ? 'http' : `http by ${by}`)
      : { kind: 'missing' };
    switch (answer.kind) {
      case 'acknowledged':
        onAcknowledged();
        return { id, status: 'acknowledged', cancelled: answer.cancelled };
      case 'over':
        return { id, status: `already_${answer.over}`, cancelled: 0 };
      case 'not_acknowledgeable':
        throw new HttpProblem('nothing-to-acknowledge', {
          detail: 'The alert was malformed, or its status is resolved; it sends no messages.',
        });
      case 'missing':
        throw new HttpProblem('not-found', { detail: 'No alert has this id, or its record has expired.' });
    }
  });
}

function parseBody(body: unknown): z.output<typeof acknowledgeSchema> {
  const fields = withoutBlanks(body);
  const parsed = acknowledgeSchema.safeParse(fields, { error: issueSentence });
  if (parsed.success) return parsed.data;
  throw new HttpProblem('invalid-request', {
    detail: 'Send { "by": "<name>" }, or no body.',
    members: { errors: describeIssues(parsed.error.issues, fields) },
  });
}
