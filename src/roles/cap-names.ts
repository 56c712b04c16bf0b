import { settleCapNames } from '../limit/cap-names.ts';
import type { Logger } from '../logger.ts';
import { createProcesses } from '../overview/processes.ts';
import type { Redis } from '../redis/connect.ts';
import { type Keys, PROCESS_TTL_MS } from '../redis/keys.ts';
import { levelFor } from '../redis/unavailable.ts';
import type { Cleanup } from './role-context.ts';

export interface CapNamesDeps {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly logger: Logger;
  /** Interval in ms between checks for processes of an earlier release; only for tests. */
  readonly everyMs?: number;
}

/** Decides the key names of the caps before the first message is sent, and again until no process of an earlier release runs. */
export async function followCapNames(
  { redis, keys, logger, everyMs = PROCESS_TTL_MS / 3 }: CapNamesDeps,
  cleanups: Cleanup[],
): Promise<void> {
  const processes = createProcesses(redis, keys, '');
  const settle = async () => {
    const notes = await processes.read();
    return settleCapNames(
      redis,
      keys,
      notes.some(({ capNames }) => capNames === undefined),
    );
  };
  if ((await settle()) !== 'earlier') return;
  logger.info('earlier release still running; sharing its cap keys');
  const looking = setInterval(() => {
    settle().then(
      (names) => {
        if (names === 'earlier') return;
        clearInterval(looking);
        logger.info('no earlier release running; caps use the current keys');
      },
      (error: unknown) => logger[levelFor(error, 'warn')]({ err: error }, 'failed to check for processes of an earlier release'),
    );
  }, everyMs);
  looking.unref();
  cleanups.push(async () => clearInterval(looking));
}
