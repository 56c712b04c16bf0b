import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from '../redis/connect.ts';
import { parseInfo } from '../redis/fitness/check.ts';

/** All connections of this process that it needs to work. */
export interface Connections {
  add(client: Redis): void;
  /**
   * What has been missing for longer than `graceMs`, in words; `undefined` when all are up.
   * @param asked a connection that may be asked for the reason
   */
  missing(graceMs: number, asked: Redis): Promise<string | undefined>;
  /** Resolves when all are up. @throws Error that says why they are not, after a while */
  allUp(asked: Redis): Promise<void>;
}

/** A Redis that is there takes connections within milliseconds. */
const UP_WITHIN_MS = 10_000;
const LOOK_MS = 20;

export function createConnections(): Connections {
  /** Each client and since when it has not been up. */
  const clients = new Map<Redis, number>();
  const downFor = (graceMs: number): number => {
    const before = performance.now() - graceMs;
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
      // It is closed for good.
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

/** A server that has too many clients closes a new one before its reason is read. */
async function whyNot(asked: Redis): Promise<string> {
  const info = await asked.info('clients').then(parseInfo, () => undefined);
  const { connected_clients: connected, maxclients } = info ?? {};
  if (maxclients === undefined || connected === undefined || Number(connected) < Number(maxclients)) return '';
  return `: it has as many clients as it may have (maxclients ${maxclients}); allow more: redis-cli CONFIG SET maxclients …`;
}
