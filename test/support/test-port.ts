import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the range from which systems choose ports by themselves (Linux from 32768, others from 49152), so that a port stays
 * free while its program is stopped. Each worker of the suite has a part of its own.
 */
const FIRST = 10_000;
const PARTS = 22;
const PART = 1_000;

const part = FIRST + (Number(process.env.VITEST_POOL_ID ?? process.pid) % PARTS) * PART;
let next = Math.floor(Math.random() * PART);

/** A free port of the loopback address that no other program gets by chance, also while nothing listens on it. */
export async function testPort(): Promise<number> {
  for (let tries = 0; tries < PART; tries++) {
    const port = part + (next++ % PART);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port from ${part} to ${part + PART - 1}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const bound = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(true));
  });
  if (bound) {
    server.close();
    await once(server, 'close');
  }
  return bound;
}
