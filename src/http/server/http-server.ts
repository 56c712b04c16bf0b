import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fastify } from './fastify.ts';
import { createHttpApp, WITHOUT_SCHEMAS } from './http-app.ts';
import type { HttpServerDeps } from './http-deps.ts';
import { answerClientError } from './problem.ts';

export type { HttpServerDeps, OperationsDeps, ReceiverDeps } from './http-deps.ts';
export type { Readiness } from './operation-routes.ts';

export interface HttpServer {
  /** Resolves to the port; port 0 uses any free one. */
  listen(address: { readonly host: string; readonly port: number }): Promise<number>;
  /** Prepares a handler with other deps; nothing changes until `activate` is called. */
  prepare(deps: HttpServerDeps): Promise<PreparedHandler>;
  /** Accepts no new connection and waits up to 5 s for requests in flight. */
  close(): Promise<void>;
}

export interface PreparedHandler {
  /** Handles every request from now on. Resolves when earlier requests are answered, within 5 s. */
  activate(): Promise<void>;
}

/** Maximum wait for requests in flight. */
const FINISH_WITHIN_MS = 5000;
/** Maximum time for receiving a request. */
const ARRIVE_WITHIN_MS = 30_000;
/** Longer than the 60 s of most load balancers, so that they close idle connections first. */
const KEEP_ALIVE_MS = 72_000;

/** One listening socket with an exchangeable request handler. */
export function createHttpServer(deps: HttpServerDeps): HttpServer {
  const { arriveWithinMs = ARRIVE_WITHIN_MS } = deps.limits ?? {};
  const socket = {
    requestTimeout: arriveWithinMs,
    headersTimeout: arriveWithinMs,
    connectionsCheckingInterval: Math.min(arriveWithinMs, 5000),
    keepAliveTimeout: KEEP_ALIVE_MS,
  };
  let current: RequestHandler | undefined;
  // Has no routes: it listens on each address of the host, and closes.
  const front = fastify({
    schemaController: WITHOUT_SCHEMAS,
    serverFactory: () => {
      const answer: RequestListener = (request, response) => current?.answer(request, response);
      // Node answers an unknown `Expect` with an empty 417; a server may ignore it: https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1
      return createServer(socket, answer).on('checkExpectation', answer);
    },
    clientErrorHandler: answerClientError,
  });

  return {
    async listen({ host, port }) {
      current = await createRequestHandler(deps);
      await front.listen({ host, port });
      return (front.server.address() as AddressInfo).port;
    },
    async prepare(nextDeps) {
      const next = await createRequestHandler(nextDeps);
      return {
        async activate() {
          const before = current;
          current = next;
          await before?.idle(FINISH_WITHIN_MS);
          await before?.close();
        },
      };
    },
    async close() {
      const force = setTimeout(() => front.server.closeAllConnections(), FINISH_WITHIN_MS);
      await current?.close();
      await front.close();
      clearTimeout(force);
    },
  };
}

/** Handles requests with one set of deps, and counts those in flight. */
interface RequestHandler {
  answer(request: IncomingMessage, response: ServerResponse): void;
  /** Resolves when no request is in flight, or after `withinMs`. */
  idle(withinMs: number): Promise<void>;
  /** Closes each connection after its current answer. */
  close(): Promise<void>;
}

async function createRequestHandler(deps: HttpServerDeps): Promise<RequestHandler> {
  const { app, endStreams } = createHttpApp(deps);
  await app.ready();
  let unanswered = 0;
  let onIdle: () => void = () => undefined;

  return {
    answer(request, response) {
      unanswered += 1;
      response.once('close', () => {
        unanswered -= 1;
        if (unanswered === 0) onIdle();
      });
      app.routing(request, response);
    },
    async idle(withinMs) {
      endStreams();
      if (unanswered === 0) return;
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, withinMs);
        onIdle = () => {
          clearTimeout(late);
          resolve();
        };
      });
    },
    close: () => app.close(),
  };
}
