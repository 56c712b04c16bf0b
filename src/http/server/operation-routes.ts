import type { FastifyInstance } from 'fastify';
import { asksForOpenMetrics } from './open-metrics.ts';
import { HttpProblem } from './problem.ts';

export interface OperationDeps {
  readonly metrics: Exposition & { readonly openMetrics?: Exposition };
  /** Whether this process can do its work now, and why not. */
  readonly readiness: () => Promise<Readiness>;
}

/** All metrics in one format. */
interface Exposition {
  readonly contentType: string;
  text(): Promise<string>;
}

export interface Readiness {
  readonly ready: boolean;
  /** For a person; empty when ready. */
  readonly reasons: readonly string[];
}

/** `/healthz` says that the process answers, whatever Redis does: a restart would not mend Redis. `/readyz`, `/metrics`. */
export function operationRoutes(app: FastifyInstance, { metrics, readiness }: OperationDeps): void {
  app.get('/healthz', async () => ({ status: 'ok' }));

  app.get('/readyz', async () => {
    const { ready, reasons } = await readiness();
    if (!ready) throw new HttpProblem('not-ready', { detail: reasons.join('; '), members: { ready, reasons } });
    return { ready, reasons };
  });

  app.get('/metrics', async (request, reply) => {
    const { contentType, text } = (asksForOpenMetrics(request.headers.accept) && metrics.openMetrics) || metrics;
    return reply.type(contentType).send(await text());
  });
}
