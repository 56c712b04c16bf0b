import type { FastifyInstance } from 'fastify';
import { HttpProblem } from './problem.ts';

const OPEN_METRICS = 'application/openmetrics-text';
const PLAIN = 'text/plain';

/** Returns whether an `Accept` header prefers OpenMetrics over the plain text format. */
export function asksForOpenMetrics(accept = ''): boolean {
  const weights = new Map(accept.split(',').map(weightOf).reverse());
  const weight = weights.get(OPEN_METRICS) ?? 0;
  return weight > 0 && weight >= (weights.get(PLAIN) ?? 0);
}

/** Parses `text/plain;version=0.0.4;q=0.5` into `text/plain`, 0.5. */
function weightOf(entry: string): [type: string, weight: number] {
  const [type = '', ...parameters] = entry.split(';').map((part) => part.trim().toLowerCase());
  const weight = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1);
  return [type, Number.isNaN(weight) ? 0 : weight];
}

export interface OperationDeps {
  readonly metrics: Exposition & { readonly openMetrics?: Exposition };
  /** Returns whether this process can do its work now, and why not. */
  readonly readiness: () => Promise<Readiness>;
}

/** Returns all metrics in one format. */
interface Exposition {
  readonly contentType: string;
  text(): Promise<string>;
}

export interface Readiness {
  readonly ready: boolean;
  /** Human-readable; empty when ready. */
  readonly reasons: readonly string[];
}

/** Adds `/healthz`, which reports only that the process answers (a restart would not repair Redis), `/readyz` and `/metrics`. */
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
