import type { FastifyInstance, FastifyRequest } from 'fastify';
import { maskNumbers } from '../../alert/phone.ts';
import type { Logger } from '../../logger.ts';
import { RedisUnavailableError } from '../../redis/unavailable.ts';
import { type OpenSpan, openSpan } from '../../tracing/span.ts';
import type { HttpProblem } from './problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Why it was refused. */
    problem: HttpProblem | null;
  }
  interface FastifyContextConfig {
    /** Its callers give up for good on what they get a 4xx for: an operator must hear of it here. */
    dropsOnRefusal?: boolean;
    /** Its bodies are written by text templates, which get some of the grammar of JSON wrong. */
    repairsJson?: boolean;
  }
}

/**
 * One line a request: method, route pattern, status, ms; why it was refused, by kind. Never the URL, the body or a
 * header, which hold ids, numbers and tokens. Probes and scrapes are logged at `debug`.
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
      logger.error({ ...line, detail: maskNumbers(request.problem?.message ?? '') }, 'webhook refused: its alerts will not be texted');
    } else logger[levelOf(request, status)](line, 'request');
  });
}

function levelOf(request: FastifyRequest, status: number): 'debug' | 'info' | 'warn' {
  if (!request.routeOptions.url?.startsWith('/v1/')) return 'debug';
  return status >= 500 ? 'warn' : 'info';
}

/** Name, words and place of an error that nobody expected, without the numbers that its words may quote. */
function describe(error: unknown): { type: string; message: string; stack: string } {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const frames = (stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { type: name, message: maskNumbers(message), stack: frames.join('\n') };
}

/**
 * A span for each request that brings something in and may do so, in the trace that its `traceparent` names. Of the URL it
 * holds the route's pattern only; ids and tokens stand in the rest.
 */
export function traceRequests(app: FastifyInstance): void {
  const spans = new WeakMap<FastifyRequest, OpenSpan>();

  // After `onRequest`, where strangers are turned away.
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const route = request.routeOptions.url;
    if (request.method === 'POST' && route?.startsWith('/v1/')) {
      const { traceparent = 'none' } = request.headers;
      const facts = { 'http.request.method': request.method, 'http.route': route };
      spans.set(request, openSpan({ kind: 'server', name: `POST ${route}`, from: String(traceparent), facts }));
    }
    done(null, payload);
  });

  // Not sooner: the body comes in on events of the socket, which are in no span.
  app.addHook('preHandler', (request, _reply, done) => within(request, done));

  app.addHook('onResponse', (request, reply, done) => {
    const { statusCode } = reply;
    const span = spans.get(request);
    span?.note({ 'http.response.status_code': statusCode, 'error.type': statusCode >= 500 ? String(statusCode) : undefined });
    span?.end();
    // Whoever logs the request after this names its trace.
    within(request, done);
  });

  const within = (request: FastifyRequest, done: () => void): void => {
    const span = spans.get(request);
    if (span === undefined) done();
    else span.run(done);
  };
}
