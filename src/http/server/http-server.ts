import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { createHttpApp } from './http-app.ts';
import type { HttpServerDeps } from './http-deps.ts';
import { answerClientError } from './problem.ts';

export type { HttpServerDeps, OperationsDeps, ReceiverDeps } from './http-deps.ts';
export type { Readiness } from './operation-routes.ts';

export interface HttpServer {
  /** Resolves to the port that it got; 0 asks for any that is free. */
  listen(address: { readonly host: string; readonly port: number }): Promise<number>;
  /** Makes ready to answer by other deps; nothing changes until `use` is called. */
  prepare(deps: HttpServerDeps): Promise<NextAnswers>;
  /** Takes no new connection and lets the requests in flight finish, within 5 s. */
  close(): Promise<void>;
}

export interface NextAnswers {
  /** Answers every request that comes from now on. Resolves when those before it have their answers, within 5 s. */
  use(): Promise<void>;
}

/** Longest wait for requests in flight. */
const FINISH_WITHIN_MS = 5000;
/** Longest that a request may take to arrive. */
const ARRIVE_WITHIN_MS = 30_000;
/** Longer than the 60 s of most load balancers, which then are the ones to close. */
const KEEP_ALIVE_MS = 72_000;

/** One listening socket; what answers behind it can be exchanged. */
export function createHttpServer(deps: HttpServerDeps): HttpServer {
  const { arriveWithinMs = ARRIVE_WITHIN_MS } = deps.limits ?? {};
  const socket = {
    requestTimeout: arriveWithinMs,
    headersTimeout: arriveWithinMs,
    connectionsCheckingInterval: Math.min(arriveWithinMs, 5000),
    keepAliveTimeout: KEEP_ALIVE_MS,
  };
  let current: Answerer | undefined;
  // Without a route of its own: it listens, on each address that the host has, and closes.
  const front = fastify({
    serverFactory: () => {
      const answer: RequestListener = (request, response) => current?.answer(request, response);
      // Node answers an unknown `Expect` with an empty 417; a server may ignore it: https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1
      return createServer(socket, answer).on('checkExpectation', answer);
    },
    clientErrorHandler: answerClientError,
  });

  return {
    async listen({ host, port }) {
      current = await createAnswerer(deps);
      await front.listen({ host, port });
      return (front.server.address() as AddressInfo).port;
    },
    async prepare(nextDeps) {
      const next = await createAnswerer(nextDeps);
      return {
        async use() {
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

/** What answers requests by one set of deps, and keeps count of those that it has not answered yet. */
interface Answerer {
  answer(request: IncomingMessage, response: ServerResponse): void;
  /** Resolves when no request is left, or after the time at most, ms. */
  idle(withinMs: number): Promise<void>;
  /** From now on each answer is the last one of its connection. */
  close(): Promise<void>;
}

async function createAnswerer(deps: HttpServerDeps): Promise<Answerer> {
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
