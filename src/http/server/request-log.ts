import type { FastifyInstance, FastifyRequest } from 'fastify';
import { maskNumbers } from '../../alert/phone/phone.ts';
import type { Logger } from '../../logger.ts';
import { RedisUnavailableError } from '../../redis/unavailable.ts';
import { type OpenSpan, openSpan } from '../../tracing/span.ts';
import type { HttpProblem } from './problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The error that the request was answered with. */
    problem: HttpProblem | null;
  }
  interface FastifyContextConfig {
    /** The callers drop what is answered with 4xx, so that an operator must learn of it from the log. */
    dropsOnRefusal?: boolean;
    /** The bodies come from text templates, which often write invalid JSON. */
    repairsJson?: boolean;
  }
}

/**
 * Logs one line per request: method, route pattern, status, ms, and the kind of its error. Never the URL, the body or a
 * header, which contain ids, numbers and tokens. Probes and scrapes are logged at `debug`.
 */
export function logRequests(app: FastifyInstance, logger: Logger): void {
  app.decorateRequest('problem', null);
  app.addHook('onResponse', async (request, reply) => {
    const status = reply.statusCode;
    const cause = request.problem?.cause;
    const line = {
      method: request.method,
      route: request.routeOptions.url ?? 'none',
      status,
      ms: Math.round(reply.elapsedTime),
      ...(request.problem === null ? {} : { problem: request.problem.kind }),
      ...(cause instanceof RedisUnavailableError ? { cause: cause.message } : {}),
    };
    if (request.problem?.kind === 'internal') logger.error({ ...line, error: describe(cause) }, 'request failed');
    else if (request.routeOptions.config?.dropsOnRefusal && status >= 400 && status < 500) {
      logger.error({ ...line, detail: maskNumbers(request.problem?.message ?? '') }, 'webhook call rejected; its alerts are not sent');
    } else logger[levelOf(request, status)](line, 'request');
  });
}

function levelOf(request: FastifyRequest, status: number): 'debug' | 'info' | 'warn' {
  if (!request.routeOptions.url?.startsWith('/v1/')) return 'debug';
  return status >= 500 ? 'warn' : 'info';
}

/** Name, message and stack frames of an unexpected error, with numbers in the message masked. */
function describe(error: unknown): { type: string; message: string; stack: string } {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const frames = (stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { type: name, message: maskNumbers(message), stack: frames.join('\n') };
}

/**
 * Opens a span for each authorised `POST /v1/…`, in the trace of its `traceparent`. The span has the route's pattern only; the
 * rest of the URL contains ids and tokens.
 */
export function traceRequests(app: FastifyInstance): void {
  const spans = new WeakMap<FastifyRequest, OpenSpan>();

  // After `onRequest`, where unauthorised requests are rejected.
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const route = request.routeOptions.url;
    if (request.method === 'POST' && route?.startsWith('/v1/')) {
      const { traceparent = 'none' } = request.headers;
      const facts = { 'http.request.method': request.method, 'http.route': route };
      spans.set(request, openSpan({ kind: 'server', name: `POST ${route}`, from: String(traceparent), facts }));
    }
    done(null, payload);
  });

  // Not earlier: the body arrives in events of the socket, which belong to no span.
  app.addHook('preHandler', (request, _reply, done) => within(request, done));

  app.addHook('onResponse', (request, reply, done) => {
    const { statusCode } = reply;
    const span = spans.get(request);
    span?.note({ 'http.response.status_code': statusCode, 'error.type': statusCode >= 500 ? String(statusCode) : undefined });
    span?.end();
    // Log lines written after this carry the trace id.
    within(request, done);
  });

  const within = (request: FastifyRequest, done: () => void): void => {
    const span = spans.get(request);
    if (span === undefined) done();
    else span.run(done);
  };
}
