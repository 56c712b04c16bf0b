import { setTimeout as pause } from 'node:timers/promises';
import { connectRedis, redactUrl } from '../connect.ts';
import { explainRefusal } from '../fitness/check.ts';
import { classifyTrouble } from '../fitness/trouble.ts';
import { RedisUnavailableError, withinDeadline } from '../unavailable.ts';

const LOADING_PAUSE_MS = 500;

/**
 * Resolves when the Redis at `url` is available. Waits without a limit for one that loads its data, and calls `onLoading`.
 * @throws RedisUnavailableError with the address, without its password, and the reason
 */
export async function ping(url: string, onLoading: () => void): Promise<void> {
  for (let reported = false; ; reported = true) {
    const fault = await faultOf(url);
    if (fault === undefined) return;
    if (!isLoading(fault)) {
      const refusal = explainRefusal(fault);
      throw new RedisUnavailableError(
        `${redactUrl(url)}: ${refusal === undefined ? fault.message : `${refusal.problem}; ${refusal.hint}`}`,
      );
    }
    if (!reported) onLoading();
    await pause(LOADING_PAUSE_MS);
  }
}

/** A local Redis answers within this time, or counts as absent. */
const LOCAL_DEADLINE_MS = 1500;

/** Whether a Redis is available on the port, or will be when it has loaded its data. */
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

/** The data directory of the Redis on a loopback port; `gone`: nothing listens there; `silent`: no answer, or not yet. */
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

/** Sends SHUTDOWN, which syncs the data; returns when the connection closes. */
export async function shutServer(port: number): Promise<void> {
  const redis = connectRedis(`redis://127.0.0.1:${port}`, 'interactive');
  await redis.shutdown().catch(() => undefined);
  redis.disconnect();
}
