import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { testPort } from './test-port.ts';

/**
 * - `blackhole`: nothing arrives on either side, and nobody is told; what was written meanwhile arrives at the heal, as it
 *   does when TCP sends lost packets again.
 * - `one-way`: requests arrive, answers do not.
 * - `forget`: connections that stand are silent from then on, for good, as behind a firewall that forgot them; new ones pass.
 * - `reset`: every connection is cut, and every new one as well.
 * - `refuse`: the same, and nobody listens.
 */
export type ProxyMode = 'pass' | 'blackhole' | 'one-way' | 'forget' | 'reset' | 'refuse' | { readonly latencyMs: number };

export interface TcpProxy {
  readonly port: number;
  /** Connections ever taken. */
  readonly connections: number;
  /** From now on, for connections that stand as well as for new ones. */
  set(mode: ProxyMode): Promise<void>;
  close(): Promise<void>;
}

interface Link {
  readonly client: Socket;
  readonly upstream: Socket;
  forgotten: boolean;
}

/** Stands between a client and a server on this machine, and fails as networks do. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  let mode: ProxyMode = 'pass';
  let connections = 0;
  const links = new Set<Link>();
  const latencyMs = () => (typeof mode === 'object' ? mode.latencyMs : 0);

  const apply = ({ client, upstream, forgotten }: Link) => {
    if (mode === 'reset' || mode === 'refuse') {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
      return;
    }
    if (mode === 'blackhole' || forgotten) client.pause();
    else client.resume();
    if (mode === 'blackhole' || mode === 'one-way' || forgotten) upstream.pause();
    else upstream.resume();
  };

  const server = createServer({ noDelay: true }, (client) => {
    connections += 1;
    const link = { client, upstream: connect({ port: targetPort, host: '127.0.0.1', noDelay: true }), forgotten: false };
    links.add(link);
    forward(client, link.upstream, latencyMs);
    forward(link.upstream, client, latencyMs);
    client.on('close', () => links.delete(link));
    apply(link);
  });
  const port = await testPort();
  const listen = async () => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen();

  const set = async (next: ProxyMode) => {
    mode = next;
    for (const link of links) {
      link.forgotten ||= mode === 'forget';
      apply(link);
    }
    if (mode === 'refuse' && server.listening) server.close();
    if (mode !== 'refuse' && !server.listening) await listen();
  };

  return {
    port,
    get connections() {
      return connections;
    },
    set,
    close: () => set('refuse'),
  };
}

/** In the order in which it came, however the latency changes. */
function forward(from: Socket, to: Socket, latencyMs: () => number): void {
  const late: { readonly chunk: Buffer; readonly dueAt: number }[] = [];
  const deliver = () => {
    const next = late[0];
    if (next === undefined) return;
    const waitMs = next.dueAt - performance.now();
    if (waitMs > 0) return void setTimeout(deliver, waitMs);
    late.shift();
    to.write(next.chunk);
    deliver();
  };
  from.on('data', (chunk: Buffer) => {
    if (late.length === 0 && latencyMs() === 0) return void to.write(chunk);
    late.push({ chunk, dueAt: performance.now() + latencyMs() });
    if (late.length === 1) deliver();
  });
  // The other side notices by its own closing.
  from.on('error', () => undefined);
  from.on('close', () => to.destroy());
}
