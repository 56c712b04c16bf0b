import { setTimeout as pause } from 'node:timers/promises';
import { createPacer } from '../../../src/limit/pacing/pacer.ts';
import { connectRedis } from '../../../src/redis/connect.ts';
import { createKeys } from '../../../src/redis/keys.ts';

/** Argument: url, prefix, how long the one job takes in ms. Says `running`, then `done`, closes, and must end by itself. */
const [url, prefix, ms] = process.argv.slice(2) as [string, string, string];
const redis = connectRedis(url, 'commands');
const pacer = createPacer({ redis, keys: createKeys(prefix), provider: 'desk', maxConcurrent: 1, timeoutMs: 200, marginMs: 300 });
await pacer.run(new AbortController().signal, async () => {
  process.send?.('running');
  await pause(Number(ms));
});
process.send?.('done');
process.disconnect();
await pacer.close();
await redis.quit();
