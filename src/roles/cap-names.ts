import { settleCapNames } from '../limit/cap-names.ts';
import type { Logger } from '../logger.ts';
import { createProcesses } from '../overview/processes.ts';
import type { Redis } from '../redis/connect.ts';
import { type Keys, PROCESS_TTL_MS } from '../redis/keys.ts';
import { levelFor } from '../redis/unavailable.ts';
import type { Closer } from './ground.ts';

export interface CapNamesDeps {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly logger: Logger;
  /** ms between looks for processes of an earlier release; only for tests. */
  readonly everyMs?: number;
}

/** Settles under which names caps are counted before the first message is sent, and again until no process of an earlier release runs. */
export async function followCapNames(
  { redis, keys, logger, everyMs = PROCESS_TTL_MS / 3 }: CapNamesDeps,
  closers: Closer[],
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
  logger.info('an earlier release runs beside this one; caps are shared with it');
  const looking = setInterval(() => {
    settle().then(
      (names) => {
        if (names === 'earlier') return;
        clearInterval(looking);
        logger.info('no earlier release runs any more; caps use keys below the prefix');
      },
      (error: unknown) => logger[levelFor(error, 'warn')]({ err: error }, 'could not look for processes of an earlier release'),
    );
  }, everyMs);
  looking.unref();
  closers.push(async () => clearInterval(looking));
}
