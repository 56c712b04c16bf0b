import { startEmbeddedServer } from '../../src/embedded/embedded-server.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { localRedisBinary } from './redis-server.ts';

/**
 * A process that owns an embedded Redis, for tests that kill it. Prints a line of JSON for each thing that happens;
 * notes an interrupt and stays; ends on SIGTERM.
 */
const tell = (what: object) => process.stdout.write(`${JSON.stringify(what)}\n`);
process.on('SIGINT', () => tell({ interrupted: true }));

const [, , dataDir = ''] = process.argv;
try {
  const server = await startEmbeddedServer({ binary: await localRedisBinary(), dataDir, say: (line) => tell({ line }) });
  const redis = connectRedis(server.url, 'commands');
  const serverPid = Number(/process_id:(\d+)/.exec(await redis.info('server'))?.[1]);
  redis.disconnect();
  tell({ url: server.url, serverPid });
  process.once('SIGTERM', () => void server.stop());
} catch (error) {
  tell({ failed: (error as Error).message });
  process.exitCode = 1;
}
