import { explainRefusal } from './check.ts';
import { connectRedis, redactUrl } from './connect.ts';
import { RedisUnavailableError, withinDeadline } from './unavailable.ts';

/** @throws RedisUnavailableError that names the address, without its password, and says why it does not serve us */
export async function ping(url: string, deadlineMs?: number): Promise<void> {
  let fault: Error | undefined;
  const redis = connectRedis(url, 'door', (error) => {
    fault = error;
  });
  try {
    await withinDeadline(redis.ping(), deadlineMs);
  } catch (error) {
    const refusal = explainRefusal(error);
    const reason = refusal === undefined ? (fault ?? (error as Error)).message : `${refusal.problem}; ${refusal.remedy}`;
    throw new RedisUnavailableError(`${redactUrl(url)}: ${reason}`);
  } finally {
    redis.disconnect();
  }
}

/** A Redis of this machine answers at once or is not worth waiting for. */
const LOCAL_DEADLINE_MS = 1500;

export async function answersHere(port: number): Promise<boolean> {
  return ping(`redis://127.0.0.1:${port}`, LOCAL_DEADLINE_MS).then(
    () => true,
    () => false,
  );
}
