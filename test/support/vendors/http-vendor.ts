import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as it arrived, whole. */
export interface Hit {
  readonly at: Date;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** `hang` never answers, `reset` cuts the connection with the request read and nothing said. */
export type Reply =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body: string;
      /** Bytes that go before it. */
      readonly interim?: string;
    }
  | 'hang'
  | 'reset';

export interface HttpVendor {
  readonly url: string;
  /** Ends every connection, also those of replies that hang. */
  close(): Promise<void>;
}

/**
 * A real HTTP server on a free loopback port; keeps connections alive as vendors do.
 * @param reply is given the response too, to say something before the answer or to watch it leave
 */
export async function startHttpVendor(reply: (hit: Hit, response: ServerResponse) => Reply | Promise<Reply>): Promise<HttpVendor> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const hit: Hit = {
        at: new Date(),
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      };
      const said = reply(hit, response);
      // A reply that fails is an unhandled rejection, which fails the run.
      if (said instanceof Promise) void said.then((later) => answer(later, request, response));
      else answer(said, request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function answer(reply: Reply, request: IncomingMessage, response: ServerResponse): void {
  if (reply === 'hang') return;
  if (reply === 'reset') {
    request.socket.resetAndDestroy();
    return;
  }
  if (reply.interim !== undefined) request.socket.write(reply.interim);
  response.writeHead(reply.status, { 'content-length': Buffer.byteLength(reply.body), ...reply.headers });
  response.end(reply.body);
}
