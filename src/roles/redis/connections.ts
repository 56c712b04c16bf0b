import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from '../../redis/connect.ts';
import { parseInfo } from '../../redis/fitness/check.ts';

/** The Redis connections that this process needs to work. */
export interface Connections {
  add(client: Redis): void;
  /**
   * Describes the connections that have been down for longer than `graceMs`; `undefined` when all are up.
   * @param asked a connection for asking the server for the reason
   */
  missing(graceMs: number, asked: Redis): Promise<string | undefined>;
  /** Resolves when all are up. @throws Error with the reason when they are not up after 10 s */
  allUp(asked: Redis): Promise<void>;
}

/** A reachable Redis accepts connections within milliseconds. */
const UP_WITHIN_MS = 10_000;
const LOOK_MS = 20;

export function createConnections(): Connections {
  /** Each client with the time since which it has been down. */
  const clients = new Map<Redis, number>();
  const downFor = (graceMs: number): number => {
    const before = performance.now() - graceMs;
    for (const client of clients.keys()) if (isClosedForGood(client)) clients.delete(client);
    return [...clients].filter(([{ status }, since]) => status !== 'ready' && since <= before).length;
  };
  const missing = async (graceMs: number, asked: Redis): Promise<string | undefined> => {
    const down = downFor(graceMs);
    if (down === 0) return undefined;
    return `${down} of ${clients.size} connections to Redis are not up${await whyNot(asked)}`;
  };
  return {
    add(client) {
      const down = () => clients.set(client, performance.now());
      down();
      client.on('close', down);
      // The client was closed for good.
      client.once('end', () => clients.delete(client));
    },
    missing,
    async allUp(asked) {
      for (let waitedMs = 0; downFor(0) > 0; waitedMs += LOOK_MS) {
        if (waitedMs >= UP_WITHIN_MS) throw new Error(await missing(0, asked));
        await pause(LOOK_MS);
      }
    },
  };
}

/**
 * Whether the client was closed by us: the event `end` does not always follow. BullMQ sets the status of a client that it closes
 * to `end` itself, and a cluster client whose node does not answer stays `disconnecting`.
 */
function isClosedForGood(client: Redis): boolean {
  return client.status === 'end' || (client as unknown as { readonly manuallyClosing?: boolean }).manuallyClosing === true;
}

/** A server at its limit of clients closes a new connection before the reason can be read. */
async function whyNot(asked: Redis): Promise<string> {
  const info = await asked.info('clients').then(parseInfo, () => undefined);
  const { connected_clients: connected, maxclients } = info ?? {};
  if (maxclients === undefined || connected === undefined || Number(connected) < Number(maxclients)) return '';
  return `: the server has reached its client limit (maxclients ${maxclients}); raise it: redis-cli CONFIG SET maxclients …`;
}
