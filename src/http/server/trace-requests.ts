import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type OpenSpan, openSpan } from '../../tracing/span.ts';

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
