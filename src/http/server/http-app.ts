import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { HttpConfig } from '../../config/config.ts';
import { withinDeadline } from '../../redis/unavailable.ts';
import { acknowledgeRoutes } from '../alerts/acknowledge-routes.ts';
import { alertRoutes } from '../alerts/alert-routes.ts';
import { listRoutes, traceRoutes } from '../alerts/list-routes.ts';
import type { ConsoleAccess } from '../console/console-access.ts';
import { createOpenApi } from '../openapi/openapi.ts';
import { inboundRoutes, receiptRoutes } from '../vendors/vendor-routes.ts';
import { cloudEventRoutes } from '../webhooks/cloudevents-routes.ts';
import { webhookRoutes } from '../webhooks/webhook-routes.ts';
import { createBearerAuth, createLoginThrottle } from './bearer-auth.ts';
import { fastify } from './fastify.ts';
import type { HttpServerDeps } from './http-deps.ts';
import { parseJsonBody } from './json-body.ts';
import { operationRoutes } from './operation-routes.ts';
import { BODY_LIMIT, classifyError, HttpProblem, PROBLEM_TYPE } from './problem.ts';
import { logRequests, traceRequests } from './request-log.ts';
import { isForeign, isOwnHost } from './request-origin.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** API answers are not pages: browsers must not sniff, frame, run or cache them. */
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
};

/** Path pattern → its methods. */
export type RouteTable = ReadonlyMap<string, ReadonlySet<string>>;

export interface HttpApp {
  readonly app: FastifyInstance;
  readonly routes: RouteTable;
  /** Ends the event streams, which would otherwise stay open. */
  readonly endStreams: () => void;
}

/** Our bodies are validated by zod, and no route has a JSON schema: without these factories fastify loads two compilers for them. */
const refuseSchema = () => () => {
  throw new Error('routes have no JSON schema');
};
export const WITHOUT_SCHEMAS = { compilersFactory: { buildValidator: refuseSchema, buildSerializer: refuseSchema } };

/** Builds the routes and hooks; `http-server.ts` listens. */
export function createHttpApp(deps: HttpServerDeps): HttpApp {
  const { answerWithinMs } = deps.limits ?? {};
  const app = fastify({
    schemaController: WITHOUT_SCHEMAS,
    bodyLimit: BODY_LIMIT,
    routerOptions: { maxParamLength: 256 },
    // Fastify's own answer to a late request is not problem details; ours also closes the connection.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => answer(error, request, reply),
  });
  acceptBodies(app);
  app.setErrorHandler(answer);
  traceRequests(app);
  logRequests(app, deps.logger);
  const console = deps.role === 'receiver' ? deps.console : undefined;
  guard(app, deps, console?.access);
  let endStreams: () => void = () => undefined;
  const registered = collectRoutes(app);

  // A frozen Redis does not answer at all; the caller still gets a response.
  const timely = <T>(work: Promise<T>) => withinDeadline(work, answerWithinMs);
  operationRoutes(app, { metrics: deps.metrics, readiness: () => timely(deps.readiness()) });
  if (deps.role === 'receiver') {
    const { config, logger, producer, histories, lists, outbox, receipts, inbound } = deps;
    const timelyProducer = {
      enqueueMany: (alerts: readonly unknown[]) => timely(producer.enqueueMany(alerts)),
      resolve: (dedupKey: string) => timely(producer.resolve(dedupKey)),
      acknowledge: (alertId: string, by: string) => timely(producer.acknowledge(alertId, by)),
    };
    alertRoutes(app, timelyProducer);
    acknowledgeRoutes(app, { producer: timelyProducer, onAcknowledged: deps.onAcknowledged });
    traceRoutes(
      app,
      { alert: (id) => timely(histories.alert(id)), message: (id) => timely(histories.message(id)) },
      outbox && { latest: (limit) => timely(outbox.latest(limit)) },
    );
    listRoutes(
      app,
      { alerts: (...asked) => timely(lists.alerts(...asked)), messages: (...asked) => timely(lists.messages(...asked)) },
      deps.now,
    );
    const webhooks = { config, logger, producer: timelyProducer, counts: deps.webhookCounts, now: deps.now };
    webhookRoutes(app, webhooks);
    cloudEventRoutes(app, webhooks);
    receiptRoutes(app, { ...receipts, enqueue: (provider, entries) => timely(receipts.enqueue(provider, entries)) });
    inboundRoutes(app, { ...inbound, enqueue: (provider, text) => timely(inbound.enqueue(provider, text)) });
    if (console) {
      endStreams = console.serve(app, { producer: timelyProducer, histories, outbox, timely });
      app.addHook('preClose', async () => endStreams());
    }
    const document = JSON.stringify(createOpenApi(config.http));
    app.get('/openapi.json', async (_request, reply) => reply.type('application/json').send(document));
  }
  const routes = new Map(registered);
  refuseOtherMethods(app, routes);
  return { app, routes, endStreams };
}

/** Vendors authenticate in their own ways. */
const VENDOR_PATHS = ['/v1/receipts/', '/v1/inbound/'];

/** Without tokens every local process may call the API, but no web page. */
function rejectForeign({ method, headers }: FastifyRequest, http: HttpConfig): void {
  const { host, origin, 'sec-fetch-site': fetchSite } = headers;
  if (!isOwnHost(host, http)) {
    const detail =
      'Without http.tokens only local requests are accepted: use 127.0.0.1 or localhost, or add this host to http.allowedHosts.';
    throw new HttpProblem('misdirected', { detail });
  }
  if (isForeign({ isWrite: !['GET', 'HEAD'].includes(method), host, origin, fetchSite: [fetchSite].flat()[0] }))
    throw new HttpProblem('foreign-request', { detail: 'Without http.tokens, requests from pages of another origin are rejected.' });
}

/** Adds access control: `/v1/*` needs a token except for vendor callbacks, and the console has its own checks. */
function guard(app: FastifyInstance, deps: HttpServerDeps, consoleAccess: ConsoleAccess | undefined): void {
  const http = deps.role === 'receiver' ? deps.config.http : undefined;
  const authorise = createBearerAuth(http?.tokens ?? [], createLoginThrottle());
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS);
    const path = request.routeOptions.url ?? request.url;
    if (path.startsWith('/v1/') && !request.routeOptions.config?.openToAll && !VENDOR_PATHS.some((vendor) => path.startsWith(vendor))) {
      if (http?.tokens.length === 0) rejectForeign(request, http);
      await authorise(request.headers.authorization, request.ip);
    }
    if (request.is404) refuseUnknown();
    if (/^\/console(?:\/|$)/.test(path)) await consoleAccess?.enter(request, path);
  });
  // A keep-alive connection would keep the server from closing.
  app.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close');
  });
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body is passed on as text, whatever its content type. */
    keepsBody?: boolean;
    /** The route shows and changes nothing, so it needs no token. */
    openToAll?: boolean;
  }
}

/**
 * Accepts only JSON, except for routes that keep the body as text. A browser sends a preflight request before cross-origin JSON,
 * which is rejected, so that a web page cannot send messages through an open loopback port.
 */
function acceptBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const parse = (isJson: boolean) => async (request: FastifyRequest, body: Buffer) => {
    const kept = request.routeOptions.config.keepsBody === true;
    if (!isJson && !kept)
      throw new HttpProblem('unsupported-media-type', { detail: 'Send the request with Content-Type: application/json.' });
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      throw new HttpProblem('unsupported-media-type', { detail: 'Send the request without Content-Encoding.' });
    }
    return kept ? body.toString('utf8') : parseJsonBody(body, request.routeOptions.config.repairsJson);
  };
  app.addContentTypeParser<Buffer>(/^application\/(?:[\w.+-]+\+)?json(?:;|$)/, { parseAs: 'buffer' }, parse(true));
  app.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, parse(false));
}

function collectRoutes(app: FastifyInstance): RouteTable {
  const routes = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    routes.set(url, new Set([...(routes.get(url) ?? []), ...[method].flat()]));
  });
  return routes;
}

function refuseOtherMethods(app: FastifyInstance, routes: RouteTable): void {
  for (const [url, allowed] of routes) {
    const refuse = async () => {
      const allow = [...allowed].join(', ');
      throw new HttpProblem('method-not-allowed', { detail: `Allowed here: ${allow}.`, headers: { allow } });
    };
    // Runs before the body is read, so that no fault of the body is reported first.
    app.route({
      method: METHODS.filter((method) => !allowed.has(method)),
      url,
      onRequest: refuse,
      handler: refuse,
      exposeHeadRoute: false,
    });
  }
}

function refuseUnknown(): never {
  throw new HttpProblem('not-found', { detail: 'The path does not exist.' });
}

/** Sends the problem as bytes: to a string, fastify would add a charset, which JSON does not have. */
function answer(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = classifyError(error, request.routeOptions?.bodyLimit);
  request.problem = problem;
  return reply
    .code(problem.status)
    .headers({ ...HEADERS, ...problem.headers, 'content-type': PROBLEM_TYPE })
    .send(Buffer.from(JSON.stringify(problem.body)));
}
