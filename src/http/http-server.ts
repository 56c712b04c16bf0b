import type { AddressInfo } from 'node:net';
import { createHttpApp } from './http-app.ts';
import type { HttpServerDeps } from './http-deps.ts';

export type { HttpServerDeps, OperationsDeps, ReceiverDeps } from './http-deps.ts';
export type { Readiness } from './operation-routes.ts';

export interface HttpServer {
  /** Resolves to the port that it got; 0 asks for any that is free. */
  listen(address: { readonly host: string; readonly port: number }): Promise<number>;
  /** Takes no new connection and lets the requests in flight finish, within 5 s. */
  close(): Promise<void>;
}

/** Longest that `close` waits for requests in flight. */
const CLOSE_WITHIN_MS = 5000;

export function createHttpServer(deps: HttpServerDeps): HttpServer {
  const { app } = createHttpApp(deps);
  return {
    async listen({ host, port }) {
      await app.listen({ host, port });
      return (app.server.address() as AddressInfo).port;
    },
    async close() {
      const force = setTimeout(() => app.server.closeAllConnections(), CLOSE_WITHIN_MS);
      await app.close();
      clearTimeout(force);
    },
  };
}
