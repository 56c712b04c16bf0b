import { setTimeout as pause } from 'node:timers/promises';
import { connectRedis, redactUrl } from './connect.ts';
import { explainRefusal } from './fitness/check.ts';
import { classifyTrouble } from './fitness/trouble.ts';
import { RedisUnavailableError, withinDeadline } from './unavailable.ts';

const LOADING_PAUSE_MS = 500;

/**
 * Resolves once the Redis at `url` serves. One that loads its data will, however long that takes: `onLoading` hears of it.
 * @throws RedisUnavailableError that names the address, without its password, and says why it does not serve us
 */
export async function ping(url: string, onLoading: () => void): Promise<void> {
  for (let told = false; ; told = true) {
    const fault = await faultOf(url);
    if (fault === undefined) return;
    if (!isLoading(fault)) {
      const refusal = explainRefusal(fault);
      throw new RedisUnavailableError(
        `${redactUrl(url)}: ${refusal === undefined ? fault.message : `${refusal.problem}; ${refusal.remedy}`}`,
      );
    }
    if (!told) onLoading();
    await pause(LOADING_PAUSE_MS);
  }
}

/** A Redis of this machine answers at once or is not worth waiting for. */
const LOCAL_DEADLINE_MS = 1500;

/** Whether there is a Redis that serves, or will when it has loaded its data. */
export async function answersHere(port: number): Promise<boolean> {
  const fault = await faultOf(`redis://127.0.0.1:${port}`, LOCAL_DEADLINE_MS);
  return fault === undefined || isLoading(fault);
}

async function faultOf(url: string, deadlineMs?: number): Promise<Error | undefined> {
  let fault: Error | undefined;
  const redis = connectRedis(url, 'probe', (error) => {
    fault = error;
  });
  try {
    await withinDeadline(redis.ping(), deadlineMs);
    return undefined;
  } catch (error) {
    return fault ?? (error as Error);
  } finally {
    redis.disconnect();
  }
}

function isLoading(error: Error): boolean {
  return classifyTrouble(error)?.kind === 'loading';
}

/** The directory of the Redis on a loopback port; `gone`: nobody listens there; `silent`: somebody who tells nothing, or not yet. */
export async function askServer(port: number): Promise<{ readonly dir: string } | 'gone' | 'silent'> {
  let fault: NodeJS.ErrnoException | undefined;
  const redis = connectRedis(`redis://127.0.0.1:${port}`, 'interactive', (error) => {
    fault = error;
  });
  try {
    const [, dir = ''] = (await withinDeadline(redis.config('GET', 'dir'), 2000)) as string[];
    return { dir };
  } catch {
    return fault?.code === 'ECONNREFUSED' ? 'gone' : 'silent';
  } finally {
    redis.disconnect();
  }
}

/** Tells it to sync its data and end; returns when the connection does. */
export async function shutServer(port: number): Promise<void> {
  const redis = connectRedis(`redis://127.0.0.1:${port}`, 'interactive');
  await redis.shutdown().catch(() => undefined);
  redis.disconnect();
}
