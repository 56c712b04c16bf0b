import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { selfSigned } from './self-signed.ts';

export interface FaultServer {
  readonly url: string;
  /** Requests whose head arrived, whole. */
  readonly requests: number;
  /** Connections that were made. */
  readonly connections: number;
  /** Those still open. */
  readonly open: number;
  close(): Promise<void>;
}

/** What happens on a connection once the head and body of a request are in. */
export type Misbehaviour = (socket: Socket) => void;

const EVERY_MS = 20;

function drip(socket: Socket, bytes: string): void {
  let position = 0;
  const timer = setInterval(() => socket.write(bytes.charAt(position++ % bytes.length)), EVERY_MS);
  socket.on('close', () => clearInterval(timer));
}

const head = (status: string, ...lines: string[]) => [`HTTP/1.1 ${status}`, ...lines, '', ''].join('\r\n');

/** Each is one way in which an answer can go wrong after the request is in. */
export const MISBEHAVIOURS = {
  'resets after the request': (socket) => socket.resetAndDestroy(),
  'closes after the request': (socket) => socket.end(),
  'never answers': () => undefined,
  'drips its headers for ever': (socket) => {
    socket.write('HTTP/1.1 201 Created\r\nX-Slow: ');
    drip(socket, 'a');
  },
  'stalls in the body': (socket) => socket.write(`${head('201 Created', 'Content-Type: application/json', 'Content-Length: 100')}{"sid":`),
  'drips its body for ever': (socket) => {
    socket.write(head('201 Created', 'Content-Type: application/json', 'Content-Length: 60000'));
    drip(socket, ' ');
  },
  'resets in the body': (socket) => {
    socket.write(`${head('201 Created', 'Content-Type: application/json', 'Content-Length: 100')}{"sid":`, () => socket.resetAndDestroy());
  },
  'closes in the body': (socket) => socket.end(`${head('201 Created', 'Content-Type: application/json', 'Content-Length: 100')}{"sid":`),
  'sends a body of 500 KB': (socket) =>
    socket.write(`${head('201 Created', 'Content-Type: application/json', 'Content-Length: 500002')}"${'a'.repeat(500_000)}"`),
  'sends chunks without end': (socket) => {
    socket.write(head('201 Created', 'Content-Type: application/json', 'Transfer-Encoding: chunked'));
    const pump = () => {
      while (!socket.destroyed && socket.write(`4000\r\n${' '.repeat(0x4000)}\r\n`));
    };
    socket.on('drain', pump);
    pump();
  },
  'sends headers of 100 KB': (socket) => socket.write(head('201 Created', `X-Large: ${'a'.repeat(100_000)}`)),
  'does not speak HTTP': (socket) => socket.write('SSH-2.0-OpenSSH_9.6\r\n'),
  'lies about the length of its body': (socket) => socket.end(`${head('201 Created', 'Content-Length: 3')}{"sid":"SM1"}`),
  'answers a page of a captive portal': (socket) => {
    const page = '<!doctype html><title>Log in to the Wi-Fi</title>';
    socket.end(`${head('200 OK', 'Content-Type: text/html', 'Connection: close', `Content-Length: ${page.length}`)}${page}`);
  },
  'answers JSON cut short': (socket) =>
    socket.end(`${head('201 Created', 'Content-Type: application/json', 'Connection: close', 'Content-Length: 7')}{"sid":`),
  'answers JSON of no use': (socket) =>
    socket.end(`${head('201 Created', 'Content-Type: application/json', 'Connection: close', 'Content-Length: 4')}null`),
  'answers an empty body': (socket) => socket.end(head('201 Created', 'Connection: close', 'Content-Length: 0')),
} as const satisfies Record<string, Misbehaviour>;

/** A TCP server that reads one request a connection and then misbehaves. */
export async function startFaultServer(misbehave: Misbehaviour): Promise<FaultServer> {
  const counts = { requests: 0 };
  const server = createServer((socket) => {
    let received: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const rest = afterRequest(received);
      if (rest === undefined) return;
      received = rest;
      counts.requests += 1;
      misbehave(socket);
    });
  });
  return attend(server, 'http', counts);
}

/** What is behind the first whole request; `undefined` while it is not whole. */
function afterRequest(received: Buffer): Buffer | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const length = /^content-length: *(\d+)$/im.exec(received.subarray(0, end).toString('latin1'))?.[1] ?? '0';
  const whole = end + 4 + Number(length);
  return received.length < whole ? undefined : received.subarray(whole);
}

/** `http`-speaking or not, these servers fail before a request can be written. */
export const HANDSHAKE_FAULTS = {
  'shows a certificate that nobody vouches for': () => createTlsServer(selfSigned()),
  'has no certificate': () => createTlsServer({}),
  'does not speak TLS': () => createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  'never answers the handshake': () => createServer((socket) => socket.resume()),
  'resets in the handshake': () => createServer((socket) => socket.once('data', () => socket.resetAndDestroy())),
} as const satisfies Record<string, () => Server>;

/** An https URL where TLS fails. A byte of HTTP that reached it would be counted as a request. */
export async function startHandshakeFault(create: () => Server): Promise<FaultServer> {
  const counts = { requests: 0 };
  const server = create();
  server.on('secureConnection', (socket: Socket) => socket.on('data', () => (counts.requests += 1)));
  return attend(server, 'https', counts);
}

async function attend(server: Server, scheme: 'http' | 'https', counts: { requests: number }): Promise<FaultServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    // The client's end of a fault is its own business.
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => undefined);
  server.on('secureConnection', (socket: Socket) => socket.on('error', () => undefined));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return counts.requests;
    },
    get connections() {
      return connections;
    },
    get open() {
      return sockets.size;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
