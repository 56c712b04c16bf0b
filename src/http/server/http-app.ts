import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { HttpConfig } from '../../config/config.ts';
import { withinDeadline } from '../../redis/unavailable.ts';
import { acknowledgeRoutes } from '../alerts/acknowledge-routes.ts';
import { alertRoutes } from '../alerts/alert-routes.ts';
import { listRoutes, traceRoutes } from '../alerts/list-routes.ts';
import type { ConsoleDoor } from '../console/door.ts';
import { createOpenApi } from '../openapi/openapi.ts';
import { inboundRoutes, receiptRoutes } from '../vendors/vendor-routes.ts';
import { cloudEventRoutes } from '../webhooks/cloudevents-routes.ts';
import { webhookRoutes } from '../webhooks/webhook-routes.ts';
import { createBearerAuth, createLoginThrottle } from './bearer-auth.ts';
import type { HttpServerDeps } from './http-deps.ts';
import { parseJsonBody } from './json-body.ts';
import { operationRoutes } from './operation-routes.ts';
import { BODY_LIMIT, classifyError, HttpProblem, PROBLEM_TYPE } from './problem.ts';
import { logRequests, traceRequests } from './request-log.ts';
import { isForeign, isOwnHost } from './request-origin.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** Nothing here is a page: no browser shall guess, frame, run or keep it. */
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
  /** Ends the answers that would go on for as long as somebody listens. */
  readonly endStreams: () => void;
}

/** The routes and what is around them; `http-server.ts` listens. */
export function createHttpApp(deps: HttpServerDeps): HttpApp {
  const { answerWithinMs } = deps.limits ?? {};
  const app = fastify({
    bodyLimit: BODY_LIMIT,
    routerOptions: { maxParamLength: 256 },
    // Fastify's own answer to a late request is no problem details; ours ends the connection as well.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => answer(error, request, reply),
  });
  acceptBodies(app);
  app.setErrorHandler(answer);
  traceRequests(app);
  logRequests(app, deps.logger);
  const console = deps.role === 'receiver' ? deps.console : undefined;
  guard(app, deps, console?.door);
  let endStreams: () => void = () => undefined;
  const registered = collectRoutes(app);

  // A frozen Redis answers nothing at all, and the caller must hear something.
  const timely = <T>(work: Promise<T>) => withinDeadline(work, answerWithinMs);
  operationRoutes(app, { metrics: deps.metrics, readiness: () => timely(deps.readiness()) });
  if (deps.role === 'receiver') {
    const { config, logger, producer, traces, lists, outbox, receipts, inbound } = deps;
    const timelyProducer = {
      enqueueMany: (alerts: readonly unknown[]) => timely(producer.enqueueMany(alerts)),
      resolve: (dedupKey: string) => timely(producer.resolve(dedupKey)),
      acknowledge: (alertId: string, by: string) => timely(producer.acknowledge(alertId, by)),
    };
    alertRoutes(app, timelyProducer);
    acknowledgeRoutes(app, { producer: timelyProducer, onAcknowledged: deps.onAcknowledged });
    traceRoutes(
      app,
      { alert: (id) => timely(traces.alert(id)), message: (id) => timely(traces.message(id)) },
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
      endStreams = console.serve(app, { producer: timelyProducer, traces, outbox, timely });
      app.addHook('preClose', async () => endStreams());
    }
    const document = JSON.stringify(createOpenApi(config.http));
    app.get('/openapi.json', async (_request, reply) => reply.type('application/json').send(document));
  }
  const routes = new Map(registered);
  refuseOtherMethods(app, routes);
  return { app, routes, endStreams };
}

/** Vendors prove themselves in their own ways. */
const VENDORS_DOORS = ['/v1/receipts/', '/v1/inbound/'];

/** Without tokens everybody on this machine may call, but no web page that is open on it. */
function refuseForeign({ method, headers }: FastifyRequest, http: HttpConfig): void {
  const { host, origin, 'sec-fetch-site': fetchSite } = headers;
  if (!isOwnHost(host, http)) {
    const detail =
      'Without http.tokens only this machine may call: ask for 127.0.0.1 or localhost, or name this host in http.allowedHosts.';
    throw new HttpProblem('misdirected', { detail });
  }
  if (isForeign({ isWrite: !['GET', 'HEAD'].includes(method), host, origin, fetchSite: [fetchSite].flat()[0] }))
    throw new HttpProblem('foreign-request', { detail: 'Without http.tokens no page of another origin may call.' });
}

/** Who may come in: everybody but for `/v1/*`, and of that, vendors; and for the console, which has a door of its own. */
function guard(app: FastifyInstance, deps: HttpServerDeps, consoleDoor: ConsoleDoor | undefined): void {
  const http = deps.role === 'receiver' ? deps.config.http : undefined;
  const authorise = createBearerAuth(http?.tokens ?? [], createLoginThrottle());
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS);
    const path = request.routeOptions.url ?? request.url;
    if (path.startsWith('/v1/') && !request.routeOptions.config?.openToAll && !VENDORS_DOORS.some((door) => path.startsWith(door))) {
      if (http?.tokens.length === 0) refuseForeign(request, http);
      await authorise(request.headers.authorization, request.ip);
    }
    if (request.is404) refuseUnknown();
    if (/^\/console(?:\/|$)/.test(path)) await consoleDoor?.enter(request, path);
  });
  // A connection that stayed open for the next request would keep the server from closing.
  app.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close');
  });
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Its body is handed on as the text that it is, whatever its content type. */
    keepsBody?: boolean;
    /** Nothing is done or shown there, so it needs no token. */
    openToAll?: boolean;
  }
}

/**
 * JSON only, but for routes that keep the body: a browser asks before it sends JSON elsewhere, and is told no, so that a
 * web page cannot text through an open loopback port.
 */
function acceptBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const parse = (isJson: boolean) => async (request: FastifyRequest, body: Buffer) => {
    const kept = request.routeOptions.config.keepsBody === true;
    if (!isJson && !kept) throw new HttpProblem('unsupported-media-type', { detail: 'Send it with Content-Type: application/json.' });
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      throw new HttpProblem('unsupported-media-type', { detail: 'Send it without Content-Encoding.' });
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
    // Before the body is read, so that nothing about the body is complained of first.
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
  throw new HttpProblem('not-found', { detail: 'No such path.' });
}

/** As bytes: to text, fastify would add a charset, which JSON does not have. */
function answer(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = classifyError(error, request.routeOptions?.bodyLimit);
  request.problem = problem;
  return reply
    .code(problem.status)
    .headers({ ...HEADERS, ...problem.headers, 'content-type': PROBLEM_TYPE })
    .send(Buffer.from(JSON.stringify(problem.body)));
}
