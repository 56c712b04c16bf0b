import type { FastifyInstance } from 'fastify';
import { ALERT_ID_PATTERN } from '../../alert/id.ts';
import type { Traces } from '../../ledger/history/trace.ts';
import type { Outbox } from '../../provider/simulated/outbox.ts';
import { OUTBOX_LENGTH } from '../../redis/keys.ts';
import { HttpProblem } from '../server/problem.ts';

/** `GET /v1/alerts/{id}`, `GET /v1/messages/{id}`, `GET /v1/simulated/outbox` (all that is kept, or the newest `?limit=`). */
export function traceRoutes(app: FastifyInstance, traces: Traces, outbox: Pick<Outbox, 'latest'> | undefined): void {
  app.get<{ Params: { id: string } }>('/v1/alerts/:id', async ({ params }) => found(await look(params.id, traces.alert), 'alert'));

  app.get<{ Params: { id: string } }>('/v1/messages/:id', async ({ params }) => found(await look(params.id, traces.message), 'message'));

  app.get<{ Querystring: { limit?: unknown } }>('/v1/simulated/outbox', async ({ query }) => {
    if (outbox === undefined) throw new HttpProblem('not-found', { detail: 'No provider of type simulated is configured.' });
    return { messages: await outbox.latest(parseLimit(query.limit)) };
  });
}

/** Ids of another shape were never given out; asking for them would put a caller's text into key space. */
async function look<T>(id: string, read: (id: string) => Promise<T | undefined>): Promise<T | undefined> {
  return ALERT_ID_PATTERN.test(id) ? read(id) : undefined;
}

function found<T>(trace: T | undefined, what: string): T {
  if (trace !== undefined) return trace;
  throw new HttpProblem('not-found', { detail: `No ${what} of this id, or it is past its time.` });
}

function parseLimit(limit: unknown): number {
  if (limit === undefined) return OUTBOX_LENGTH;
  const parsed = typeof limit === 'string' && /^\d{1,6}$/.test(limit) ? Number(limit) : 0;
  if (parsed >= 1 && parsed <= OUTBOX_LENGTH) return parsed;
  throw new HttpProblem('invalid-request', { detail: `limit: a number from 1 to ${OUTBOX_LENGTH}.` });
}
