import { connectRedis } from './connect.ts';
import { withinDeadline } from './unavailable.ts';

/** The directory of the Redis on a loopback port; `gone`: nobody listens there; `silent`: somebody who tells nothing, or not yet. */
export async function askServer(port: number): Promise<{ readonly dir: string } | 'gone' | 'silent'> {
  let fault: NodeJS.ErrnoException | undefined;
  const redis = connectRedis(`redis://127.0.0.1:${port}`, 'door', (error) => {
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
  const redis = connectRedis(`redis://127.0.0.1:${port}`, 'door');
  await redis.shutdown().catch(() => undefined);
  redis.disconnect();
}
